"""Lanes: one row a label, colour is score over time."""

import time
from html import escape

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF, Qt, Slot
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QLineEdit, QScrollBar, QVBoxLayout, QWidget

from timbrescope.core.clock import clock
from timbrescope.core.labels import INSTRUMENTS
from timbrescope.core.track import Columns
from timbrescope.settings import Settings
from timbrescope.ui.session import Session
from timbrescope.ui.theme import Theme, lane_colours
from timbrescope.ui.viewport import Viewport
from timbrescope.ui.views.base import LEFT_WIDTH, TimeBox, TimeView
from timbrescope.ui.views.lane_labels import LaneLabels
from timbrescope.ui.views.lane_rows import ALPHABET, MODEL, STRONGEST, Heading, Line, Row, arrange, sections

ROW_PIXELS = 21
SORT_SECONDS = 2.0


class _LaneBox(TimeBox):
    """Here Ctrl + wheel scrolls through the rows."""

    def __init__(self, viewport: Viewport, scroll_bar: QScrollBar) -> None:
        super().__init__(viewport)
        self._scroll_bar = scroll_bar

    def zoom_height(self, factor: float, scene_position: QPointF) -> None:  # noqa: ARG002 (TimeBox's)
        self._scroll_bar.setValue(self._scroll_bar.value() + (-3 if factor > 1 else 3))


_Section = tuple[str, str | None]  # a recogniser and a group of its tags


class LanePlot(TimeView):
    """The lanes' image."""

    def __init__(self, session: Session, viewport: Viewport, theme: Theme, scroll_bar: QScrollBar) -> None:
        self._session = session
        self._scroll_bar = scroll_bar
        self._images: dict[_Section, tuple[pg.ImageItem, ...]] = {}  # before, in and after the windows' middles
        self._headings: dict[_Section, pg.TextItem] = {}
        self._labels = LaneLabels(theme)
        self._grid = pg.PlotCurveItem(connect="pairs")
        self._grid.setZValue(5)
        super().__init__(viewport, theme, _LaneBox(viewport, scroll_bar), self._labels, LEFT_WIDTH)
        self.box.invertY(True)
        self.getAxis("bottom").setStyle(showValues=False, tickLength=0)
        self.getAxis("bottom").setHeight(4)
        self.plotItem.addItem(self._grid, ignoreBounds=True)
        self.setAccessibleName("Lanes")
        session.changed.connect(self.mark_dirty)
        scroll_bar.valueChanged.connect(self.mark_dirty)

    def set_theme(self, theme: Theme) -> None:
        """Take other colours."""
        super().set_theme(theme)
        self._labels.theme = theme
        hues = (None, *theme.families.values(), *theme.groups.values())
        self._tables = {hue: lane_colours(theme, hue) for hue in hues}
        self._grid.setPen(pg.mkPen(theme.window, width=1))
        self.set_lines(self.lines)

    def set_lines(self, lines: list[Line]) -> None:
        """Show these headings and lanes, from top to bottom; those of one heading stand together."""
        self._labels.lines = lines
        headings = {_section(heading): heading for _, heading, _ in sections(lines)}
        for gone in self._images.keys() - headings.keys():
            for item in (*self._images.pop(gone), self._headings.pop(gone)):
                self.plotItem.removeItem(item)
        for new in headings.keys() - self._images.keys():
            self._images[new] = tuple(pg.ImageItem() for _ in range(3))
            self._headings[new] = pg.TextItem(anchor=(0, 0.5))
            for item in (*self._images[new], self._headings[new]):
                self.plotItem.addItem(item, ignoreBounds=True)
        for section, heading in headings.items():
            self._headings[section].setHtml(_html(heading, self.theme))
        self._labels.update()
        self.mark_dirty()
        self.tick()  # with the names, so that no lane ever stands beside another one's

    @property
    def lines(self) -> list[Line]:
        """Return the headings and lanes from top to bottom."""
        return self._labels.lines

    def rows_visible(self) -> int:
        """Return how many whole lines there is room for."""
        return max(1, int(self.box.height() / ROW_PIXELS))

    def redraw(self) -> None:
        """Draw the visible lines of the visible stretch."""
        super().redraw()
        first = self._scroll_bar.value()
        self.box.setYRange(first, first + self.rows_visible(), padding=0)
        viewport, lines = self.viewport_, self.lines
        edges = np.repeat(np.arange(len(lines) + 1), 2)
        self._grid.setData(np.tile([0.0, max(viewport.duration, 0.01)], len(lines) + 1), edges)
        columns: dict[str, Columns] = {}
        for index, heading, rows in sections(lines):
            self._headings[_section(heading)].setPos(viewport.start, index + 0.5)
            name = heading.recogniser
            if name not in columns:
                track = self._session.timeline.scores[name]
                columns[name] = track.columns(viewport.start, viewport.stop, self.columns_wanted())
            self._draw(heading, index + 1, rows, columns[name])

    def _draw(self, heading: Heading, top: int, rows: list[Row], columns: Columns) -> None:
        before, image, after = self._images[_section(heading)]
        track = self._session.timeline.scores[heading.recogniser]
        for part in (before, image, after):
            part.setVisible(bool(len(columns.frames)))
        if not len(columns.frames):
            return
        scores = np.stack([columns.frames[:, list(row.columns)].max(axis=1) for row in rows])
        if heading.kind != INSTRUMENTS:
            # The root spreads the low scores, at which tags of real music mostly lie, over more colours.
            scores = np.sqrt(scores)
        levels = np.rint(scores * 255).astype(np.uint8)
        hues = [self.theme.label_colour(row.family, row.group) for row in rows]
        tables = np.stack([self._tables[hue] for hue in hues])  # (rows, 256, 3)
        pixels = tables[np.arange(len(rows))[:, None], levels]  # (rows, columns, 3)
        start = track.start_seconds + columns.first * track.hop_seconds
        stop = start + len(columns.frames) * columns.step * track.hop_seconds
        # Up to the middle of the first window and from that of the last the nearest scores hold.
        head = 0.0 if columns.first == 0 else start
        tail = (
            max(stop, self.viewport_.duration) if stop >= track.end_seconds and not self._session.is_analysing else stop
        )
        for part, shown, left, right in (
            (before, pixels[:, :1], head, start),
            (image, pixels, start, stop),
            (after, pixels[:, -1:], stop, tail),
        ):
            part.setImage(shown, autoLevels=False, levels=(0, 255))
            part.setRect(QRectF(left, top, right - left, len(rows)))
            part.setVisible(right > left)

    def describe(self, seconds: float, y: float) -> str:
        """Return time, label and score under the pointer."""
        lines, index = self.lines, int(y)
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


def _section(heading: Heading) -> _Section:
    return heading.recogniser, heading.group


def _html(heading: Heading, theme: Theme) -> str:
    """Return the line above a group as HTML: which model it is, and what the colours mean."""
    parts = [f'<span style="color:{theme.muted}">{escape(heading.recogniser)}</span>']
    if heading.group is not None:
        return parts[0]
    parts += [
        f'<span style="color:{theme.families[family]}">■</span>&nbsp;<span style="color:{theme.text}">{family}</span>'
        for family in heading.families
    ]
    return "&nbsp;&nbsp;&nbsp; ".join(parts)


class LanesView(QWidget):
    """The lanes with what sorts and filters them."""

    def __init__(self, session: Session, viewport: Viewport, theme: Theme, settings: Settings) -> None:
        super().__init__()
        self._session = session
        self._all_tags = settings.all_tags
        title = QLabel("Lanes")
        title.setFixedWidth(LEFT_WIDTH)
        title.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        title.setContentsMargins(0, 0, 8, 0)
        self.filter = QLineEdit(placeholderText="Filter labels", clearButtonEnabled=True)
        self.filter.setAccessibleName("Filter labels")
        self.filter.setMaximumWidth(220)
        self.filter.setFocusPolicy(Qt.FocusPolicy.ClickFocus)  # so that the space bar plays
        self.order = QComboBox()
        self.order.setAccessibleName("Order of the lanes")
        for text, order in (("Strongest first", STRONGEST), ("A to Z", ALPHABET), ("As in the model", MODEL)):
            self.order.addItem(text, order)
        self.message = QLabel()
        self.message.setSizePolicy(self.message.sizePolicy().Policy.Ignored, self.message.sizePolicy().Policy.Fixed)
        self._scroll_bar = QScrollBar(Qt.Orientation.Vertical)
        self.plot = LanePlot(session, viewport, theme, self._scroll_bar)

        bar = QHBoxLayout()
        bar.setContentsMargins(0, 2, 4, 2)
        for widget in (title, self.filter, self.order):
            bar.addWidget(widget)
        bar.addWidget(self.message, 1)
        body = QHBoxLayout()
        body.setSpacing(0)
        body.addWidget(self.plot, 1)
        body.addWidget(self._scroll_bar)
        policy = self._scroll_bar.sizePolicy()
        policy.setRetainSizeWhenHidden(True)  # so that the time axis keeps its place under the spectrogram's
        self._scroll_bar.setSizePolicy(policy)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(bar)
        layout.addLayout(body, 1)

        self._order_is_old = True
        self._sorted_at = 0.0
        self.filter.textChanged.connect(self.sort)
        self.order.currentIndexChanged.connect(self.sort)
        session.recognising.connect(self.sort)
        session.opening.connect(self.sort)
        session.changed.connect(self._mark_order)
        session.finished.connect(self.sort)

    @property
    def rows(self) -> list[Row]:
        """Return the lanes from top to bottom, without the headings."""
        return [line for line in self.plot.lines if isinstance(line, Row)]

    def set_theme(self, theme: Theme) -> None:
        """Take other colours."""
        self.plot.set_theme(theme)

    def set_settings(self, settings: Settings) -> None:
        """Take another choice of lanes."""
        if settings.all_tags != self._all_tags:
            self._all_tags = settings.all_tags
            self.sort()

    def tick(self) -> None:
        """Redraw what changed."""
        self._fit_scroll_bar()
        self.plot.tick()

    def slow_tick(self) -> None:
        """Bring the rows into order again, seldom enough to be read while the analysis goes on."""
        if self._order_is_old and time.monotonic() - self._sorted_at >= SORT_SECONDS:
            self.sort()

    @Slot()
    def _mark_order(self) -> None:
        self._order_is_old = self.order.currentData() == STRONGEST

    @Slot()
    def sort(self) -> None:
        """Choose and order the rows."""
        self._order_is_old = False
        self._sorted_at = time.monotonic()
        wanted = self.filter.text().strip()
        timeline = self._session.timeline
        lines = arrange(timeline, wanted, self.order.currentData(), all_tags=self._all_tags)
        if wanted and not lines and timeline.score_specs:
            self.message.setText(f"No label contains “{wanted}”.")
        elif self.message.text().startswith("No label"):
            self.message.clear()
        self.plot.set_lines(lines)
        self._fit_scroll_bar()

    def _fit_scroll_bar(self) -> None:
        visible = self.plot.rows_visible()
        lines = len(self.plot.lines)
        self._scroll_bar.setPageStep(visible)
        self._scroll_bar.setMaximum(max(0, lines - visible))
        self._scroll_bar.setVisible(lines > visible)
