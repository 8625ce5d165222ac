"""The scale of the spectrogram's colours in decibels; the wheel changes gain and range."""

import numpy as np
from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent, QWheelEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from timbrescope.core import picture
from timbrescope.settings import Settings
from timbrescope.ui.theme import Theme, picture_colours

_BAR_WIDTH = 12
_STEP_DB = 20


class ColourBar(QWidget):
    """A strip of the colour map between its darkest and brightest level."""

    gain_stepped = Signal(int)
    range_stepped = Signal(int)

    def __init__(self, theme: Theme, settings: Settings) -> None:
        super().__init__()
        self._theme = theme
        self._settings = settings
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Expanding)
        self.setToolTip("Levels in dB below full scale.\nWheel: gain. Ctrl + wheel: range.")
        self.setAccessibleName("Colour scale")

    def set_theme(self, theme: Theme) -> None:
        """Take other colours."""
        self._theme = theme
        self.update()

    def set_settings(self, settings: Settings) -> None:
        """Take another colour map, gain or range."""
        self._settings = settings
        self.update()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Change gain, or range with Ctrl."""
        direction = 1 if event.angleDelta().y() > 0 else -1
        ranged = event.modifiers() & Qt.KeyboardModifier.ControlModifier
        (self.range_stepped if ranged else self.gain_stepped).emit(direction)
        event.accept()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw the strip and its labels."""
        painter = QPainter(self)
        top = -self._settings.gain_db
        bottom = top - self._settings.range_db
        margin = self.fontMetrics().height()
        strip = QRectF(self.width() - _BAR_WIDTH - 6, margin, _BAR_WIDTH, self.height() - 3.2 * margin)
        levels = picture.quantise(np.linspace(top, bottom, 256))
        table = picture_colours(self._settings.colour_map, self._settings.range_db, self._settings.gain_db)
        pixels = np.ascontiguousarray(table[levels][:, None, :])
        painter.drawImage(strip, QImage(pixels.data, 1, 256, 3, QImage.Format.Format_RGB888))
        painter.setPen(QColor(self._theme.line))
        painter.drawRect(strip)
        painter.setPen(QColor(self._theme.muted))
        height = self.fontMetrics().height()
        for decibels in range(-(-bottom // _STEP_DB) * _STEP_DB, top + 1, _STEP_DB):
            y = strip.top() + (top - decibels) / (top - bottom) * strip.height()
            box = QRectF(0, y - height / 2, strip.left() - 4, height)
            painter.drawText(box, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, f"{decibels}")
        painter.drawText(QRectF(0, strip.bottom() + 2, self.width() - 2, height), Qt.AlignmentFlag.AlignRight, "dB")
