"""Meters: the instruments that sound at the playhead, and the strongest labels there and over the whole recording."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, QSize, Qt, Slot
from PySide6.QtGui import QColor, QFont, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from timbrescope.core.clock import clock
from timbrescope.core.labels import INSTRUMENTS, PHONEMES, TAGS, family
from timbrescope.core.noteworthy import is_covered, known_instruments
from timbrescope.core.now_playing import NowPlaying
from timbrescope.core.timeline import ScoreSpec
from timbrescope.settings import Settings
from timbrescope.ui.session import Session
from timbrescope.ui.theme import Theme
from timbrescope.ui.viewport import Viewport
from timbrescope.ui.views.lane_rows import Row, in_order, rows_of

WIDTH = 264
_ROW = 26
_GAP = 0.8  # rows between two lists
_NOW = 8
_WHOLE = 16
_LEAST = 0.005  # what rounds to 0 % is left out
_MARGIN = 12
_TICK_WIDTH = 4


class Entry(NamedTuple):
    """One bar."""

    label: str
    score: float
    family: str | None
    group: str | None


@dataclass(frozen=True, slots=True)
class _List:
    title: str
    entries: tuple[Entry, ...]
    at_most: int
    when_empty: str = "Nothing recognised yet"


class MetersView(QWidget):
    """Bars for what sounds now, for the labels that are strongest now, and for the recording as a whole.

    Models of instruments fill a calm list of what sounds; the scores of the others at the playhead are shown as they
    are. Unless every tag is wanted, tags that mean the same are one, and those that a model of instruments answers for
    are left to it. The order is that over all groups: it tells what fits best; what a tag is about shows in its colour.
    """

    def __init__(self, session: Session, viewport: Viewport, theme: Theme, settings: Settings) -> None:
        super().__init__()
        self._session = session
        self._viewport = viewport
        self._theme = theme
        self._settings = settings
        self._followers: dict[str, NowPlaying] = {}
        self._playing: tuple[Entry, ...] | None = None  # None until a model of instruments has said something
        self._now: tuple[Entry, ...] = ()
        self._whole: tuple[Entry, ...] = ()
        self.setFixedWidth(WIDTH)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Expanding)
        self.setAccessibleName("Strongest labels")
        session.opening.connect(self._forget)
        session.recognising.connect(self._forget)

    def sizeHint(self) -> QSize:
        """Ask for room for the lists."""
        return QSize(WIDTH, (2 * _NOW + 3) * _ROW)

    def set_theme(self, theme: Theme) -> None:
        """Take other colours."""
        self._theme = theme
        self.update()

    def set_settings(self, settings: Settings) -> None:
        """Take other settings of the list of what sounds."""
        self._settings = settings
        self._forget()

    @Slot()
    def _forget(self) -> None:
        self._followers.clear()

    def slow_tick(self) -> None:
        """Read the scores anew, seldom enough to be read."""
        playing: tuple[Entry, ...] | None = None
        now: list[Entry] = []
        whole: list[Entry] = []
        timeline = self._session.timeline
        instruments = known_instruments(timeline.score_specs.values())
        for spec in in_order(timeline):
            track = timeline.scores[spec.name]
            if not len(track) or spec.kind == PHONEMES:  # those have a lane and a tab of their own
                continue
            rows = rows_of(spec, all_tags=self._settings.all_tags)
            if spec.kind == TAGS and not self._settings.all_tags:
                rows = [row for row in rows if not is_covered(row.label, instruments)]
            # Before the middle of the first window and after that of the last the nearest scores hold.
            last = track.end_seconds - track.hop_seconds / 2
            nearest = float(np.clip(self._viewport.playhead, track.start_seconds, last))
            frame = track.at(nearest)
            if frame is not None and spec.kind == INSTRUMENTS:
                active = self._follower(spec).update(nearest, frame)
                sounding = (Entry(entry.label, entry.level, family(entry.label), None) for entry in active)
                playing = (*(playing or ()), *sounding)
            elif frame is not None:
                now += _entries(rows, frame)
            whole += _entries(rows, timeline.clip_scores(spec.name))
        shown = (playing, _strongest(now), _strongest(whole))
        if shown != (self._playing, self._now, self._whole):
            self._playing, self._now, self._whole = shown
            self.setAccessibleDescription(self._spoken())
            self.update()

    def _follower(self, spec: ScoreSpec) -> NowPlaying:
        if spec.name not in self._followers:
            self._followers[spec.name] = NowPlaying(spec.labels, self._settings.hysteresis, spec.thresholds)
        return self._followers[spec.name]

    def _spoken(self) -> str:
        sentences = []
        if self._playing is not None:
            sentences.append(f"Playing: {_words(self._playing) or 'no instrument'}")
        if self._now:
            sentences.append(f"Now: {_words(self._now[:3])}")
        return ". ".join(sentences) or "Nothing recognised yet"

    def _lists(self) -> list[_List]:
        """Return what fits, from top to bottom."""
        kinds = {spec.kind for spec in self._session.timeline.score_specs.values()}
        lists = 2 + (INSTRUMENTS in kinds and len(kinds) > 1)
        rows = int((self.height() - 2 * _MARGIN) / _ROW - lists - (lists - 1) * _GAP)
        now = max(1, min(_NOW, (rows + 1) // lists))
        result = []
        if INSTRUMENTS in kinds:
            empty = "Nothing recognised yet" if self._playing is None else "No instrument"
            result.append(_List("Now playing", self._playing or (), now, empty))
        if kinds != {INSTRUMENTS}:
            result.append(_List(f"At {clock(self._viewport.playhead)}", self._now[:now], now))
        whole = max(1, min(_WHOLE, rows - now * (lists - 1)))
        result.append(_List("Whole recording", self._whole[:whole], whole))
        return result

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw the lists; each keeps its place however much the one above it holds."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        y = float(_MARGIN)
        for shown in self._lists():
            self._draw(painter, y, shown)
            y += (1 + shown.at_most + _GAP) * _ROW

    def _draw(self, painter: QPainter, y: float, shown: _List) -> None:
        bold = QFont(self.font())
        bold.setBold(True)
        painter.setFont(bold)
        painter.setPen(QColor(self._theme.text))
        width = self.width() - 2 * _MARGIN
        painter.drawText(QRectF(_MARGIN, y, width, _ROW), Qt.AlignmentFlag.AlignVCenter, shown.title)
        painter.setFont(self.font())
        fits = len(shown.entries) <= shown.at_most
        bars = shown.entries if fits else shown.entries[: shown.at_most - 1]
        for entry in bars:
            y += _ROW
            self._bar(painter, QRectF(_MARGIN, y, width, _ROW - 5), entry)
        rest = "" if fits else f"and {len(shown.entries) - len(bars)} more"
        if note := rest or ("" if bars else shown.when_empty):
            painter.setPen(QColor(self._theme.muted))
            painter.drawText(QRectF(_MARGIN, y + _ROW, width, _ROW), Qt.AlignmentFlag.AlignVCenter, note)

    def _bar(self, painter: QPainter, box: QRectF, entry: Entry) -> None:
        dark = self._theme.name == "dark"
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(self._theme.panel if dark else self._theme.line))
        painter.drawRoundedRect(box, 4, 4)
        own = self._theme.label_colour(entry.family, entry.group)
        colour = self._theme.accent if own is None else own
        fill = QColor(colour)
        # Light text keeps a contrast of 4.5 to 1 also on the palest family.
        fill.setAlpha(90 if not dark else 120 if own is None else 80)
        painter.setBrush(fill)
        painter.drawRoundedRect(QRectF(box.left(), box.top(), box.width() * min(entry.score, 1.0), box.height()), 4, 4)
        if own is not None:
            painter.fillRect(QRectF(box.left(), box.top(), _TICK_WIDTH, box.height()), QColor(colour))
        painter.setPen(QColor(self._theme.text))
        inner = box.adjusted(8, 0, -8, 0)
        metrics = painter.fontMetrics()
        text = metrics.elidedText(
            entry.label, Qt.TextElideMode.ElideRight, int(inner.width() - metrics.horizontalAdvance("100 %") - 8)
        )
        painter.drawText(inner, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, text)
        painter.drawText(inner, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, f"{entry.score:.0%}")


def _entries(rows: list[Row], frame: NDArray[np.floating]) -> list[Entry]:
    return [Entry(row.label, row.score(frame), row.family, row.group) for row in rows]


def _strongest(entries: list[Entry]) -> tuple[Entry, ...]:
    return tuple(sorted((entry for entry in entries if entry.score >= _LEAST), key=lambda entry: -entry.score))


def _words(entries: tuple[Entry, ...]) -> str:
    return ", ".join(f"{entry.label} {entry.score:.0%}" for entry in entries)
