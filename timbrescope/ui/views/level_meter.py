"""How loud the input is: a bar with the highest peak of the last moments, and a light that stays on after clipping."""

import math
import time

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from timbrescope.audio.meter import Level
from timbrescope.core.sound_now import decibels
from timbrescope.ui.theme import Theme

FLOOR_DB = -60.0
HOLD_SECONDS = 1.5
FALL_DB_A_SECOND = 24.0
_WIDTH, _HEIGHT = 240, 26
_LIGHT = 12
_SCALE = (-48, -36, -24, -12, -6, 0)
_LOUD_DB, _HOT_DB = -12.0, -3.0


class Ballistics:
    """Lets a peak rise at once, stand for a while and fall steadily."""

    def __init__(self) -> None:
        self.bar = self.held = FLOOR_DB
        self._held_at = -math.inf
        self._before: float | None = None

    def take(self, moment: float, peak: float) -> None:
        """Take the highest absolute sample, in full scale, at a moment in seconds."""
        fallen = 0.0 if self._before is None else FALL_DB_A_SECOND * (moment - self._before)
        self._before = moment
        level = max(FLOOR_DB, decibels(peak))
        self.bar = max(level, self.bar - fallen)
        if level >= self.held:
            self.held, self._held_at = level, moment
        elif moment - self._held_at > HOLD_SECONDS:
            self.held = max(self.bar, self.held - fallen)


class LevelMeter(QWidget):
    """A bar from -60 to 0 dB of full scale; a click puts the light out."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._ballistics = Ballistics()
        self._clipped = self._forgiven = 0
        self._shown: tuple[int, int, bool] | None = None
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Input level")
        self.reset()

    @property
    def is_clipped(self) -> bool:
        """Whether the light is on."""
        return self._clipped > self._forgiven

    def sizeHint(self) -> QSize:
        """Ask for room for the scale."""
        return QSize(_WIDTH, _HEIGHT)

    def set_theme(self, theme: Theme) -> None:
        """Take other colours."""
        self._theme = theme
        self.update()

    def reset(self) -> None:
        """Begin with another input."""
        self._ballistics = Ballistics()
        self._clipped = self._forgiven = 0
        self._refresh()

    def show_level(self, level: Level, moment: float | None = None) -> None:
        """Show how loud it is now."""
        self._ballistics.take(time.monotonic() if moment is None else moment, level.peak)
        self._clipped = level.clipped
        self._refresh()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Put the light out."""
        event.accept()
        self._forgiven = self._clipped
        self._refresh()

    def _refresh(self) -> None:
        bar, held = round(2 * self._ballistics.bar), round(2 * self._ballistics.held)  # half decibels
        if (shown := (bar, held, self.is_clipped)) == self._shown:
            return
        if self._shown is None or shown[2] != self._shown[2]:
            self.setToolTip(
                f"The input has clipped: {self._clipped - self._forgiven} samples at full scale. Turn its gain down; a "
                "click puts the light out."
                if self.is_clipped
                else "Level of the input in dB of full scale, with its highest peak; the light tells of clipping"
            )
        self._shown = shown
        self.setAccessibleDescription(f"{held / 2:.0f} dB{', clipped' if self.is_clipped else ''}")
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw the bar, the held peak, the scale and the light."""
        painter = QPainter(self)
        theme, ballistics = self._theme, self._ballistics
        light = QRectF(self.width() - _LIGHT, 0, _LIGHT, 12)
        box = QRectF(0, 0, self.width() - _LIGHT - 4, 12)
        painter.fillRect(box, QColor(theme.base))
        steps = ((FLOOR_DB, _LOUD_DB, theme.good), (_LOUD_DB, _HOT_DB, theme.warning), (_HOT_DB, 0.0, theme.alarm))
        for low, high, colour in steps:
            top = min(high, ballistics.bar)
            if top > low:
                painter.fillRect(self._between(box, low, top), QColor(colour))
        if ballistics.held > FLOOR_DB:
            colour = next(colour for _, high, colour in steps if ballistics.held <= high or high == 0.0)
            left = self._place(box, min(0.0, ballistics.held))
            painter.fillRect(QRectF(max(box.left(), left - 2), box.top(), 2, box.height()), QColor(colour))
        painter.setPen(QColor(theme.line))
        painter.drawRect(box.adjusted(0.5, 0.5, -0.5, -0.5))
        painter.setBrush(QColor(theme.alarm if self.is_clipped else theme.base))
        painter.drawRect(light.adjusted(0.5, 0.5, -0.5, -0.5))
        font = self.font()
        font.setPixelSize(10)
        painter.setFont(font)
        painter.setPen(QColor(theme.muted))
        for value in _SCALE:
            place = self._place(box, value)
            text = QRectF(place - 15, 13, 30, 13)
            flag = Qt.AlignmentFlag.AlignHCenter
            if value == 0:
                text, flag = QRectF(box.right() - 20, 13, 20, 13), Qt.AlignmentFlag.AlignRight
            painter.drawText(text, flag | Qt.AlignmentFlag.AlignTop, str(value))

    @staticmethod
    def _place(box: QRectF, level: float) -> float:
        return box.left() + box.width() * (level - FLOOR_DB) / -FLOOR_DB

    def _between(self, box: QRectF, low: float, high: float) -> QRectF:
        left = self._place(box, low)
        return QRectF(left, box.top(), self._place(box, high) - left, box.height())
