"""How an alert is given beside the window's own notice: a beep, and a message on the desktop."""

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QApplication, QSystemTrayIcon, QWidget

from timbrescope.settings import Settings

_SHOWN_MS = 8000


class AlertSign(QObject):
    """Gives signs as the settings want them; a desktop without a place for messages shows none.

    Args:
        window: whose icon messages have.
    """

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        self._tray: QSystemTrayIcon | None = None

    def give(self, sentence: str, settings: Settings) -> None:
        """Give the signs that are wanted."""
        if settings.alert_sound:
            QApplication.beep()
        if settings.alert_message and QSystemTrayIcon.isSystemTrayAvailable():
            icon = self._window.windowIcon()
            if self._tray is None:
                self._tray = QSystemTrayIcon(icon, self)
                self._tray.setToolTip("timbrescope")
            self._tray.show()  # messages come from an icon that is shown
            self._tray.showMessage("timbrescope", sentence, icon, _SHOWN_MS)
