"""The phoneme lane under the spectrogram, and below it the tiers of the annotation, whose boundaries can be dragged."""

from bisect import bisect_right
from typing import Any, Final

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF, Qt, Signal, Slot
from PySide6.QtGui import QColor, QFont, QPainter
from PySide6.QtWidgets import QSizePolicy

from timbrescope.core import phonemes
from timbrescope.core.clock import clock
from timbrescope.core.segment_files import main_tier
from timbrescope.core.segments import Segments, Side, index_at, move_edge
from timbrescope.ui.annotation import Annotation
from timbrescope.ui.phonemes_heard import PhonemesHeard
from timbrescope.ui.theme import Theme
from timbrescope.ui.viewport import Viewport
from timbrescope.ui.views.base import LEFT_WIDTH, TimeBox, TimeView
from timbrescope.ui.views.segment_item import Lane, SegmentItem

LANE_PIXELS: Final = 30
_EDGE_PIXELS: Final = 6

Edge = tuple[int, Side]


class _Titles(pg.AxisItem):
    """The names of the lanes; that of the tier that is worked on is bold."""

    def __init__(self, theme: Theme) -> None:
        super().__init__("left")
        self.theme = theme
        self.lanes: list[Lane] = []
        self.setStyle(showValues=False, tickLength=0)

    def paint(self, painter: QPainter, _option: Any, _widget: Any) -> None:
        """Write each name beside its lane."""
        for row, lane in enumerate(self.lanes):
            font = QFont(painter.font())
            font.setBold(lane.active)
            painter.setFont(font)
            painter.setPen(QColor(self.theme.text))
            box = QRectF(4, row * LANE_PIXELS, self.width() - 16, LANE_PIXELS)
            title = painter.fontMetrics().elidedText(lane.title, Qt.TextElideMode.ElideRight, int(box.width()))
            painter.drawText(box, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, title)


class _SegmentBox(TimeBox):
    """Selects segments by clicks and moves their edges by dragging; elsewhere it is like the other views."""

    clicked = Signal(float, float)
    double_clicked = Signal(float, float)
    menu_asked = Signal(float, float)
    grabbed = Signal(float, float)
    dragged = Signal(float)
    dropped = Signal()

    def __init__(self, viewport: Viewport) -> None:
        super().__init__(viewport)
        self.holds_edge = False

    def mouseClickEvent(self, event: Any) -> None:
        """Select and go there; a double click asks for the label, the right button for the menu."""
        point = self.mapSceneToView(event.scenePos())
        event.accept()
        if event.button() == Qt.MouseButton.RightButton:
            self.menu_asked.emit(point.x(), point.y())
        elif event.double():
            self.double_clicked.emit(point.x(), point.y())
        elif event.button() == Qt.MouseButton.LeftButton:
            self.clicked.emit(point.x(), point.y())
            self.sought.emit(point.x())

    def mouseDragEvent(self, event: Any, axis: int | None = None) -> None:
        """Move an edge that was grabbed."""
        if event.button() == Qt.MouseButton.LeftButton and event.isStart():
            point = self.mapSceneToView(event.buttonDownScenePos())
            self.grabbed.emit(point.x(), point.y())
        if not self.holds_edge:
            super().mouseDragEvent(event, axis)
            return
        event.accept()
        self.dragged.emit(self.time_at(event.scenePos()))
        if event.isFinish():
            self.holds_edge = False
            self.dropped.emit()


class SegmentLanes(TimeView):
    """What the model hears, and the tiers that a person corrects."""

    relabel_asked = Signal()
    menu_asked = Signal()

    def __init__(self, heard: PhonemesHeard, annotation: Annotation, viewport: Viewport, theme: Theme) -> None:
        self._heard = heard
        self._annotation = annotation
        self._titles = _Titles(theme)
        self._item = SegmentItem(theme)
        self._edge: Edge | None = None
        self._moved: Segments | None = None
        box = _SegmentBox(viewport)
        super().__init__(viewport, theme, box, self._titles, LEFT_WIDTH)
        self._segment_box = box
        box.invertY(True)
        self.plotItem.addItem(self._item, ignoreBounds=True)
        self.getAxis("bottom").setStyle(showValues=False, tickLength=0)
        self.getAxis("bottom").setHeight(4)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Phonemes")
        self.setAccessibleDescription(
            "Sounds over time; in an annotation drag a boundary to move it, double-click a segment to name it"
        )
        heard.changed.connect(self._refresh)
        annotation.changed.connect(self._refresh)
        box.clicked.connect(self._on_click)
        box.double_clicked.connect(self._on_double_click)
        box.menu_asked.connect(self._on_menu)
        box.grabbed.connect(self._on_grab)
        box.dragged.connect(self._on_drag)
        box.dropped.connect(self._on_drop)
        self._refresh()

    def set_theme(self, theme: Theme) -> None:
        """Take other colours."""
        super().set_theme(theme)
        self._titles.theme = self._item.theme = theme
        self._titles.update()

    @property
    def lanes(self) -> list[Lane]:
        """The lanes from top to bottom: what is heard, if a model of phonemes listens, then the annotation's tiers."""
        lanes = []
        if self._heard.spec is not None:
            lanes.append(Lane("Phonemes", self._heard.segments, scored=True))
        names = [tier.name for tier in self._annotation.tiers if not tier.is_points]
        for number, tier in enumerate(self._annotation.tiers):
            active = number == self._annotation.active
            segments = self._moved if active and self._moved is not None else tier.segments
            if not tier.is_points:
                selected = self._annotation.selected if active else None
                sounds = number == main_tier(names)  # points stand behind the others
                lanes.append(Lane(tier.name, segments, sounds=sounds, active=active, selected=selected))
        return lanes

    @Slot()
    def _refresh(self) -> None:
        count = len(self.lanes)
        self.setVisible(count > 0)
        self.setFixedHeight(max(1, count) * LANE_PIXELS + 4)
        self.mark_dirty()

    def redraw(self) -> None:
        """Draw the visible stretch."""
        super().redraw()
        lanes = self.lanes
        self.box.setYRange(0, max(1, len(lanes)), padding=0)
        self._titles.lanes = lanes
        self._titles.update()
        self._item.show(lanes, self.viewport_.start, self.viewport_.stop)

    def describe(self, seconds: float, y: float) -> str:
        """Return the segment under the pointer in words."""
        text = clock(seconds, 0.01)
        lanes = self.lanes
        if not 0 <= int(y) < len(lanes):
            return text
        lane = lanes[int(y)]
        index = index_at(lane.segments, seconds)
        if index is None:
            return f"{text}   {lane.title}"
        segment = lane.segments[index]
        span = f"{clock(segment.start, 0.001)}–{clock(segment.end, 0.001)}, {segment.seconds * 1000:.0f} ms"
        score = "" if segment.score is None else f"   {segment.score:.2f}"
        sounds = next((one.sounds for one in phonemes.classes() if one.symbol == segment.label), "")
        return f"{text}   {segment.label}{score}   {span}   {sounds}"

    def selected_box(self) -> QRectF | None:
        """Return where on the widget the selected segment is; None without one."""
        annotation = self._annotation
        if annotation.selected is None:
            return None
        segment = annotation.segments[annotation.selected]
        row = next((row for row, lane in enumerate(self.lanes) if lane.active), 0)
        corners = [
            QPointF(self.mapFromScene(self.box.mapViewToScene(QPointF(time, y))))
            for time, y in ((segment.start, row), (segment.end, row + 1))
        ]
        return QRectF(*corners)

    def _tier_at(self, y: float) -> int | None:
        row = int(y) - (self._heard.spec is not None)
        shown = [number for number, tier in enumerate(self._annotation.tiers) if not tier.is_points]
        return shown[row] if 0 <= row < len(shown) and y >= 0 else None

    def _select_at(self, seconds: float, y: float) -> bool:
        tier = self._tier_at(y)
        if tier is None:
            return False
        self._annotation.select(tier, index_at(self._annotation.tiers[tier].segments, seconds))
        return self._annotation.selected is not None

    @Slot(float, float)
    def _on_click(self, seconds: float, y: float) -> None:
        self._select_at(seconds, y)

    @Slot(float, float)
    def _on_double_click(self, seconds: float, y: float) -> None:
        if self._select_at(seconds, y):
            self.relabel_asked.emit()

    @Slot(float, float)
    def _on_menu(self, seconds: float, y: float) -> None:
        if self._select_at(seconds, y):
            self.menu_asked.emit()

    def _edge_at(self, seconds: float, y: float) -> Edge | None:
        """Return the nearest edge within reach in the tier that is worked on."""
        if self._tier_at(y) != self._annotation.active or not self._annotation.is_open:
            return None
        segments = self._annotation.segments
        after = bisect_right(segments, seconds, key=lambda one: one.start)
        edges: list[tuple[float, Edge]] = []
        for index in range(max(0, after - 1), min(len(segments), after + 1)):
            edges += [(segments[index].start, (index, "start")), (segments[index].end, (index, "end"))]
        distance, edge = min(((abs(time - seconds), edge) for time, edge in edges), default=(np.inf, None))
        return edge if distance <= _EDGE_PIXELS * self.box.viewPixelSize()[0] else None

    @Slot(float, float)
    def _on_grab(self, seconds: float, y: float) -> None:
        tier = self._tier_at(y)
        if tier is not None and tier != self._annotation.active:
            self._annotation.select(tier, None)
        self._edge = self._edge_at(seconds, y)
        self._segment_box.holds_edge = self._edge is not None

    @Slot(float)
    def _on_drag(self, seconds: float) -> None:
        if self._edge is not None:
            index, side = self._edge
            self._moved = move_edge(self._annotation.segments, index, side, min(seconds, self.viewport_.duration))
            self.mark_dirty()

    @Slot()
    def _on_drop(self) -> None:
        moved, self._moved = self._moved, None
        if moved is not None and self._edge is not None:
            self._annotation.edit("Move boundary", moved, self._edge[0])
        self._edge = None
        self.mark_dirty()

    @Slot(object)
    def _on_pointer(self, position: QPointF) -> None:
        super()._on_pointer(position)
        point = self.box.mapSceneToView(position)
        near = self._edge_at(point.x(), point.y()) is not None
        self.setCursor(Qt.CursorShape.SplitHCursor if near else Qt.CursorShape.ArrowCursor)
