"""The pitch of a voice, drawn over the spectrogram with the names of its notes."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable
from typing import Final

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPen

from timbrescope.core import phonemes, picture
from timbrescope.core.mel import note_hz, note_name
from timbrescope.core.voice import F0, Note, notes
from timbrescope.ui.phonemes_heard import PhonemesHeard
from timbrescope.ui.session import Session

_COLOUR: Final = "#7df9ff"
_LEAST_PIXELS: Final = 26  # of a note with a name
_AT_MOST: Final = 80  # names
_NOT_SUNG: Final = (phonemes.SILENCE, phonemes.BREATH)
_LEAST_PAUSE: Final = 0.1  # seconds
_LONGEST_SECONDS: Final = 120.0  # of a stretch in which notes are named
_LINE_PIXELS: Final = 1.6
_SHADOW_PIXELS: Final = 4.0
_MARGIN: Final = 8  # columns of pixels that are drawn on each side, so that a line goes on where others end
_NAME_ALPHA: Final = 150
_NAME_PIXELS: Final = 24


class PitchCurve:
    """A line and names that a view of the spectrogram draws over it.

    Attributes:
        named: the notes whose names are shown.
    """

    def __init__(self, session: Session, heard: PhonemesHeard) -> None:
        self._session = session
        self._heard = heard
        self.named: list[Note] = []
        self._font = QFont()
        self._font.setPointSizeF(self._font.pointSizeF() * 0.85)

    def settled_pixels(self, seconds: float) -> int:
        """Return up to which column of pixels the line stays as it is, however much more is heard."""
        track = self._session.timeline.voice
        if not len(track):
            return np.iinfo(np.int64).max
        settled = track.settled_pixels(seconds)
        if self._heard.spec is not None:
            settled = min(settled, int(self._told_seconds() / seconds))
        return max(0, settled - _MARGIN)

    def _told_seconds(self) -> float:
        """Return up to which time it is known whether somebody sings."""
        if not self._heard.segments:
            return 0.0
        last = self._heard.segments[-1]
        return last.start if last.label in _NOT_SUNG and last.seconds < _LEAST_PAUSE else last.end

    def points(self, first: int, stop: int, seconds: float) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
        """Return the line as times and bands, NaN where nobody sings, of some columns of pixels and a bit more.

        Args:
            first: number of the leftmost column.
            stop: of the first one that is not wanted.
            seconds: how long a column lasts.
        """
        track = self._session.timeline.voice
        hop = track.hop_seconds
        step = track.step_within(seconds / 2)  # at least two points a column
        low = max(0, int((first - _MARGIN) * seconds / hop) // step)
        high = max(low, min(len(track), int((stop + _MARGIN) * seconds / hop) + 1) // step)
        f0 = self._sung(track.groups(low, high, step)[:, F0], low * step * hop, step * hop)
        bands = np.full(len(f0), np.nan)
        voiced = f0 > 0
        bands[voiced] = picture.band_of(f0[voiced])
        return np.asarray((low + np.arange(len(f0)) + 0.5) * step * hop), bands

    def draw(
        self,
        painter: QPainter,
        first: int,
        stop: int,
        seconds: float,
        row_of: Callable[[NDArray[np.floating]], NDArray[np.floating]],
        ratio: float,
    ) -> None:
        """Draw the line over some columns of pixels.

        Args:
            painter: with the left edge of column 0 at x = 0.
            first: number of the leftmost column.
            stop: of the first one that is not wanted.
            seconds: how long a column lasts.
            row_of: turns bands into rows of pixels.
            ratio: pixels of the screen for one of the window.
        """
        times, bands = self.points(first, stop, seconds)
        if not np.isfinite(bands).any():
            return
        # Far from the start of time, a path in single precision would be off by pixels.
        painter.translate(first, 0)
        path = pg.arrayToQPath(times / seconds - first, row_of(bands), connect="finite")
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for colour, width in ((QColor(0, 0, 0, 170), _SHADOW_PIXELS), (QColor(_COLOUR), _LINE_PIXELS)):
            painter.setPen(QPen(colour, width * ratio))
            painter.drawPath(path)

    def name(self, start: float, visible: float, pixels: int) -> bool:
        """Find the notes with room for their names in a stretch of time, and tell whether they are others than before.

        Args:
            start: of the stretch, in seconds.
            visible: its length.
            pixels: its width.
        """
        track, found = self._session.timeline.voice, list[Note]()
        if visible <= _LONGEST_SECONDS and len(track):
            hop = track.hop_seconds
            first = max(0, int(start / hop) - 50)
            rows = track.read(first, int((start + visible) / hop) + 50)
            least = _LEAST_PIXELS * visible / max(1, pixels)
            f0 = self._sung(rows[:, F0], first * hop, hop)
            found = [note for note in notes(f0, first * hop, hop) if note.end - note.start >= least][:_AT_MOST]
        before, self.named = self.named, found
        return found != before

    def draw_names(self, painter: QPainter, time: tuple[float, float], y_of: Callable[[float], float]) -> None:
        """Draw the name of each note above its line.

        Args:
            painter: of the view.
            time: where on it time begins, and how wide a second is.
            y_of: turns bands into places on it.
        """
        if not self.named:
            return
        painter.setFont(self._font)
        painter.setPen(QColor(_COLOUR))
        ground, height = QColor(0, 0, 0, _NAME_ALPHA), painter.fontMetrics().height()
        rows = {note.midi: int(y_of(float(picture.band_of(note_hz(note.midi)))) - 1.5 * height) for note in self.named}
        for note in self.named:
            x = time[0] + (note.start + note.end) / 2 * time[1]
            box = QRect(int(x) - _NAME_PIXELS // 2, rows[note.midi], _NAME_PIXELS, height)
            painter.fillRect(box, ground)
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, note_name(note_hz(note.midi)))

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

    def describe(self, seconds: float) -> str:
        """Return the note that is sung at a time, with its deviation in cents; an empty text where none is."""
        row = self._session.timeline.voice.at(seconds)
        return "" if row is None or row[F0] <= 0 else f"   sung {note_name(float(row[F0]))}"
