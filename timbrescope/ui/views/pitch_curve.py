"""The pitch of a voice, drawn over the spectrogram with the names of its notes."""

from bisect import bisect_left, bisect_right
from typing import Final

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtGui import QColor, QFont

from timbrescope.core import phonemes, picture
from timbrescope.core.mel import note_hz, note_name
from timbrescope.core.voice import F0, Note, notes
from timbrescope.ui.phonemes_heard import PhonemesHeard
from timbrescope.ui.session import Session
from timbrescope.ui.viewport import Viewport

_COLOUR: Final = "#7df9ff"
_LEAST_PIXELS: Final = 26  # of a note with a name
_AT_MOST: Final = 80  # names
_NOT_SUNG: Final = (phonemes.SILENCE, phonemes.BREATH)
_LEAST_PAUSE: Final = 0.1  # seconds
_LONGEST_SECONDS: Final = 120.0  # of a stretch in which notes are named


class PitchCurve:
    """A line and names that somebody puts into a plot of the spectrogram and asks to be redrawn."""

    def __init__(self, session: Session, heard: PhonemesHeard, viewport: Viewport, plot: pg.PlotItem) -> None:
        self._session = session
        self._heard = heard
        self._viewport = viewport
        self._plot = plot
        self._shadow = pg.PlotCurveItem(connect="finite", pen=pg.mkPen(QColor(0, 0, 0, 170), width=4))
        self._line = pg.PlotCurveItem(connect="finite", pen=pg.mkPen(_COLOUR, width=1.6))
        for z, curve in ((6, self._shadow), (7, self._line)):
            curve.setZValue(z)
            plot.addItem(curve, ignoreBounds=True)
        self._names: list[pg.TextItem] = []

    def redraw(self, columns_wanted: int) -> None:
        """Draw the visible stretch; nothing where no voice is followed."""
        viewport, track = self._viewport, self._session.timeline.voice
        columns = track.columns(viewport.start, viewport.stop, 2 * columns_wanted)
        hop = columns.step * track.hop_seconds
        start = columns.first * track.hop_seconds
        f0 = self._sung(columns.frames[:, F0], start, hop)
        bands = np.full(len(f0), np.nan)
        voiced = f0 > 0
        bands[voiced] = picture.band_of(f0[voiced])
        times = start + (np.arange(len(f0)) + 0.5) * hop
        for curve in (self._shadow, self._line):
            curve.setData(times, bands)
        self._name(columns_wanted)

    def _name(self, pixels: int) -> None:
        viewport, track = self._viewport, self._session.timeline.voice
        found: list[Note] = []
        if viewport.seconds <= _LONGEST_SECONDS and len(track):
            hop = track.hop_seconds
            first = max(0, int(viewport.start / hop) - 50)
            rows = track.read(first, int(viewport.stop / hop) + 50)
            least = _LEAST_PIXELS * viewport.seconds / max(1, pixels)
            f0 = self._sung(rows[:, F0], first * hop, hop)
            found = [note for note in notes(f0, first * hop, hop) if note.end - note.start >= least]
        for index, note in enumerate(found[:_AT_MOST]):
            name = self._item(index)
            name.setText(note_name(note_hz(note.midi)))
            name.setPos((note.start + note.end) / 2, float(picture.band_of(note_hz(note.midi))))
            name.show()
        for name in self._names[min(len(found), _AT_MOST) :]:
            name.hide()

    def _sung(self, f0: NDArray[np.float32], start: float, hop: float) -> NDArray[np.float32]:
        """Take out the pitch of what plays where a model of phonemes hears nobody sing."""
        sung = f0.copy()
        segments = self._heard.segments
        stop = start + len(f0) * hop
        first = max(0, bisect_right(segments, start, key=lambda one: one.start) - 1)
        for segment in segments[first : bisect_left(segments, stop, key=lambda one: one.start)]:
            if segment.label in _NOT_SUNG and segment.seconds >= _LEAST_PAUSE:
                low, high = (round((time - start) / hop) for time in (segment.start, segment.end))
                sung[max(0, low) : max(0, high)] = 0.0
        return sung

    def _item(self, index: int) -> pg.TextItem:
        if index == len(self._names):
            name = pg.TextItem(color=_COLOUR, anchor=(0.5, 1.35), fill=pg.mkBrush(0, 0, 0, 150))
            font = QFont()
            font.setPointSizeF(font.pointSizeF() * 0.85)
            name.setFont(font)
            name.setZValue(8)
            self._plot.addItem(name, ignoreBounds=True)
            self._names.append(name)
        return self._names[index]

    def describe(self, seconds: float) -> str:
        """Return the note that is sung at a time, with its deviation in cents; an empty text where none is."""
        row = self._session.timeline.voice.at(seconds)
        return "" if row is None or row[F0] <= 0 else f"   sung {note_name(float(row[F0]))}"
