"""The lanes' picture: one row a label, colour is score over time."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QPainter, QStaticText
from PySide6.QtWidgets import QScrollBar

from timbrescope.core.clock import clock
from timbrescope.core.labels import INSTRUMENTS
from timbrescope.core.track import Track
from timbrescope.ui.session import Session
from timbrescope.ui.theme import Theme, lane_colours
from timbrescope.ui.viewport import Viewport
from timbrescope.ui.views.base import LEFT_WIDTH, NO_AXIS_HEIGHT, TimeView
from timbrescope.ui.views.lane_labels import draw_label, heading_text
from timbrescope.ui.views.lane_rows import Heading, Line, Row
from timbrescope.ui.views.scrolling import Pixels, ScrollingImage, packed, packed_table

ROW_PIXELS: Final = 21
_HEADING_GAP: Final = 4


@dataclass(frozen=True, slots=True)
class _Group:
    """Visible lanes of one recogniser.

    Attributes:
        track: the scores.
        places: which visible lines they are.
        columns: of the scores, those of one lane after those of another.
        starts: where in ``columns`` each lane begins.
        tables: the colours of each lane's scores, shape (lanes, 256).
        is_spread: whether low scores, at which tags of real music mostly lie, get more of the colours.
    """

    track: Track
    places: list[int]
    columns: NDArray[np.intp]
    starts: NDArray[np.intp]
    tables: NDArray[np.uint32]
    is_spread: bool


class LanePlot(TimeView):
    """Lanes below headings, of which it shows as many as fit from the scroll bar's value on."""

    def __init__(self, session: Session, viewport: Viewport, theme: Theme, scroll_bar: QScrollBar) -> None:
        self._session = session
        self._scroll_bar = scroll_bar
        self._image = ScrollingImage()
        self._changes = 0  # of lanes and colours
        self._layout: tuple[int, int, int] | None = None  # what the groups were made for
        self._groups: list[_Group] = []
        self._headings: list[tuple[int, QStaticText]] = []  # the visible ones
        self.lines: list[Line] = []
        super().__init__(viewport, theme, LEFT_WIDTH, NO_AXIS_HEIGHT)
        self.setAccessibleName("Lanes")
        session.changed.connect(self.mark_dirty)
        for everything in (session.opening, session.recognising, session.finished, session.failed):
            everything.connect(self._forget)
        scroll_bar.valueChanged.connect(self.mark_dirty)

    def set_theme(self, theme: Theme) -> None:
        """Take other colours."""
        hues = (None, *theme.families.values(), *theme.groups.values())
        self._tables = {hue: packed_table(lane_colours(theme, hue)) for hue in hues}
        super().set_theme(theme)
        self._forget()

    def set_lines(self, lines: list[Line]) -> None:
        """Show these headings and lanes, from top to bottom; those of one heading stand together."""
        if lines == self.lines:
            return
        self.lines = lines
        self._forget()
        self.tick()  # with the names, so that no lane ever stands beside another one's

    def _forget(self) -> None:
        self._changes += 1
        self.mark_dirty()

    def rows_visible(self) -> int:
        """Return how many whole lines there is room for."""
        return max(1, self.area.height() // ROW_PIXELS)

    @property
    def edges(self) -> tuple[float, float]:
        """The first visible line, and the one below the last."""
        first = self._scroll_bar.value()
        return first, first + self.rows_visible()

    def redraw(self) -> None:
        """Draw what is new in the visible stretch."""
        size, seconds = (self.rows_wanted(), self.columns_wanted()), self.pixel_seconds
        layout = (self._changes, self._scroll_bar.value(), self.rows_visible())
        if layout != self._layout:
            self._layout = layout
            self._lay_out()
            self.mark_side()
        settled = min((group.track.settled_pixels(seconds) for group in self._groups), default=self.first_pixel)
        key = (layout, seconds, self._session.is_analysing)
        if self._image.show(self.first_pixel, size, settled, key, self._fill):
            super().redraw()

    def _visible_lines(self) -> Iterator[tuple[int, Line]]:
        first = self._scroll_bar.value()
        yield from enumerate(self.lines[first : first + self.rows_visible()])

    def _lay_out(self) -> None:
        """Gather the visible lanes by recogniser."""
        lanes: dict[str, list[tuple[int, Row]]] = {}
        kinds = {line.recogniser: line.kind for line in self.lines if isinstance(line, Heading)}
        self._headings = []
        for place, line in self._visible_lines():
            if isinstance(line, Heading):
                self._headings.append((place, heading_text(line, self.theme)))
            else:
                lanes.setdefault(line.recogniser, []).append((place, line))
        scores = self._session.timeline.scores
        self._groups = [
            _Group(
                scores[name],
                [place for place, _ in members],
                np.concatenate([row.columns for _, row in members]).astype(np.intp),
                np.cumsum([0, *(len(row.columns) for _, row in members[:-1])]).astype(np.intp),
                np.stack([self._tables[self.theme.label_colour(row.family, row.group)] for _, row in members]),
                kinds.get(name) != INSTRUMENTS,
            )
            for name, members in lanes.items()
            if name in scores
        ]

    def _fill(self, first: int, stop: int) -> Pixels:
        """Return columns of pixels: a stripe a lane, and a line below each."""
        rows = self.rows_visible()
        lanes = np.full((rows, stop - first), packed(self.theme.base), np.uint32)
        for group in self._groups:
            start, scores = self._scores(group.track, first, stop)
            if not len(scores):
                continue
            highest = np.maximum.reduceat(scores[:, group.columns], group.starts, axis=1)
            levels = np.rint((np.sqrt(highest) if group.is_spread else highest) * 255).astype(np.uint8).T
            colours = group.tables[np.arange(len(levels))[:, None], levels]
            lanes[group.places, start - first : start - first + len(scores)] = colours
        edges = np.rint(np.arange(rows + 1) * self.rows_wanted() / rows).astype(np.intp)
        pixels = np.repeat(lanes, np.diff(edges), axis=0)
        used = min(rows, len(self.lines) - self._scroll_bar.value())
        pixels[edges[1 : used + 1] - 1] = packed(self.theme.window)
        return pixels

    def _scores(self, track: Track, first: int, stop: int) -> tuple[int, NDArray[np.float32]]:
        """Return the first column of pixels with scores, and these.

        Up to the middle of the first window and, when all is heard, from that of the last the nearest scores hold.
        """
        start, scores = track.pixels(first, stop, self.pixel_seconds)
        before, after = start - first, stop - start - len(scores)
        if not len(track):
            return first, scores
        if not len(scores):
            is_early = (first + 0.5) * self.pixel_seconds < track.start_seconds
            if not is_early and self._session.is_analysing:
                return first, scores
            nearest = track.read(0, 1) if is_early else track.read(len(track) - 1, len(track))
            return first, np.repeat(nearest, stop - first, axis=0)
        pieces = [np.repeat(scores[:1], before, axis=0), scores]
        if not self._session.is_analysing:
            pieces.append(np.repeat(scores[-1:], after, axis=0))
        return first, np.concatenate(pieces)

    def draw(self, painter: QPainter) -> None:
        """Draw the lanes and the lines above their groups."""
        self._image.draw(painter, QPointF(self.area.topLeft()), self.devicePixelRatioF())
        first = self._scroll_bar.value()
        for place, text in self._headings:
            top, bottom = self.y_of(first + place), self.y_of(first + place + 1)
            y = (top + bottom - text.size().height()) / 2
            painter.drawStaticText(QPointF(self.area.left() + _HEADING_GAP, y), text)

    def draw_side(self, painter: QPainter) -> None:
        """Draw the names of the visible lanes and the titles of the visible groups."""
        font, first = painter.font(), self._scroll_bar.value()
        for place, line in self._visible_lines():
            top, bottom = self.y_of(first + place), self.y_of(first + place + 1)
            painter.setFont(font)
            draw_label(painter, QRectF(0, top, self.area.left(), bottom - top), line, self.theme)

    def zoom_height(self, factor: float, y: float) -> None:  # noqa: ARG002 (TimeView's)
        """Scroll through the lanes."""
        self._scroll_bar.setValue(self._scroll_bar.value() + (-3 if factor > 1 else 3))

    def describe(self, seconds: float, height: float) -> str:
        """Return time, label and score under the pointer."""
        lines, index = self.lines, int(height)
        if not 0 <= index < len(lines):
            return clock(seconds, 0.01)
        line = lines[index]
        if isinstance(line, Heading):
            return f"{clock(seconds, 0.01)}   {line.title}   ({line.recogniser})"
        frame = self._session.timeline.scores[line.recogniser].at(seconds)
        label = line.label if line.family in {None, line.label} else f"{line.label}, {line.family}"
        if len(line.names) > 1:
            label += f": highest of {', '.join(line.names)}"
        score = "" if frame is None else f"   {line.score(frame):.2f}"
        return f"{clock(seconds, 0.01)}   {label}{score}   ({line.recogniser})"
