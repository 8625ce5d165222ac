"""Meters: the strongest labels at the playhead and over the whole recording."""

import numpy as np
from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from timbrescope.core.clock import clock
from timbrescope.ui.session import Session
from timbrescope.ui.theme import Theme
from timbrescope.ui.viewport import Viewport

WIDTH = 264
_ROW = 26
_NOW = 8
_WHOLE = 16
_LEAST = 0.005  # what rounds to 0 % is left out
_MARGIN = 12

Entry = tuple[str, float]


class MetersView(QWidget):
    """Bars for the labels that are strongest now, and below them for the recording as a whole."""

    def __init__(self, session: Session, viewport: Viewport, theme: Theme) -> None:
        super().__init__()
        self._session = session
        self._viewport = viewport
        self._theme = theme
        self._now: list[Entry] = []
        self._whole: list[Entry] = []
        self.setFixedWidth(WIDTH)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Expanding)
        self.setAccessibleName("Strongest labels")

    def sizeHint(self) -> QSize:
        """Ask for room for both lists."""
        return QSize(WIDTH, (2 * _NOW + 3) * _ROW)

    def set_theme(self, theme: Theme) -> None:
        """Take other colours."""
        self._theme = theme
        self.update()

    def slow_tick(self) -> None:
        """Read the scores anew, seldom enough to be read."""
        now: list[Entry] = []
        whole: list[Entry] = []
        timeline = self._session.timeline
        for name, spec in timeline.score_specs.items():
            track = timeline.scores[name]
            if not len(track):
                continue
            # Before the middle of the first window and after that of the last the nearest scores hold.
            nearest = np.clip(self._viewport.playhead, track.start_seconds, track.end_seconds - track.hop_seconds / 2)
            frame = track.at(float(nearest))
            if frame is not None:
                now += zip(spec.labels, map(float, frame), strict=True)
            whole += zip(spec.labels, map(float, timeline.clip_scores(name)), strict=True)
        now, whole = (
            sorted((entry for entry in entries if entry[1] >= _LEAST), key=lambda entry: -entry[1])
            for entries in (now, whole)
        )
        if (now, whole) != (self._now, self._whole):
            self._now, self._whole = now, whole
            spoken = ", ".join(f"{label} {score:.0%}" for label, score in now[:3])
            self.setAccessibleDescription(f"Now: {spoken}" if spoken else "Nothing recognised yet")
            self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw both lists."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        rows = max(2, (self.height() - 2 * _MARGIN) // _ROW - 3)
        now_rows = min(_NOW, (rows + 1) // 2)
        self._section(painter, _MARGIN, f"At {clock(self._viewport.playhead)}", self._now[:now_rows])
        below = _MARGIN + (now_rows + 1.8) * _ROW
        self._section(painter, below, "Whole recording", self._whole[: min(_WHOLE, rows - now_rows)])

    def _section(self, painter: QPainter, y: float, title: str, entries: list[Entry]) -> None:
        bold = QFont(self.font())
        bold.setBold(True)
        painter.setFont(bold)
        painter.setPen(QColor(self._theme.text))
        width = self.width() - 2 * _MARGIN
        painter.drawText(QRectF(_MARGIN, y, width, _ROW), Qt.AlignmentFlag.AlignVCenter, title)
        painter.setFont(self.font())
        y += _ROW
        if not entries:
            painter.setPen(QColor(self._theme.muted))
            painter.drawText(QRectF(_MARGIN, y, width, _ROW), Qt.AlignmentFlag.AlignVCenter, "Nothing recognised yet")
        for label, score in entries:
            self._row(painter, QRectF(_MARGIN, y, width, _ROW - 5), label, score)
            y += _ROW

    def _row(self, painter: QPainter, box: QRectF, label: str, score: float) -> None:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(self._theme.panel if self._theme.name == "dark" else self._theme.line))
        painter.drawRoundedRect(box, 4, 4)
        fill = QColor(self._theme.accent)
        fill.setAlpha(120 if self._theme.name == "dark" else 90)
        painter.setBrush(fill)
        painter.drawRoundedRect(QRectF(box.left(), box.top(), box.width() * min(score, 1.0), box.height()), 4, 4)
        painter.setPen(QColor(self._theme.text))
        inner = box.adjusted(8, 0, -8, 0)
        metrics = painter.fontMetrics()
        text = metrics.elidedText(
            label, Qt.TextElideMode.ElideRight, int(inner.width() - metrics.horizontalAdvance("100 %") - 8)
        )
        painter.drawText(inner, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, text)
        painter.drawText(inner, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, f"{score:.0%}")
