"""The overview: the waveform of the whole recording, and which part of it is visible below."""

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPointF, Qt, Slot
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QGraphicsSceneWheelEvent

from timbrescope.ui.session import Session
from timbrescope.ui.theme import Theme
from timbrescope.ui.viewport import Viewport
from timbrescope.ui.views.base import TimeBox, TimeView
from timbrescope.ui.views.spectrogram import AXIS_WIDTH

HEIGHT = 84
_INT16_MAX = 32767


class _OverviewBox(TimeBox):
    """Here a wheel zooms the views below, and dragging with the right button moves what they show."""

    def wheelEvent(self, event: QGraphicsSceneWheelEvent, axis: int | None = None) -> None:  # noqa: ARG002 (pyqtgraph's)
        event.accept()
        self.viewport.zoom_time(1.25 ** (event.delta() / 120.0), around=self.time_at(event.scenePos()))

    def pan(self, before: QPointF, now: QPointF) -> None:
        moved = self.time_at(now) - self.time_at(before)
        self.viewport.show_time(self.viewport.start + moved, self.viewport.seconds)


class OverviewView(TimeView):
    """Always shows the recording from end to end."""

    def __init__(self, session: Session, viewport: Viewport, theme: Theme) -> None:
        self._session = session
        self._curve = pg.PlotCurveItem(connect="pairs", skipFiniteCheck=True)
        self._visible = pg.LinearRegionItem(movable=False)
        self._has_grown = False
        left = pg.AxisItem("left")
        left.setStyle(showValues=False, tickLength=0)
        super().__init__(viewport, theme, _OverviewBox(viewport), left, AXIS_WIDTH)
        self.plotItem.addItem(self._curve, ignoreBounds=True)
        self.plotItem.addItem(self._visible, ignoreBounds=True)
        self.setFixedHeight(HEIGHT)
        self.setCursor(Qt.CursorShape.ArrowCursor)
        self.box.setYRange(-1, 1, padding=0.04)
        self.setAccessibleName("Overview")
        self.setAccessibleDescription("Waveform of the whole recording; click to seek, drag to select")
        viewport.moved.connect(self._show_visible)
        session.changed.connect(self._mark_grown)
        session.finished.connect(self.mark_dirty)
        session.opening.connect(self.mark_dirty)

    def set_theme(self, theme: Theme) -> None:
        """Take other colours."""
        super().set_theme(theme)
        self._curve.setPen(pg.mkPen(theme.waveform, width=1))
        shade = QColor(theme.text)
        shade.setAlpha(28)
        self._visible.setBrush(shade)
        for line in self._visible.lines:
            line.setPen(pg.mkPen(theme.muted, width=1))

    def slow_tick(self) -> None:
        """Ask for what has been added meanwhile: a live input grows by less than a pixel at a time, and often."""
        if self._has_grown:
            self._has_grown = False
            self.mark_dirty()

    @Slot()
    def _mark_grown(self) -> None:
        self._has_grown = True

    @Slot()
    def _show_visible(self) -> None:
        viewport = self.viewport_
        self._visible.setVisible(viewport.seconds < viewport.duration)
        self._visible.setRegion((viewport.start, viewport.stop))

    def redraw(self) -> None:
        """Draw the peaks of every column of the screen as an upright line."""
        duration = max(self.viewport_.duration, 0.01)
        self.box.setXRange(0.0, duration, padding=0)
        track = self._session.timeline.peaks
        columns = track.columns(0.0, duration, self.columns_wanted())
        times = (columns.first + np.arange(len(columns.frames)) * columns.step) * track.hop_seconds
        self._curve.setData(np.repeat(times, 2), columns.frames.ravel() / _INT16_MAX)
