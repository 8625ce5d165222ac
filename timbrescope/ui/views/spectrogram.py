"""The scrolling log-mel spectrogram."""

from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QPainter

from timbrescope.core import picture
from timbrescope.core.clock import clock
from timbrescope.core.mel import note_hz, note_name
from timbrescope.settings import Settings
from timbrescope.ui.phonemes_heard import PhonemesHeard
from timbrescope.ui.session import Session
from timbrescope.ui.theme import Theme, picture_colours
from timbrescope.ui.viewport import Viewport
from timbrescope.ui.views.base import TimeBox, TimeView
from timbrescope.ui.views.pitch_curve import PitchCurve

AXIS_WIDTH = 56
_HERTZ = (20, 50, 100, 200, 300, 500, 700, 1000, 1500, 2000, 3000, 4000, 5000, 7000, 10_000, 14_000, 20_000)
_MIDI_RANGE = range(16, 136)
_PIXELS_PER_LABEL = 18


class FrequencyAxis(pg.AxisItem):
    """Names of notes or frequencies in hertz at the bands of the picture."""

    def __init__(self, labels: str) -> None:
        super().__init__("left")
        self._labels = labels
        self._names: dict[float, str] = {}

    def set_labels(self, labels: str) -> None:
        """Choose ``notes`` or ``hertz``."""
        self._labels = labels
        self.picture = None  # pyqtgraph's cached drawing
        self.update()

    def tickValues(self, minimum: float, maximum: float, size: float) -> list[tuple[float, list[float]]]:
        """Return the ticks with room for their names: Cs first, then other notes where there is space."""
        ranked: list[list[tuple[float, str]]]
        if self._labels == "hertz":
            ranked = [[(hz, f"{hz / 1000:g} kHz" if hz >= 1000 else f"{hz} Hz") for hz in _HERTZ]]
        else:
            classes = ((0,), (7,), (4, 9), (2, 5, 11), (1, 3, 6, 8, 10))
            ranked = [
                [(note_hz(midi), note_name(note_hz(midi))) for midi in _MIDI_RANGE if midi % 12 in group]
                for group in classes
            ]
        needed = _PIXELS_PER_LABEL * (maximum - minimum) / max(size, 1.0)
        self._names = {}
        for group in ranked:
            for hz, name in group:
                band = float(picture.band_of(hz))
                inside = minimum + needed / 2 <= band <= maximum - needed / 2 and picture.FMIN <= hz <= picture.FMAX
                if inside and all(abs(band - other) >= needed for other in self._names):
                    self._names[band] = name
        return [(1.0, list(self._names))]

    def tickStrings(self, values: list[float], _scale: float, _spacing: float) -> list[str]:
        """Name the ticks."""
        return [self._names.get(value, "") for value in values]


class SpectrogramBox(TimeBox):
    """Adds the frequency direction."""

    def zoom_height(self, factor: float, scene_position: QPointF) -> None:
        """Zoom in frequency around the pointer."""
        self.viewport.zoom_bands(factor, around=self.mapSceneToView(scene_position).y())

    def pan(self, before: QPointF, now: QPointF) -> None:
        """Move in time and in frequency."""
        moved = self.mapSceneToView(before).y() - self.mapSceneToView(now).y()
        super().pan(before, now)
        self.viewport.show_bands(self.viewport.low_band + moved, self.viewport.high_band + moved)


class _SmoothImage(pg.ImageItem):
    """An image whose pixels melt into each other when it is enlarged."""

    def paint(self, painter: QPainter, *arguments: Any) -> None:
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        super().paint(painter, *arguments)


class SpectrogramView(TimeView):
    """Frames of the picture over time, coloured by level, and over them the pitch of a voice where one is followed."""

    def __init__(
        self, session: Session, heard: PhonemesHeard, viewport: Viewport, theme: Theme, settings: Settings
    ) -> None:
        self._session = session
        self._image = _SmoothImage()
        self._frequency_axis = FrequencyAxis(settings.frequency_labels)
        super().__init__(viewport, theme, SpectrogramBox(viewport), self._frequency_axis, AXIS_WIDTH)
        self.plotItem.addItem(self._image, ignoreBounds=True)
        self._pitch = PitchCurve(session, heard, viewport, self.plotItem)
        self.setAccessibleName("Spectrogram")
        self.setAccessibleDescription("Level of each frequency over time; click to seek, drag to select")
        session.changed.connect(self.mark_dirty)
        heard.changed.connect(self.mark_dirty)
        session.opening.connect(self.mark_dirty)
        self.set_settings(settings)

    def set_settings(self, settings: Settings) -> None:
        """Take other colours or names on the axis."""
        self._image.setLookupTable(picture_colours(settings.colour_map, settings.range_db, settings.gain_db))
        self._frequency_axis.set_labels(settings.frequency_labels)
        self.mark_dirty()

    def redraw(self) -> None:
        """Draw the visible stretch, reduced to the columns of the screen."""
        super().redraw()
        viewport = self.viewport_
        self.box.setYRange(viewport.low_band, viewport.high_band, padding=0)
        self._pitch.redraw(self.columns_wanted())
        columns = self._session.timeline.mel.columns(viewport.start, viewport.stop, self.columns_wanted())
        if not len(columns.frames):
            self._image.clear()
            return
        low, high = int(viewport.low_band), int(np.ceil(viewport.high_band))
        pixels = np.ascontiguousarray(columns.frames[:, low:high].T)
        self._image.setImage(pixels, autoLevels=False, levels=(0, 255))
        hop = picture.HOP_SECONDS
        width = len(columns.frames) * columns.step * hop
        self._image.setRect(QRectF(columns.first * hop, low, width, high - low))

    def describe(self, seconds: float, y: float) -> str:
        """Return time, frequency, note and level under the pointer."""
        hz = float(picture.hz_of(y))
        frame = self._session.timeline.mel.at(seconds)
        text = f"{clock(seconds, 0.01)}   {hz:,.0f} Hz   {note_name(hz)}"
        if frame is None or not 0 <= int(y) < picture.N_MELS:
            return text
        return f"{text}   {float(picture.decibels(frame[int(y)])):.0f} dB{self._pitch.describe(seconds)}"
