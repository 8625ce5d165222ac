"""The overview: the waveform of the whole recording, and which part of it is visible below."""

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt, Slot
from PySide6.QtGui import QColor, QImage, QPainter, QWheelEvent

from timbrescope.ui.session import Session
from timbrescope.ui.theme import Theme
from timbrescope.ui.viewport import Viewport
from timbrescope.ui.views.base import AXIS_HEIGHT, TimeView
from timbrescope.ui.views.scrolling import packed
from timbrescope.ui.views.spectrogram import AXIS_WIDTH

HEIGHT = 84
_INT16_MAX = 32767
_FILLED = 0.96  # of the height by full scale
_SHADE_ALPHA = 28


class OverviewView(TimeView):
    """Always shows the recording from end to end; a wheel zooms the views below."""

    def __init__(self, session: Session, viewport: Viewport, theme: Theme) -> None:
        self._session = session
        self._image = QImage()
        self._has_grown = False
        self._shown = (0.0, 0.01)  # what was drawn, from and for how long
        self._visible = (0, 0)  # where the part that is visible below begins and ends
        super().__init__(viewport, theme, AXIS_WIDTH, AXIS_HEIGHT)
        self.setFixedHeight(HEIGHT)
        self.setCursor(Qt.CursorShape.ArrowCursor)
        self.setAccessibleName("Overview")
        self.setAccessibleDescription("Waveform of the whole recording; click to seek, drag to select")
        viewport.moved.disconnect(self.mark_dirty)
        viewport.moved.connect(self._on_moved)
        session.changed.connect(self._mark_grown)
        session.finished.connect(self.mark_dirty)
        session.opening.connect(self.mark_dirty)

    @property
    def span(self) -> tuple[float, float]:
        """The whole recording, as it was drawn last."""
        return self._shown

    def slow_tick(self) -> None:
        """Ask for what has been added meanwhile: a live input grows by less than a pixel at a time, and often."""
        if self._has_grown:
            self._has_grown = False
            self.mark_dirty()

    @Slot()
    def _mark_grown(self) -> None:
        self._has_grown = True

    @Slot()
    def _on_moved(self) -> None:
        if self._session.sitting is None and self._shown[1] != max(self.viewport_.duration, 0.01):
            self.mark_dirty()
        if self._visible_place() != self._visible:
            self._visible = self._visible_place()
            self.update(self.area)

    def _visible_place(self) -> tuple[int, int]:
        viewport = self.viewport_
        if viewport.seconds >= viewport.duration:
            return 0, 0
        return round(self.x_of(viewport.start)), round(self.x_of(viewport.stop))

    def _playhead_place(self) -> int:
        """Keep it in sight where it is ahead of what was drawn last."""
        return min(super()._playhead_place(), self.area.right())

    def redraw(self) -> None:
        """Draw the peaks of every column of the screen as an upright line."""
        duration = max(self.viewport_.duration, 0.01)
        self._shown = (0.0, duration)
        height, width = self.rows_wanted(), self.columns_wanted()
        pixels = np.full((height, width), packed(self.theme.base), np.uint32)
        track = self._session.timeline.peaks
        columns = track.columns(0.0, duration, width)
        if len(columns.frames):
            places = (np.arange(width) * (duration / width) / (columns.step * track.hop_seconds)).astype(np.intp)
            count = int(np.count_nonzero(places < len(columns.frames)))
            low = np.minimum.reduceat(columns.frames[:, 0], places[:count])
            high = np.maximum.reduceat(columns.frames[:, 1], places[:count])
            bottom, top = (np.rint((1 - _FILLED * edge / _INT16_MAX) * (height - 1) / 2) for edge in (low, high))
            rows = np.arange(height)[:, None]
            pixels[:, :count][(rows >= top) & (rows <= bottom)] = packed(self.theme.waveform)
        self._image = QImage(pixels.data, width, height, 4 * width, QImage.Format.Format_RGB32).copy()
        self._visible = self._visible_place()
        super().redraw()

    def draw(self, painter: QPainter) -> None:
        """Draw the waveform, and what is visible below as a lighter stretch."""
        painter.drawImage(QRectF(self.area), self._image)
        left, right = self._visible
        if left < right:
            shade = QColor(self.theme.text)
            shade.setAlpha(_SHADE_ALPHA)
            painter.fillRect(QRectF(left, 0, right - left, self.area.height()), shade)
            painter.setPen(QColor(self.theme.muted))
            for x in (left, right - 1):
                painter.drawLine(x, 0, x, self.area.bottom())

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zoom the views below."""
        event.accept()
        self.viewport_.zoom_time(1.25 ** (event.angleDelta().y() / 120.0), around=self.time_at(event.position().x()))

    def pan(self, before: QPointF, now: QPointF) -> None:
        """Move what is visible below with the pointer."""
        moved = self.time_at(now.x()) - self.time_at(before.x())
        self.viewport_.show_time(self.viewport_.start + moved, self.viewport_.seconds)
