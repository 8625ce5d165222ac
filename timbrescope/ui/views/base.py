"""What the views over time have in common: the axis, the playhead, the selection, wheel and mouse.

They paint themselves, pixel by pixel of time: a plot library works out everything anew with each step of a scrolling
picture, which takes many times as long as drawing what is new in it.
"""

from typing import Final

import pyqtgraph as pg
from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, QSize, Qt, Signal, Slot
from PySide6.QtGui import (
    QColor,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPixmap,
    QResizeEvent,
    QShowEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from timbrescope.core.clock import clock
from timbrescope.ui.theme import Theme
from timbrescope.ui.viewport import Viewport
from timbrescope.ui.views.time_axis import draw_time_axis

pg.setConfigOptions(imageAxisOrder="row-major", antialias=False)

LEFT_WIDTH: Final = 132
AXIS_HEIGHT: Final = 22
NO_AXIS_HEIGHT: Final = 4
_USUAL: Final = QSize(256, 192)
_LEAST: Final = QSize(75, 75)
_EDGE_PIXELS: Final = 6
_DRAG_PIXELS: Final = 4
_PLAYHEAD_PIXELS: Final = 6  # around it, that are painted again when it moves
_SHADOW_ALPHA, _SELECTED_ALPHA = 150, 40


class TimeView(QWidget):
    """A picture over time. It is marked dirty by whoever changes what it shows and redrawn by the window's clock.

    Time runs in whole pixels of the screen, which are numbered from the start of the recording.
    """

    sought = Signal(float)
    pointed = Signal(str)

    def __init__(self, viewport: Viewport, theme: Theme, left_width: int, bottom_height: int) -> None:
        super().__init__()
        self.viewport_ = viewport
        self.theme = theme
        self._left_width = left_width
        self._bottom_height = bottom_height
        self._side: QPixmap | None = None  # what stands left of the picture, as it was drawn last
        self._dirty = True
        self._playhead_x = 0
        self._anchor: float | None = None
        self._pressed: QPointF | None = None
        self._last = QPointF()
        self._dragging = False
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setMouseTracking(True)
        self.setCursor(Qt.CursorShape.CrossCursor)
        viewport.moved.connect(self.mark_dirty)
        viewport.playhead_moved.connect(self._move_playhead)
        viewport.selection_changed.connect(self.update)
        self.set_theme(theme)

    def set_theme(self, theme: Theme) -> None:
        """Take other colours."""
        self.theme = theme
        self.mark_side()
        self.mark_dirty()

    def sizeHint(self) -> QSize:
        """Ask for a share of the window."""
        return _USUAL

    def minimumSizeHint(self) -> QSize:
        """Do not vanish."""
        return _LEAST

    # Where things are

    @property
    def area(self) -> QRect:
        """Where on the widget the picture is."""
        width, height = self.width() - self._left_width, self.height() - self._bottom_height
        return QRect(self._left_width, 0, max(1, width), max(1, height))

    @property
    def span(self) -> tuple[float, float]:
        """The time at the left edge, and for how long the picture lasts."""
        return self.viewport_.start, self.viewport_.seconds

    @property
    def edges(self) -> tuple[float, float]:
        """The heights of the upper and the lower edge, in units of the view's own."""
        return 0.0, 1.0

    def columns_wanted(self) -> int:
        """Return how many columns of pixels there are."""
        return max(1, round(self.area.width() * self.devicePixelRatioF()))

    def rows_wanted(self) -> int:
        """Return how many rows of pixels there are."""
        return max(1, round(self.area.height() * self.devicePixelRatioF()))

    @property
    def pixel_seconds(self) -> float:
        """How long a column of pixels lasts."""
        return max(self.span[1], 1e-6) / self.columns_wanted()

    @property
    def first_pixel(self) -> int:
        """Number of the leftmost column of pixels."""
        return int(self.span[0] / self.pixel_seconds + 0.5)

    def time_at(self, x: float) -> float:
        """Return the time in seconds at a place on the widget."""
        return ((x - self.area.left()) * self.devicePixelRatioF() + self.first_pixel) * self.pixel_seconds

    def x_of(self, seconds: float) -> float:
        """Return the place of a time on the widget."""
        return self.area.left() + (seconds / self.pixel_seconds - self.first_pixel) / self.devicePixelRatioF()

    def height_at(self, y: float) -> float:
        """Return the height at a place on the widget, in units of the view's own."""
        upper, lower = self.edges
        return upper + (y - self.area.top()) / self.area.height() * (lower - upper)

    def y_of(self, height: float) -> float:
        """Return the place of a height on the widget."""
        upper, lower = self.edges
        return self.area.top() + (height - upper) / (lower - upper) * self.area.height()

    def point_of(self, seconds: float, height: float) -> QPointF:
        """Return the place of a time and a height on the widget."""
        return QPointF(self.x_of(seconds), self.y_of(height))

    # Drawing

    @Slot()
    def mark_dirty(self) -> None:
        """Ask for a redraw at the next tick."""
        self._dirty = True

    def mark_side(self) -> None:
        """Ask for another drawing of what stands left of the picture."""
        self._side = None
        self.update(0, 0, self._left_width, self.height())

    def tick(self) -> None:
        """Redraw when something changed since the last time and somebody can see it."""
        if self._dirty and self.isVisible():
            self._dirty = False
            self.redraw()

    def redraw(self) -> None:
        """Bring what is drawn up to date, and ask Qt to show it."""
        self._playhead_x = self._playhead_place()
        self.update(self._left_width, 0, self.width() - self._left_width, self.height())

    def draw(self, painter: QPainter) -> None:
        """Draw the picture into ``area``."""

    def draw_side(self, painter: QPainter) -> None:
        """Draw what stands left of the picture; it is kept until ``mark_side``."""

    def paintEvent(self, event: QPaintEvent) -> None:
        """Show what was drawn, and over it the selection and the playhead."""
        painter = QPainter(self)
        area, theme = self.area, self.theme
        if event.rect().left() < area.left():
            painter.drawPixmap(0, 0, self._drawn_side())
        if event.rect().bottom() > area.bottom():
            below = QRect(area.left(), area.bottom() + 1, area.width(), self._bottom_height)
            painter.fillRect(below, QColor(theme.window))
            painter.setPen(QColor(theme.line))
            painter.drawLine(below.topLeft(), below.topRight())
            if self._bottom_height >= AXIS_HEIGHT:
                _, seconds = self.span
                draw_time_axis(painter, QRectF(below), self.first_pixel * self.pixel_seconds, seconds, theme)
        painter.setClipRect(area)
        self.draw(painter)
        self._draw_selection(painter)
        self._draw_playhead(painter)

    def _drawn_side(self) -> QPixmap:
        if self._side is None:
            ratio = self.devicePixelRatioF()
            self._side = QPixmap(round(self._left_width * ratio), round(self.height() * ratio))
            self._side.setDevicePixelRatio(ratio)
            self._side.fill(QColor(self.theme.window))
            painter = QPainter(self._side)
            painter.setFont(self.font())
            self.draw_side(painter)
            painter.setPen(QColor(self.theme.line))
            painter.drawLine(self._left_width - 1, 0, self._left_width - 1, self.area.bottom() + 1)
            painter.end()
        return self._side

    def _draw_selection(self, painter: QPainter) -> None:
        if self.viewport_.selection is None:
            return
        left, right = (self.x_of(edge) for edge in self.viewport_.selection)
        accent = QColor(self.theme.accent)
        painter.setPen(accent)
        for x in (left, right):
            painter.drawLine(QPointF(x, 0), QPointF(x, self.area.bottom()))
        accent.setAlpha(_SELECTED_ALPHA)
        painter.fillRect(QRectF(left, 0, right - left, self.area.height()), accent)

    def _draw_playhead(self, painter: QPainter) -> None:
        shadow = QColor(self.theme.base)  # so that it stands out on any colour
        shadow.setAlpha(_SHADOW_ALPHA)
        x, height = self._playhead_x, self.area.height()
        painter.fillRect(QRectF(x - 2, 0, 5, height), shadow)
        painter.fillRect(QRectF(x, 0, 1.5, height), QColor(self.theme.playhead))

    def _playhead_place(self) -> int:
        """Return where the playhead is; at the right edge so that it can be seen."""
        place = int(self.x_of(self.viewport_.playhead))
        return place - 1 if place == self.area.right() + 1 else place

    @Slot()
    def _move_playhead(self) -> None:
        before, self._playhead_x = self._playhead_x, self._playhead_place()
        if before != self._playhead_x:
            for x in (before, self._playhead_x):
                self.update(x - _PLAYHEAD_PIXELS, 0, 2 * _PLAYHEAD_PIXELS, self.area.height())

    # Qt's events

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Redraw for the new size."""
        super().resizeEvent(event)
        self._side = None
        self._dirty = True

    def showEvent(self, event: QShowEvent) -> None:
        """Redraw what changed while nobody could see it."""
        super().showEvent(event)
        self._dirty = True

    def changeEvent(self, event: QEvent) -> None:
        """Draw the names anew in another font."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self._side = None

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zoom in time, with Shift or a sideways wheel pan in time, with Ctrl zoom in height."""
        event.accept()
        turned = event.angleDelta()
        place = event.position()
        if turned.x():
            self.viewport_.pan_time(-0.15 * turned.x() / 120.0)
        elif event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            self.viewport_.pan_time(-0.15 * turned.y() / 120.0)
        elif event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.zoom_height(1.25 ** (turned.y() / 120.0), place.y())
        else:
            self.viewport_.zoom_time(1.25 ** (turned.y() / 120.0), around=self.time_at(place.x()))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Begin a click or a drag."""
        event.accept()
        self._last = event.position()
        self._pressed = self._last if self.area.contains(self._last.toPoint()) else None
        self._dragging = False

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Drag, or tell what lies under the pointer."""
        place = event.position()
        if self._pressed is not None and event.buttons():
            left = bool(event.buttons() & Qt.MouseButton.LeftButton)
            if not self._dragging and (place - self._pressed).manhattanLength() >= _DRAG_PIXELS:
                self._dragging = True
                if left:
                    self.begin_drag(self._pressed)
            if self._dragging and left:
                self.drag(place)
            elif self._dragging:
                self.pan(self._last, place)
            self._last = place
        self.point_at(place)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """End a drag, or click."""
        event.accept()
        if self._dragging and event.button() == Qt.MouseButton.LeftButton:
            self.end_drag()
        elif self._pressed is not None and not self._dragging:
            self.click(event)
        self._pressed, self._dragging = None, False

    def leaveEvent(self, event: QEvent) -> None:
        """Clear the readout."""
        super().leaveEvent(event)
        self.pointed.emit("")

    # What the mouse does

    def zoom_height(self, factor: float, y: float) -> None:
        """Zoom in the other direction; a view without one ignores it."""

    def click(self, event: QMouseEvent) -> None:
        """Seek."""
        if event.button() == Qt.MouseButton.LeftButton:
            self.sought.emit(self.time_at(event.position().x()))

    def begin_drag(self, place: QPointF) -> None:
        """Begin to select, or take an edge of the selection."""
        self._anchor = seconds = self.time_at(place.x())
        if self.viewport_.selection is not None:
            start, stop = self.viewport_.selection
            tolerance = _EDGE_PIXELS * self.pixel_seconds * self.devicePixelRatioF()
            if abs(seconds - start) <= tolerance:
                self._anchor = stop
            elif abs(seconds - stop) <= tolerance:
                self._anchor = start

    def drag(self, place: QPointF) -> None:
        """Select up to here."""
        if self._anchor is not None:
            self.viewport_.select((self._anchor, self.time_at(place.x())))

    def end_drag(self) -> None:
        """Leave the selection as it is."""
        self._anchor = None

    def pan(self, before: QPointF, now: QPointF) -> None:
        """Move what is visible with the pointer."""
        moved = self.time_at(before.x()) - self.time_at(now.x())
        self.viewport_.show_time(self.viewport_.start + moved, self.viewport_.seconds)

    def point_at(self, place: QPointF) -> None:
        """Tell what lies under the pointer."""
        inside = self.area.contains(place.toPoint()) and self.viewport_.duration
        self.pointed.emit(self.describe(self.time_at(place.x()), self.height_at(place.y())) if inside else "")

    def describe(self, seconds: float, height: float) -> str:  # noqa: ARG002 (for views that say more)
        """Return what lies under the pointer, in words."""
        return clock(seconds, 0.01)
