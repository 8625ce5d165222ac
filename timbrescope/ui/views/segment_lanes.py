"""The phoneme lane under the spectrogram, and below it the tiers of the annotation, whose boundaries can be dragged."""

from bisect import bisect_right
from typing import Final

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt, Signal, Slot
from PySide6.QtGui import QColor, QFont, QMouseEvent, QPainter
from PySide6.QtWidgets import QSizePolicy

from timbrescope.core import phonemes
from timbrescope.core.clock import clock
from timbrescope.core.segment_files import main_tier
from timbrescope.core.segments import Segments, Side, index_at, move_edge
from timbrescope.ui.annotation import Annotation
from timbrescope.ui.phonemes_heard import PhonemesHeard
from timbrescope.ui.theme import Theme
from timbrescope.ui.viewport import Viewport
from timbrescope.ui.views.base import LEFT_WIDTH, NO_AXIS_HEIGHT, TimeView
from timbrescope.ui.views.scrolling import Pixels, ScrollingImage, packed
from timbrescope.ui.views.segment_item import Lane, draw_lane

LANE_PIXELS: Final = 30
_EDGE_PIXELS: Final = 6

Edge = tuple[int, Side]


class SegmentLanes(TimeView):
    """What the model hears, and the tiers that a person corrects: clicks select, edges can be dragged."""

    relabel_asked = Signal()
    menu_asked = Signal()

    def __init__(self, heard: PhonemesHeard, annotation: Annotation, viewport: Viewport, theme: Theme) -> None:
        self._heard = heard
        self._annotation = annotation
        self._image = ScrollingImage()
        self._changes = 0  # of all but what is heard further
        self._heard_of: tuple[object, object] = (None, None)  # whose segments, and which list of them grows
        self._edge: Edge | None = None
        self._moved: Segments | None = None
        super().__init__(viewport, theme, LEFT_WIDTH, NO_AXIS_HEIGHT)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Phonemes")
        self.setAccessibleDescription(
            "Sounds over time; in an annotation drag a boundary to move it, double-click a segment to name it"
        )
        heard.changed.connect(self._hear)
        annotation.changed.connect(self._refresh)
        self._refresh()

    def set_theme(self, theme: Theme) -> None:
        """Take other colours."""
        super().set_theme(theme)
        self._forget()

    def _forget(self) -> None:
        self._changes += 1
        self.mark_side()
        self.mark_dirty()

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
    def _hear(self) -> None:
        """Go on with further segments; what is heard of another recording is something else."""
        spec, segments = self._heard_of
        if spec is not self._heard.spec or segments is not self._heard.segments:
            self._heard_of = self._heard.spec, self._heard.segments
            self._refresh()
        self.mark_dirty()

    @Slot()
    def _refresh(self) -> None:
        count = len(self.lanes)
        self.setVisible(count > 0)
        self.setFixedHeight(max(1, count) * LANE_PIXELS + NO_AXIS_HEIGHT)
        self._forget()

    @property
    def edges(self) -> tuple[float, float]:
        """The first lane, and the one below the last."""
        return 0.0, max(1.0, len(self.lanes))

    def redraw(self) -> None:
        """Draw what is new in the visible stretch."""
        seconds = self.pixel_seconds
        heard = self._heard.segments
        settled = int(heard[-1].start / seconds) - 1 if heard else self.first_pixel  # the last one may go on
        size = self.rows_wanted(), self.columns_wanted()
        if self._image.show(self.first_pixel, size, settled, (self._changes, seconds), self._fill, self._draw_segments):
            super().redraw()

    def _fill(self, first: int, stop: int) -> Pixels:
        return np.full((self.rows_wanted(), stop - first), packed(self.theme.base), np.uint32)

    def _draw_segments(self, painter: QPainter, first: int, stop: int) -> None:
        lanes = self.lanes
        font = QFont(self.font())
        font.setPixelSize(round(self.fontInfo().pixelSize() * self.devicePixelRatioF()))
        painter.setFont(font)
        begin = painter.transform()
        for row, lane in enumerate(lanes):
            painter.setTransform(begin)
            top, bottom = (edge * self.rows_wanted() / len(lanes) for edge in (row, row + 1))
            draw_lane(painter, lane, (first, stop), self.pixel_seconds, (top, bottom), self.theme)

    def draw(self, painter: QPainter) -> None:
        """Draw all lanes."""
        self._image.draw(painter, QPointF(self.area.topLeft()), self.devicePixelRatioF())

    def draw_side(self, painter: QPainter) -> None:
        """Write the name of each lane beside it; that of the tier that is worked on is bold."""
        font = QFont(painter.font())
        painter.setPen(QColor(self.theme.text))
        for row, lane in enumerate(self.lanes):
            font.setBold(lane.active)
            painter.setFont(font)
            box = QRectF(4, row * LANE_PIXELS, self.area.left() - 16, LANE_PIXELS)
            title = painter.fontMetrics().elidedText(lane.title, Qt.TextElideMode.ElideRight, int(box.width()))
            painter.drawText(box, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, title)

    def describe(self, seconds: float, height: float) -> str:
        """Return the segment under the pointer in words."""
        text = clock(seconds, 0.01)
        lanes = self.lanes
        if not 0 <= int(height) < len(lanes):
            return text
        lane = lanes[int(height)]
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
        return QRectF(self.point_of(segment.start, row), self.point_of(segment.end, row + 1))

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

    def click(self, event: QMouseEvent) -> None:
        """Select and go there; the right button asks for the menu."""
        seconds, height = self.time_at(event.position().x()), self.height_at(event.position().y())
        selects = self._select_at(seconds, height)
        if event.button() == Qt.MouseButton.LeftButton:
            self.sought.emit(seconds)
        elif event.button() == Qt.MouseButton.RightButton and selects:
            self.menu_asked.emit()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Ask for the label."""
        event.accept()
        if self._select_at(self.time_at(event.position().x()), self.height_at(event.position().y())):
            self.relabel_asked.emit()

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
        return edge if distance <= _EDGE_PIXELS * self.pixel_seconds * self.devicePixelRatioF() else None

    def begin_drag(self, place: QPointF) -> None:
        """Take an edge; elsewhere it is like the other views."""
        seconds, height = self.time_at(place.x()), self.height_at(place.y())
        tier = self._tier_at(height)
        if tier is not None and tier != self._annotation.active:
            self._annotation.select(tier, None)
        self._edge = self._edge_at(seconds, height)
        if self._edge is None:
            super().begin_drag(place)

    def drag(self, place: QPointF) -> None:
        """Move the edge that was taken."""
        if self._edge is None:
            super().drag(place)
            return
        index, side = self._edge
        seconds = min(self.time_at(place.x()), self.viewport_.duration)
        self._moved = move_edge(self._annotation.segments, index, side, seconds)
        self._forget()

    def end_drag(self) -> None:
        """Leave the edge where it is."""
        super().end_drag()
        moved, self._moved = self._moved, None
        if moved is not None and self._edge is not None:
            self._annotation.edit("Move boundary", moved, self._edge[0])
        self._edge = None
        self._forget()

    def point_at(self, place: QPointF) -> None:
        """Show where an edge can be taken."""
        super().point_at(place)
        near = self._edge_at(self.time_at(place.x()), self.height_at(place.y())) is not None
        self.setCursor(Qt.CursorShape.SplitHCursor if near else Qt.CursorShape.ArrowCursor)
