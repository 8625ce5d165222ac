"""Segments as boxes over time: colour is the group of the sound, opacity its score."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from timbrescope.core import phonemes
from timbrescope.core.errors import LabelError
from timbrescope.core.segments import Segment
from timbrescope.ui.theme import Theme

_FAINTEST: Final = 0.25
_TEXT_MARGIN: Final = 3
_MIDDLE_GREY: Final = 0.179  # relative luminance at which black and white contrast alike (WCAG 2.1)


@dataclass(slots=True)
class Lane:
    """One row of segments.

    Attributes:
        title: its name.
        segments: in the order of time.
        sounds: whether its labels are sounds, which have colours, not words.
        scored: whether segments fade with their score.
        active: whether it is worked on.
        selected: number of the segment with a frame.
    """

    title: str
    segments: Sequence[Segment]
    sounds: bool = True
    scored: bool = False
    active: bool = False
    selected: int | None = None


def group_colour(label: str) -> str | None:
    """Return the colour of a sound's group, #rrggbb; None for a label that is no sound, and for silence."""
    group = _group(label)
    return None if group is None or label == phonemes.SILENCE else phonemes.groups()[group].colour


@cache
def _group(label: str) -> str | None:
    for phone_set in (phonemes.IPA, "arpabet"):
        try:
            classes = phonemes.fold(label, phone_set)
        except LabelError:
            continue
        if classes:
            return phonemes.group(classes[0])
    return None


class SegmentItem(pg.GraphicsObject):
    """Paints the visible segments of some lanes, lane ``i`` from y = i to i + 1."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.lanes: list[Lane] = []
        self.theme = theme
        self.visible = (0.0, 1.0)

    def boundingRect(self) -> QRectF:
        """Cover whatever is visible."""
        start, stop = self.visible
        return QRectF(start, 0, max(stop - start, 1e-3), max(1, len(self.lanes)))

    def show(self, lanes: list[Lane], start: float, stop: float) -> None:
        """Paint these lanes between two times."""
        self.prepareGeometryChange()
        self.lanes, self.visible = lanes, (start, stop)
        self.update()

    def paint(self, painter: QPainter, *_: Any) -> None:
        """Paint boxes and, where there is room, labels, both in pixels."""
        to_pixels = painter.transform()
        painter.resetTransform()
        start, stop = self.visible
        for row, lane in enumerate(self.lanes):
            top, bottom = to_pixels.map(QPointF(0, row)).y() + 1, to_pixels.map(QPointF(0, row + 1)).y() - 2
            first = max(0, bisect_right(lane.segments, start, key=lambda one: one.start) - 1)
            last = bisect_left(lane.segments, stop, key=lambda one: one.start)
            drawn = float("-inf")
            for index in range(first, last):
                segment = lane.segments[index]
                left, right = (to_pixels.map(QPointF(time, row)).x() for time in (segment.start, segment.end))
                if right - drawn < 0.7 and index != lane.selected:
                    continue  # finer than the screen
                drawn = right
                box = QRectF(left, top, max(right - left - 1, 1.0), bottom - top)
                self._draw(painter, box, segment, lane, chosen=index == lane.selected)

    def _draw(self, painter: QPainter, box: QRectF, segment: Segment, lane: Lane, *, chosen: bool) -> None:
        base, hue = QColor(self.theme.base), group_colour(segment.label) if lane.sounds else None
        strength = 1.0
        if lane.scored and segment.score is not None:
            strength = _FAINTEST + (1 - _FAINTEST) * min(segment.score, 1.0)
        silent = segment.label == phonemes.SILENCE
        fill = _blend(base, QColor(hue or self.theme.line), 0.0 if silent else strength)
        painter.fillRect(box, fill)
        if chosen or (silent and lane.active):
            painter.setPen(QPen(QColor(self.theme.playhead if chosen else self.theme.line), 2 if chosen else 1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(box.adjusted(1, 1, -1, -1) if chosen else box)
        width = painter.fontMetrics().horizontalAdvance(segment.label)
        if box.width() >= width + 2 * _TEXT_MARGIN:
            colour = self.theme.muted if silent else readable_on(fill)
            painter.setPen(QColor(colour))
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, segment.label)


def _blend(below: QColor, above: QColor, share: float) -> QColor:
    mixed = ((1 - share) * b + share * a for b, a in zip(_channels(below), _channels(above), strict=True))
    return QColor.fromRgbF(*mixed)


def _channels(colour: QColor) -> tuple[float, float, float]:
    return colour.redF(), colour.greenF(), colour.blueF()


def readable_on(colour: QColor) -> str:
    """Return black or white, whichever stands out more (WCAG 2.1)."""
    channels = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in _channels(colour)]
    luminance = 0.2126 * channels[0] + 0.7152 * channels[1] + 0.0722 * channels[2]
    return "#000000" if luminance > _MIDDLE_GREY else "#ffffff"
