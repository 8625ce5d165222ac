"""The singer at the playhead: the sung vowel large, note and cents, vibrato, and the vowel chart."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from timbrescope.core import phonemes
from timbrescope.core.errors import LabelError
from timbrescope.core.mel import note_name
from timbrescope.core.segments import Segment, index_at
from timbrescope.core.voice import F0, FIRST_FORMANT, HIGHEST_FOR_FORMANTS, HOP_SECONDS, SECOND_FORMANT, vibrato
from timbrescope.recognition.voice import has_formants
from timbrescope.ui.annotation import Annotation
from timbrescope.ui.phonemes_heard import PhonemesHeard
from timbrescope.ui.session import Session
from timbrescope.ui.theme import Theme
from timbrescope.ui.viewport import Viewport
from timbrescope.ui.views.segment_item import group_colour
from timbrescope.ui.views.vowel_chart import draw_chart

_TRAIL_SECONDS: Final = 2.0
_VIBRATO_SECONDS: Final = 1.0
_SMOOTHING: Final = 5  # rows
_NOTE_ROWS: Final = 20  # about a swing of a vibrato
_NOTE_HEIGHT: Final = 36
_MARGIN: Final = 12
_SYMBOL_HEIGHT: Final = 104
_ROW: Final = 24
_CHART_HEIGHT: Final = 230


@dataclass(frozen=True, slots=True)
class _Readout:
    """What is read rather than watched; it changes seldom enough for that."""

    note: str = "–"
    cents: float | None = None
    vibrato: str = "–"


class VoiceView(QWidget):
    """Follows the playhead."""

    def __init__(
        self, session: Session, viewport: Viewport, heard: PhonemesHeard, annotation: Annotation, theme: Theme
    ) -> None:
        super().__init__()
        self._session = session
        self._viewport = viewport
        self._heard = heard
        self._annotation = annotation
        self._theme = theme
        self._readout = _Readout()
        self._shown: tuple[object, ...] = ()
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Expanding)
        self.setAccessibleName("Voice")

    def set_theme(self, theme: Theme) -> None:
        """Take other colours."""
        self._theme = theme
        self.update()

    @property
    def has_something(self) -> bool:
        """Whether a voice is followed, phonemes are heard or an annotation is open."""
        timeline = self._session.timeline
        followed = self._session.settings.follows_voice({spec.kind for spec in timeline.score_specs.values()})
        return followed or len(timeline.voice) > 0 or self._heard.spec is not None or self._annotation.is_open

    @property
    def segment(self) -> Segment | None:
        """What is sung at the playhead: what a person says, else what the model hears."""
        for segments in (self._annotation.segments, self._heard.segments):
            index = index_at(segments, self._viewport.playhead)
            if index is not None:
                return segments[index]
        live = self._session.sitting is not None and self._heard.segments
        return self._heard.segments[-1] if live else None

    def tick(self) -> None:
        """Redraw where the playhead has moved or more is known."""
        shown = (self._viewport.playhead, len(self._session.timeline.voice), self.segment)
        if shown != self._shown and self.isVisible():
            self._shown = shown
            self.update()

    def slow_tick(self) -> None:
        """Read note and vibrato anew."""
        rows = self._rows(_VIBRATO_SECONDS)
        f0 = _steady(rows[-_NOTE_ROWS:, F0])
        swing = vibrato(rows[:, F0])
        words = "–" if swing is None else f"{swing.rate_hz:.1f} Hz, ±{swing.extent_cents:.0f} ¢"
        readout = _Readout()
        if f0 > 0:
            name, _, cents = note_name(f0).partition(" ")
            readout = _Readout(name, float(cents.rstrip("¢") or 0), words)
        if readout != self._readout:
            self._readout = readout
            self.setAccessibleDescription(self._spoken())
            self.update()

    def _spoken(self) -> str:
        segment, readout = self.segment, self._readout
        sound = f"Sound: {segment.label}. " if segment else ""
        cents = "" if readout.cents is None else f" {readout.cents:+.0f} cents"
        return f"{sound}Note: {readout.note}{cents}. Vibrato: {readout.vibrato}"

    def _rows(self, seconds: float) -> NDArray[np.float32]:
        """Return the rows before the playhead; live, where that is ahead of what is known, the newest."""
        track = self._session.timeline.voice
        stop = min(int(self._viewport.playhead / HOP_SECONDS) + 1, len(track))
        return np.asarray(track.read(max(0, stop - round(seconds / HOP_SECONDS)), stop))

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw all from top to bottom."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        width = self.width() - 2 * _MARGIN
        y = float(_MARGIN)
        if self._heard.spec is not None or self._annotation.is_open:
            self._draw_symbol(painter, QRectF(_MARGIN, y, width, _SYMBOL_HEIGHT))
            y += _SYMBOL_HEIGHT + 6
        if not len(self._session.timeline.voice):
            return
        y = self._draw_note(painter, y, width)
        height = min(_CHART_HEIGHT * width / 240, self.height() - y - _MARGIN - _NOTE_HEIGHT)
        if height > 80:
            self._draw_vowels(painter, QRectF(_MARGIN, y, width, height))

    def _draw_symbol(self, painter: QPainter, box: QRectF) -> None:
        segment = self.segment
        hue = None if segment is None else group_colour(segment.label)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(self._theme.base))
        painter.drawRoundedRect(box, 6, 6)
        if segment is None:
            return
        if hue is not None:
            painter.fillRect(QRectF(box.left(), box.top() + 6, 5, box.height() - 12), QColor(hue))
        font = QFont(self.font())
        font.setPixelSize(60 if hue else 26)
        painter.setFont(font)
        painter.setPen(QColor(self._theme.text if hue else self._theme.muted))
        painter.drawText(box.adjusted(0, 0, 0, -22), Qt.AlignmentFlag.AlignCenter, segment.label)
        painter.setFont(self.font())
        painter.setPen(QColor(self._theme.muted))
        score = "" if segment.score is None else f"   {segment.score:.0%}"
        below = box.adjusted(12, box.height() - 26, -8, 0)
        painter.drawText(below, Qt.AlignmentFlag.AlignCenter, _name(segment.label) + score)

    def _draw_note(self, painter: QPainter, y: float, width: float) -> float:
        """Draw note, cents and vibrato; return where what follows begins."""
        readout, theme = self._readout, self._theme
        bold = QFont(self.font())
        bold.setBold(True)
        left, right = Qt.AlignmentFlag.AlignLeft, Qt.AlignmentFlag.AlignRight
        cents = "" if readout.cents is None else f"{readout.cents:+.0f} ¢"
        for title, words, more in (("Note", readout.note, cents), ("Vibrato", readout.vibrato, "")):
            row = QRectF(_MARGIN, y, width, _ROW)
            painter.setPen(QColor(theme.muted))
            painter.drawText(row, left | Qt.AlignmentFlag.AlignVCenter, title)
            painter.setPen(QColor(theme.text))
            painter.setFont(bold)
            painter.drawText(row.adjusted(64, 0, 0, 0), left | Qt.AlignmentFlag.AlignVCenter, words)
            painter.setFont(self.font())
            painter.drawText(row, right | Qt.AlignmentFlag.AlignVCenter, more)
            y += _ROW
            if title == "Note":
                self._draw_cents(painter, QRectF(_MARGIN, y + 2, width, 8))
                y += 14
        return y + 8

    def _draw_cents(self, painter: QPainter, box: QRectF) -> None:
        """Draw how far off the note the voice is: a semitone wide, the note in the middle."""
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(self._theme.line))
        painter.drawRoundedRect(box, 4, 4)
        painter.fillRect(QRectF(box.center().x() - 1, box.top() - 2, 2, box.height() + 4), QColor(self._theme.muted))
        if self._readout.cents is not None:
            x = box.center().x() + box.width() / 2 * float(np.clip(self._readout.cents / 50, -1, 1)) * 0.96
            painter.setBrush(QColor(self._theme.accent))
            painter.drawEllipse(QRectF(x - 5, box.center().y() - 5, 10, 10))

    def _draw_vowels(self, painter: QPainter, area: QRectF) -> None:
        rows = self._rows(_TRAIL_SECONDS)
        formants = _smoothed(rows[:, [FIRST_FORMANT, SECOND_FORMANT]])
        clear = (rows[:, F0] > 0) & (rows[:, F0] <= HIGHEST_FOR_FORMANTS)
        stop = min(int(self._viewport.playhead / HOP_SECONDS) + 1, len(self._session.timeline.voice))
        times = (stop - len(rows) + np.arange(len(rows)) + 0.5) * HOP_SECONDS
        labels = [self._label_at(float(time)) for time in times]
        clear &= np.array([label is None or _is_vowel(label) for label in labels], bool)
        trail = np.where(clear[:, None], formants, 0.0)
        colours = [None if label is None else group_colour(label) for label in labels]
        draw_chart(painter, area, self._theme, trail, colours)
        if note := self._why_empty(rows):
            painter.setPen(QColor(self._theme.muted))
            below = QRectF(area.left(), area.bottom() + 2, area.width(), _NOTE_HEIGHT)
            painter.drawText(below, Qt.AlignmentFlag.AlignHCenter | Qt.TextFlag.TextWordWrap, note)

    def _why_empty(self, rows: NDArray[np.float32]) -> str:
        if not has_formants():
            return "Formants need the package praat-parselmouth"
        high = len(rows) > 0 and rows[-1, F0] > HIGHEST_FOR_FORMANTS
        return f"Above {HIGHEST_FOR_FORMANTS:.0f} Hz formants cannot be told" if high else ""

    def _label_at(self, seconds: float) -> str | None:
        segments = self._heard.segments
        index = index_at(segments, seconds)
        return None if index is None else segments[index].label


def _steady(f0: NDArray[np.float32]) -> float:
    """Return the pitch in Hz around which a voice swings; 0 where it has paused."""
    return float(np.median(f0[f0 > 0])) if len(f0) and f0[-1] > 0 else 0.0


def _is_vowel(label: str) -> bool:
    try:
        return phonemes.group(label) in phonemes.VOWEL_GROUPS
    except LabelError:
        return True  # a label of one's own: who knows


def _name(label: str) -> str:
    try:
        return phonemes.groups()[phonemes.group(label)].name
    except LabelError:
        return ""


def _smoothed(formants: NDArray[np.float32]) -> NDArray[np.float64]:
    if len(formants) < _SMOOTHING:
        return np.asarray(formants, np.float64)
    padded = np.pad(formants, ((_SMOOTHING // 2, _SMOOTHING // 2), (0, 0)), mode="edge")
    windows = np.lib.stride_tricks.sliding_window_view(padded, _SMOOTHING, axis=0)
    return np.asarray(np.median(windows, axis=-1), np.float64)
