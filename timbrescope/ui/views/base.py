"""What the views over time have in common: the axis, the playhead, the selection, wheel and mouse."""

from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPointF, Qt, Signal, Slot
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QGraphicsSceneWheelEvent, QSizePolicy

from timbrescope.core.clock import clock
from timbrescope.ui.theme import Theme
from timbrescope.ui.viewport import Viewport

pg.setConfigOptions(imageAxisOrder="row-major", antialias=False)

LEFT_WIDTH = 132
_EDGE_PIXELS = 6
_STEPS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 18000, 36000)
_PIXELS_PER_LABEL = 90


class TimeAxis(pg.AxisItem):
    """Minutes and seconds along the lower edge."""

    def tickSpacing(self, minimum: float, maximum: float, size: float) -> list[tuple[float, float]]:
        """Choose a step that leaves room for the labels."""
        wanted = (maximum - minimum) * _PIXELS_PER_LABEL / max(size, 1.0)
        index = int(np.searchsorted(_STEPS, wanted))
        major = _STEPS[min(index, len(_STEPS) - 1)]
        return [(major, 0.0), (major / 5, 0.0)]

    def tickStrings(self, values: list[float], _scale: float, spacing: float) -> list[str]:
        """Name the ticks."""
        return [clock(value, spacing) for value in values]


class TimeBox(pg.ViewBox):
    """Turns wheel and mouse into seeking, selecting, zooming and panning of the shared viewport."""

    sought = Signal(float)

    def __init__(self, viewport: Viewport) -> None:
        super().__init__(enableMenu=False, defaultPadding=0.0)
        self.setMouseEnabled(x=False, y=False)
        self.disableAutoRange()
        self.viewport = viewport
        self._anchor: float | None = None

    def time_at(self, scene_position: QPointF) -> float:
        """Return the time in seconds at a position on the screen."""
        return float(self.mapSceneToView(scene_position).x())

    def wheelEvent(self, event: QGraphicsSceneWheelEvent, axis: int | None = None) -> None:  # noqa: ARG002 (pyqtgraph's)
        """Zoom in time, with Shift or a sideways wheel pan in time, with Ctrl zoom in height."""
        event.accept()
        notches = event.delta() / 120.0
        if event.orientation() == Qt.Orientation.Horizontal or event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            self.viewport.pan_time(-0.15 * notches)
        elif event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.zoom_height(1.25**notches, event.scenePos())
        else:
            self.viewport.zoom_time(1.25**notches, around=self.time_at(event.scenePos()))

    def zoom_height(self, factor: float, scene_position: QPointF) -> None:
        """Zoom in the other direction; a view without one ignores it."""

    def mouseClickEvent(self, event: Any) -> None:
        """Seek."""
        if event.button() == Qt.MouseButton.LeftButton:
            event.accept()
            self.sought.emit(self.time_at(event.scenePos()))

    def mouseDragEvent(self, event: Any, axis: int | None = None) -> None:  # noqa: ARG002 (pyqtgraph's signature)
        """Select with the left button (or move an edge of the selection), pan with the others."""
        event.accept()
        if event.button() != Qt.MouseButton.LeftButton:
            self.pan(event.lastScenePos(), event.scenePos())
            return
        if event.isStart():
            self._anchor = self._anchor_of(event.buttonDownScenePos())
        if self._anchor is not None:
            self.viewport.select((self._anchor, self.time_at(event.scenePos())))
        if event.isFinish():
            self._anchor = None

    def _anchor_of(self, scene_position: QPointF) -> float:
        time = self.time_at(scene_position)
        if self.viewport.selection is not None:
            start, stop = self.viewport.selection
            tolerance = _EDGE_PIXELS * self.viewPixelSize()[0]
            if abs(time - start) <= tolerance:
                return stop
            if abs(time - stop) <= tolerance:
                return start
        return time

    def pan(self, before: QPointF, now: QPointF) -> None:
        """Move what is visible with the pointer."""
        moved = self.time_at(before) - self.time_at(now)
        self.viewport.show_time(self.viewport.start + moved, self.viewport.seconds)


class TimeView(pg.PlotWidget):
    """A plot over time. It is marked dirty by whoever changes what it shows and redrawn by the window's clock."""

    sought = Signal(float)
    pointed = Signal(str)

    def __init__(self, viewport: Viewport, theme: Theme, box: TimeBox, left: pg.AxisItem, left_width: int) -> None:
        super().__init__(viewBox=box, axisItems={"bottom": TimeAxis("bottom"), "left": left})
        self.viewport_ = viewport
        self.box = box
        self.theme = theme
        self.hideButtons()
        self.plotItem.setMenuEnabled(False)
        left.setWidth(left_width)
        self.setFrameStyle(0)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._playhead = pg.InfiniteLine(angle=90, movable=False)
        self._playhead.setZValue(20)
        self._shadow = pg.InfiniteLine(angle=90, movable=False)  # so that the playhead stands out on any colour
        self._shadow.setZValue(19)
        self._region = pg.LinearRegionItem(movable=False)
        self._region.setZValue(10)
        self._region.hide()
        self.plotItem.addItem(self._region, ignoreBounds=True)
        self.plotItem.addItem(self._shadow, ignoreBounds=True)
        self.plotItem.addItem(self._playhead, ignoreBounds=True)
        self._dirty = True
        box.sought.connect(self.sought)
        viewport.moved.connect(self.mark_dirty)
        viewport.playhead_moved.connect(self._move_playhead)
        viewport.selection_changed.connect(self._show_selection)
        self.scene().sigMouseMoved.connect(self._on_pointer)
        self.set_theme(theme)

    def set_theme(self, theme: Theme) -> None:
        """Take other colours."""
        self.theme = theme
        self.setBackground(theme.window)
        self.box.setBackgroundColor(theme.base)
        self._playhead.setPen(pg.mkPen(theme.playhead, width=1.5))
        shadow = QColor(theme.base)
        shadow.setAlpha(150)
        self._shadow.setPen(pg.mkPen(shadow, width=4))
        accent = QColor(theme.accent)
        accent.setAlpha(40)
        self._region.setBrush(accent)
        for line in self._region.lines:
            line.setPen(pg.mkPen(theme.accent, width=1))
        for side in ("bottom", "left"):
            axis = self.getAxis(side)
            axis.setPen(pg.mkPen(theme.line))
            axis.setTextPen(pg.mkPen(theme.muted))
        self.mark_dirty()

    @Slot()
    def mark_dirty(self) -> None:
        """Ask for a redraw at the next tick."""
        self._dirty = True

    def tick(self) -> None:
        """Redraw when something changed since the last time and somebody can see it."""
        if self._dirty and self.isVisible():
            self._dirty = False
            self.redraw()

    def redraw(self) -> None:
        """Draw what the viewport shows."""
        self.box.setXRange(self.viewport_.start, self.viewport_.stop, padding=0)

    def columns_wanted(self) -> int:
        """Return how many columns of pixels there are."""
        return max(1, int(self.box.width() * self.devicePixelRatioF()))

    def describe(self, seconds: float, y: float) -> str:  # noqa: ARG002 (for views that say more)
        """Return what lies under the pointer, in words."""
        return clock(seconds, 0.01)

    def resizeEvent(self, event: Any) -> None:
        """Redraw for the new size."""
        super().resizeEvent(event)
        self._dirty = True

    def showEvent(self, event: Any) -> None:
        """Redraw what changed while nobody could see it."""
        super().showEvent(event)
        self._dirty = True

    def leaveEvent(self, event: Any) -> None:
        """Clear the readout."""
        super().leaveEvent(event)
        self.pointed.emit("")

    @Slot()
    def _move_playhead(self) -> None:
        self._playhead.setValue(self.viewport_.playhead)
        self._shadow.setValue(self.viewport_.playhead)

    @Slot()
    def _show_selection(self) -> None:
        selection = self.viewport_.selection
        self._region.setVisible(selection is not None)
        if selection is not None:
            self._region.setRegion(selection)

    @Slot(object)
    def _on_pointer(self, position: QPointF) -> None:
        if not self.box.sceneBoundingRect().contains(position) or not self.viewport_.duration:
            self.pointed.emit("")
            return
        point = self.box.mapSceneToView(position)
        self.pointed.emit(self.describe(point.x(), point.y()))
