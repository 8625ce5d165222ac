"""Segments as boxes over time: colour is the group of the sound, opacity its score."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

from PySide6.QtCore import QRectF, Qt
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


def draw_lane(
    painter: QPainter, lane: Lane, columns: tuple[int, int], seconds: float, rows: tuple[float, float], theme: Theme
) -> None:
    """Draw those segments of a lane that some columns of pixels show: boxes and, where there is room, labels.

    Args:
        painter: with the left edge of column 0 at x = 0.
        lane: whose segments.
        columns: the first one, and the first one that is not wanted.
        seconds: how long a column lasts.
        rows: where the lane begins and ends, in pixels.
        theme: the colours.
    """
    first, stop = columns
    segments = lane.segments
    painter.translate(first, 0)  # far from the start of time, numbers in single precision would be off by pixels
    begin = max(0, bisect_right(segments, first * seconds, key=lambda one: one.start) - 1)
    for index in range(begin, bisect_left(segments, stop * seconds, key=lambda one: one.start)):
        segment = segments[index]
        left, right = segment.start / seconds, segment.end / seconds
        if int(left) == int(right) and index != lane.selected:
            continue  # finer than the screen
        box = QRectF(left - first, rows[0] + 1, max(right - left - 1, 1.0), rows[1] - rows[0] - 3)
        _draw(painter, box, segment, lane, theme, chosen=index == lane.selected)


def _draw(painter: QPainter, box: QRectF, segment: Segment, lane: Lane, theme: Theme, *, chosen: bool) -> None:
    base, hue = QColor(theme.base), group_colour(segment.label) if lane.sounds else None
    strength = 1.0
    if lane.scored and segment.score is not None:
        strength = _FAINTEST + (1 - _FAINTEST) * min(segment.score, 1.0)
    silent = segment.label == phonemes.SILENCE
    fill = _blend(base, QColor(hue or theme.line), 0.0 if silent else strength)
    painter.fillRect(box, fill)
    if chosen or (silent and lane.active):
        painter.setPen(QPen(QColor(theme.playhead if chosen else theme.line), 2 if chosen else 1))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(box.adjusted(1, 1, -1, -1) if chosen else box)
    width = painter.fontMetrics().horizontalAdvance(segment.label)
    if box.width() >= width + 2 * _TEXT_MARGIN:
        colour = theme.muted if silent else readable_on(fill)
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
