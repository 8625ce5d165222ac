"""The window's part in training: the dialog, which stays alive while it is closed, and the model that comes of it."""

from PySide6.QtCore import QObject, Slot
from PySide6.QtWidgets import QWidget

from timbrescope.ui.preferences import Preferences
from timbrescope.ui.session import Session
from timbrescope.ui.theme import Theme
from timbrescope.ui.training.dialog import TrainingDialog


class Training(QObject):
    """Shows the dialog when it is asked for and keeps it until the window closes."""

    def __init__(self, session: Session, preferences: Preferences, theme: Theme, window: QWidget) -> None:
        super().__init__(window)
        self._session = session
        self._preferences = preferences
        self.dialog = TrainingDialog(theme, window)
        self.dialog.use_asked.connect(self._use)

    @Slot()
    def show(self) -> None:
        """Show the dialog beside the window."""
        self.dialog.take_up()
        self.dialog.show()
        self.dialog.raise_()
        self.dialog.activateWindow()

    @Slot(str)
    def _use(self, name: str) -> None:
        """Let a model listen; where it does so already, its new version takes over."""
        models = self._preferences.settings.models
        if name in models:
            self._session.analyse_again()
        else:
            self._preferences.put("models", (*models, name))
