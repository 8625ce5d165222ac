"""Lanes: one row a label, colour is score over time."""

from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF, Qt, Slot
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QLineEdit, QScrollBar, QVBoxLayout, QWidget

from timbrescope.core.clock import clock
from timbrescope.ui.session import Session
from timbrescope.ui.theme import Theme, lane_colours
from timbrescope.ui.viewport import Viewport
from timbrescope.ui.views.base import LEFT_WIDTH, TimeBox, TimeView

ROW_PIXELS = 21
STRONGEST, ALPHABET, MODEL = "strongest", "alphabet", "model"


@dataclass(frozen=True, slots=True)
class Row:
    """One lane: a label of a recogniser."""

    recogniser: str
    label: str
    column: int


class LaneLabels(pg.AxisItem):
    """The names of the lanes, in front of them; too long a name is shortened, the pointer shows it whole."""

    def __init__(self) -> None:
        super().__init__("left")
        self.rows: list[Row] = []
        self.setStyle(showValues=False, tickLength=0)

    def paint(self, painter: QPainter, _option: Any, _widget: Any) -> None:
        """Draw the names of the visible rows."""
        view = self.linkedView()
        if view is None:
            return
        painter.setPen(self.textPen())
        metrics = painter.fontMetrics()
        low, high = view.viewRange()[1]
        for index in range(max(0, int(low)), min(len(self.rows), int(np.ceil(high)))):
            top = self.mapFromScene(view.mapViewToScene(QPointF(0, index))).y()
            bottom = self.mapFromScene(view.mapViewToScene(QPointF(0, index + 1))).y()
            box = QRectF(4, top, self.width() - 12, bottom - top)
            text = metrics.elidedText(self.rows[index].label, Qt.TextElideMode.ElideRight, int(box.width()))
            painter.drawText(box, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, text)


class _LaneBox(TimeBox):
    """Here Ctrl + wheel scrolls through the rows."""

    def __init__(self, viewport: Viewport, scroll_bar: QScrollBar) -> None:
        super().__init__(viewport)
        self._scroll_bar = scroll_bar

    def zoom_height(self, factor: float, scene_position: QPointF) -> None:  # noqa: ARG002 (TimeBox's)
        self._scroll_bar.setValue(self._scroll_bar.value() + (-3 if factor > 1 else 3))


class LanePlot(TimeView):
    """The rows' image."""

    def __init__(self, session: Session, viewport: Viewport, theme: Theme, scroll_bar: QScrollBar) -> None:
        self._session = session
        self._scroll_bar = scroll_bar
        self._images: dict[str, tuple[pg.ImageItem, ...]] = {}  # before, in and after the middles of the windows
        self._labels = LaneLabels()
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
        for image in chain.from_iterable(self._images.values()):
            image.setLookupTable(lane_colours(theme))
        self._labels.setTextPen(pg.mkPen(theme.text))
        self._grid.setPen(pg.mkPen(theme.window, width=1))

    def set_rows(self, rows: list[Row]) -> None:
        """Show these lanes, from top to bottom; those of one recogniser stand together."""
        self._labels.rows = rows
        present = {row.recogniser for row in rows}
        for name in list(self._images):
            if name not in present:
                for image in self._images.pop(name):
                    self.plotItem.removeItem(image)
        for name in present - self._images.keys():
            self._images[name] = tuple(pg.ImageItem() for _ in range(3))
            for image in self._images[name]:
                image.setLookupTable(lane_colours(self.theme))
                self.plotItem.addItem(image, ignoreBounds=True)
        self._labels.picture = None
        self._labels.update()
        self.mark_dirty()

    @property
    def rows(self) -> list[Row]:
        """Return the rows from top to bottom."""
        return self._labels.rows

    def rows_visible(self) -> int:
        """Return how many whole rows there is room for."""
        return max(1, int(self.box.height() / ROW_PIXELS))

    def redraw(self) -> None:
        """Draw the visible rows of the visible stretch."""
        super().redraw()
        first = self._scroll_bar.value()
        self.box.setYRange(first, first + self.rows_visible(), padding=0)
        viewport, rows = self.viewport_, self._labels.rows
        lines = np.repeat(np.arange(len(rows) + 1), 2)
        self._grid.setData(np.tile([0.0, max(viewport.duration, 0.01)], len(rows) + 1), lines)
        for name in self._images:
            self._draw(name, [index for index, row in enumerate(rows) if row.recogniser == name])

    def _draw(self, name: str, chosen: list[int]) -> None:
        before, image, after = self._images[name]
        track = self._session.timeline.scores[name]
        columns = track.columns(self.viewport_.start, self.viewport_.stop, self.columns_wanted())
        for part in (before, image, after):
            part.setVisible(bool(len(columns.frames)))
        if not len(columns.frames):
            return
        # The root spreads the low scores, at which tags of real music mostly lie, over more colours.
        scores = columns.frames[:, [self.rows[index].column for index in chosen]]
        levels = np.ascontiguousarray(np.rint(np.sqrt(scores.T) * 255).astype(np.uint8))
        start = track.start_seconds + columns.first * track.hop_seconds
        stop = start + len(columns.frames) * columns.step * track.hop_seconds
        # Up to the middle of the first window and from that of the last the nearest scores hold.
        head = 0.0 if columns.first == 0 else start
        tail = (
            max(stop, self.viewport_.duration) if stop >= track.end_seconds and not self._session.is_analysing else stop
        )
        for part, pixels, left, right in (
            (before, levels[:, :1], head, start),
            (image, levels, start, stop),
            (after, levels[:, -1:], stop, tail),
        ):
            part.setImage(pixels, autoLevels=False, levels=(0, 255))
            part.setRect(QRectF(left, chosen[0], right - left, len(chosen)))
            part.setVisible(right > left)

    def describe(self, seconds: float, y: float) -> str:
        """Return time, label and score under the pointer."""
        rows, index = self._labels.rows, int(y)
        if not 0 <= index < len(rows):
            return clock(seconds, 0.01)
        row = rows[index]
        frame = self._session.timeline.scores[row.recogniser].at(seconds)
        score = "" if frame is None else f"   {frame[row.column]:.2f}"
        return f"{clock(seconds, 0.01)}   {row.label}{score}   ({row.recogniser})"


class LanesView(QWidget):
    """The lanes with what sorts and filters them."""

    def __init__(self, session: Session, viewport: Viewport, theme: Theme) -> None:
        super().__init__()
        self._session = session
        self._title = QLabel("Tags")
        self._title.setFixedWidth(LEFT_WIDTH)
        self._title.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._title.setContentsMargins(0, 0, 8, 0)
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
        for widget in (self._title, self.filter, self.order):
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
        self.filter.textChanged.connect(self.sort)
        self.order.currentIndexChanged.connect(self.sort)
        session.recognising.connect(self.sort)
        session.opening.connect(self.sort)
        session.changed.connect(self._mark_order)
        session.finished.connect(self.sort)

    @property
    def rows(self) -> list[Row]:
        """Return the rows from top to bottom."""
        return self.plot.rows

    def set_theme(self, theme: Theme) -> None:
        """Take other colours."""
        self.plot.set_theme(theme)

    def tick(self) -> None:
        """Redraw what changed."""
        self._fit_scroll_bar()
        self.plot.tick()

    def slow_tick(self) -> None:
        """Bring the rows into order again, seldom enough to be read while the analysis goes on."""
        if self._order_is_old:
            self.sort()

    @Slot()
    def _mark_order(self) -> None:
        self._order_is_old = self.order.currentData() == STRONGEST

    @Slot()
    def sort(self) -> None:
        """Choose and order the rows."""
        self._order_is_old = False
        wanted = self.filter.text().strip().casefold()
        rows: list[Row] = []
        timeline = self._session.timeline
        for name, spec in timeline.score_specs.items():
            group = [Row(name, label, i) for i, label in enumerate(spec.labels) if wanted in label.casefold()]
            if self.order.currentData() == STRONGEST:
                clip = timeline.clip_scores(name)
                group.sort(key=lambda row, clip=clip: -clip[row.column])  # type: ignore[misc]
            elif self.order.currentData() == ALPHABET:
                group.sort(key=lambda row: row.label.casefold())
            rows += group
        self._title.setText(
            " + ".join(sorted({spec.kind.capitalize() for spec in timeline.score_specs.values()})) or "Tags"
        )
        if wanted and not rows and timeline.score_specs:
            self.message.setText(f"No label contains “{self.filter.text().strip()}”.")
        elif self.message.text().startswith("No label"):
            self.message.clear()
        self.plot.set_rows(rows)
        self._fit_scroll_bar()

    def _fit_scroll_bar(self) -> None:
        visible = self.plot.rows_visible()
        rows = len(self.plot.rows)
        self._scroll_bar.setPageStep(visible)
        self._scroll_bar.setMaximum(max(0, rows - visible))
        self._scroll_bar.setVisible(rows > visible)
