"""The scrolling log-mel spectrogram."""

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter

from timbrescope.core import picture
from timbrescope.core.clock import clock
from timbrescope.core.mel import note_hz, note_name
from timbrescope.settings import Settings
from timbrescope.ui.phonemes_heard import PhonemesHeard
from timbrescope.ui.session import Session
from timbrescope.ui.theme import Theme, picture_colours
from timbrescope.ui.viewport import Viewport
from timbrescope.ui.views.base import AXIS_HEIGHT, TimeView
from timbrescope.ui.views.pitch_curve import PitchCurve
from timbrescope.ui.views.scrolling import Pixels, ScrollingImage, packed, packed_table

AXIS_WIDTH: Final = 56
_HERTZ: Final = (
    20, 50, 100, 200, 300, 500, 700, 1000, 1500, 2000, 3000, 4000, 5000, 7000, 10_000, 14_000, 20_000,
)  # fmt: skip
_MIDI_RANGE: Final = range(16, 136)
_PITCH_CLASSES: Final = ((0,), (7,), (4, 9), (2, 5, 11), (1, 3, 6, 8, 10))  # named first to last
_PIXELS_PER_LABEL: Final = 18
_TICK: Final = 5


def frequency_names(labels: str, low: float, high: float, pixels: float) -> dict[float, str]:
    """Return the names beside the picture by the band at which they stand, as many as there is room for.

    Args:
        labels: ``notes``, of which Cs come first, or ``hertz``.
        low: the lowest visible band.
        high: the highest one.
        pixels: how high the picture is.
    """
    if labels == "hertz":
        ranked = [[(float(hz), f"{hz / 1000:g} kHz" if hz >= 1000 else f"{hz} Hz") for hz in _HERTZ]]
    else:
        ranked = [
            [(note_hz(midi), note_name(note_hz(midi))) for midi in _MIDI_RANGE if midi % 12 in group]
            for group in _PITCH_CLASSES
        ]
    needed = _PIXELS_PER_LABEL * (high - low) / max(pixels, 1.0)
    names: dict[float, str] = {}
    for group in ranked:
        for hz, name in group:
            band = float(picture.band_of(hz))
            inside = low + needed / 2 <= band <= high - needed / 2 and picture.FMIN <= hz <= picture.FMAX
            if inside and all(abs(band - other) >= needed for other in names):
                names[band] = name
    return names


class SpectrogramView(TimeView):
    """Frames of the picture over time, coloured by level, and over them the pitch of a voice where one is followed."""

    def __init__(
        self, session: Session, heard: PhonemesHeard, viewport: Viewport, theme: Theme, settings: Settings
    ) -> None:
        self._session = session
        self._image = ScrollingImage()
        self._pitch = PitchCurve(session, heard)
        self._runs = 0  # how often all was drawn anew
        self._names_are_old = True
        self._rows_drawn: tuple[tuple[float, float], int] | None = None
        super().__init__(viewport, theme, AXIS_WIDTH, AXIS_HEIGHT)
        self.setAccessibleName("Spectrogram")
        self.setAccessibleDescription("Level of each frequency over time; click to seek, drag to select")
        session.changed.connect(self.mark_dirty)
        heard.changed.connect(self.mark_dirty)
        for everything in (session.opening, session.recognising, session.finished):
            everything.connect(self._forget)
        self.set_settings(settings)

    def set_settings(self, settings: Settings) -> None:
        """Take other colours or names on the axis."""
        self._table = packed_table(picture_colours(settings.colour_map, settings.range_db, settings.gain_db))
        self._labels = settings.frequency_labels
        self.mark_side()
        self._forget()

    def set_theme(self, theme: Theme) -> None:
        """Take other colours."""
        super().set_theme(theme)
        self._forget()

    def _forget(self) -> None:
        self._runs += 1
        self.mark_dirty()

    @property
    def edges(self) -> tuple[float, float]:
        """The highest and the lowest visible band."""
        return self.viewport_.high_band, self.viewport_.low_band

    def slow_tick(self) -> None:
        """Name the notes that have been sung meanwhile."""
        self._names_are_old = True

    def redraw(self) -> None:
        """Draw what is new in the visible stretch."""
        edges, rows, seconds = self.edges, self.rows_wanted(), self.pixel_seconds
        if (edges, rows) != self._rows_drawn:
            self._rows_drawn = (edges, rows)
            self._below, self._above, self._share = _blend(edges, rows)
            self.mark_side()
        track = self._session.timeline.mel
        settled = min(track.settled_pixels(seconds), self._pitch.settled_pixels(seconds))
        key = (self._runs, seconds, edges)
        shows = self._image.show(
            self.first_pixel, (rows, self.columns_wanted()), settled, key, self._fill, self._draw_pitch
        )
        if self._names_are_old:
            self._names_are_old = False
            start, visible = self.span
            shows |= self._pitch.name(start, visible, self.area.width())
        if shows:
            super().redraw()

    def _fill(self, first: int, stop: int) -> Pixels:
        """Return columns of pixels: the strongest of the frames in each, or what lies between two frames."""
        pixels = np.full((self.rows_wanted(), stop - first), packed(self.theme.base), np.uint32)
        track, seconds = self._session.timeline.mel, self.pixel_seconds
        if seconds < track.hop_seconds:
            start, frames = _between(track.read, len(track), first, stop, seconds / track.hop_seconds)
        else:
            start, strongest = track.pixels(first, stop, seconds)
            frames = strongest.astype(np.float32)
        if len(frames):
            levels = frames.T[self._below] * (1 - self._share) + frames.T[self._above] * self._share
            pixels[:, start - first : start - first + len(frames)] = self._table[np.rint(levels).astype(np.uint8)]
        return pixels

    def _draw_pitch(self, painter: QPainter, first: int, stop: int) -> None:
        self._pitch.draw(painter, first, stop, self.pixel_seconds, self._row_of, self.devicePixelRatioF())

    def _row_of(self, bands: NDArray[np.floating]) -> NDArray[np.floating]:
        upper, lower = self.edges
        return np.asarray((bands - upper) / (lower - upper) * self.rows_wanted())

    def draw(self, painter: QPainter) -> None:
        """Draw the picture and the names of what is sung."""
        self._image.draw(painter, QPointF(self.area.topLeft()), self.devicePixelRatioF())
        x = self.x_of(0.0)
        self._pitch.draw_names(painter, (x, (self.x_of(1.0) - x)), self.y_of)

    def draw_side(self, painter: QPainter) -> None:
        """Draw the names of notes or frequencies at their bands."""
        upper, lower = self.edges
        height = painter.fontMetrics().height()
        right = self.area.left() - 1
        for band, name in frequency_names(self._labels, lower, upper, self.area.height()).items():
            y = self.y_of(band)
            painter.setPen(QColor(self.theme.line))
            painter.drawLine(QPointF(right - _TICK, y), QPointF(right, y))
            painter.setPen(QColor(self.theme.muted))
            box = QRectF(0, y - height / 2, right - _TICK - 1, height)
            painter.drawText(box, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, name)

    def zoom_height(self, factor: float, y: float) -> None:
        """Zoom in frequency around the pointer."""
        self.viewport_.zoom_bands(factor, around=self.height_at(y))

    def pan(self, before: QPointF, now: QPointF) -> None:
        """Move in time and in frequency."""
        moved = self.height_at(before.y()) - self.height_at(now.y())
        super().pan(before, now)
        self.viewport_.show_bands(self.viewport_.low_band + moved, self.viewport_.high_band + moved)

    def describe(self, seconds: float, height: float) -> str:
        """Return time, frequency, note and level under the pointer."""
        hz = float(picture.hz_of(height))
        frame = self._session.timeline.mel.at(seconds)
        text = f"{clock(seconds, 0.01)}   {hz:,.0f} Hz   {note_name(hz)}"
        if frame is None or not 0 <= int(height) < picture.N_MELS:
            return text
        return f"{text}   {float(picture.decibels(frame[int(height)])):.0f} dB{self._pitch.describe(seconds)}"


def _blend(edges: tuple[float, float], rows: int) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float32]]:
    """Return the two bands that each row of pixels lies between, and the share of the second one, shape (rows, 1)."""
    upper, lower = edges
    centres = np.clip(upper + (np.arange(rows) + 0.5) / rows * (lower - upper) - 0.5, 0, picture.N_MELS - 1)
    below = np.minimum(centres.astype(np.intp), picture.N_MELS - 2)
    return below, below + 1, (centres - below).astype(np.float32)[:, None]


def _between(
    read: Callable[[int, int], NDArray[np.uint8]], count: int, first: int, stop: int, frames_a_pixel: float
) -> tuple[int, NDArray[np.float32]]:
    """Return the first of some pixels that there is, and what lies at the middle of each between two frames."""
    stop = min(stop, int(np.ceil(count / frames_a_pixel)))
    if not count or stop <= first:
        return first, np.empty((0, picture.N_MELS), np.float32)
    places = np.clip((np.arange(first, stop) + 0.5) * frames_a_pixel - 0.5, 0, count - 1)
    before = places.astype(np.intp)
    after = np.minimum(before + 1, count - 1)
    frames = read(int(before[0]), int(after[-1]) + 1).astype(np.float32)
    share = (places - before).astype(np.float32)[:, None]
    low = int(before[0])
    return first, frames[before - low] * (1 - share) + frames[after - low] * share
