"""The window's part in training: dialogs that stay alive while they are closed, and the model that comes of them."""

from pathlib import Path
from typing import Final

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtWidgets import QDialog, QWidget

from timbrescope.core.verdicts import VerdictError
from timbrescope.ui.preferences import Preferences
from timbrescope.ui.session import Session
from timbrescope.ui.theme import Theme
from timbrescope.ui.training.dialog import TrainingDialog
from timbrescope.ui.training.retrain_dialog import RetrainDialog
from timbrescope.ui.training.review import Review
from timbrescope.ui.training.review_dialog import ReviewDialog
from timbrescope.ui.training.sounds import Sounds
from timbrescope.ui.viewport import Viewport

_WAIT: Final = "Wait until the recording has been recognised to its end; then it can be corrected."


class Training(QObject):
    """Shows the dialogs when they are asked for and keeps them until the window closes.

    ``noticed`` carries a sentence for the user, ``open_asked`` a recording to open.
    """

    noticed = Signal(str)
    open_asked = Signal(object)

    def __init__(
        self, session: Session, viewport: Viewport, preferences: Preferences, theme: Theme, window: QWidget
    ) -> None:
        super().__init__(window)
        self._session = session
        self._viewport = viewport
        self._preferences = preferences
        volume = preferences.settings.volume / 100
        self.review = Review(self)
        self.dialog = TrainingDialog(theme, window)
        self.review_dialog = ReviewDialog(self.review, theme, volume, window)
        self.retrain_dialog = RetrainDialog(theme, volume, window)
        self.sounds = Sounds(session, theme, window)
        self.dialog.use_asked.connect(self._use)
        self.dialog.map_asked.connect(self.sounds.show_map)
        self.sounds.open_asked.connect(self.open_asked)
        self.sounds.relabelled.connect(self._on_relabelled)
        self.review_dialog.shown.connect(self._show_place)
        self.review_dialog.learn_asked.connect(self.show_retraining)
        self.retrain_dialog.use_asked.connect(self._use_instead)
        session.opening.connect(self.review_dialog.reject)

    @Slot()
    def show(self) -> None:
        """Show the dialog beside the window."""
        self.dialog.take_up()
        _bring(self.dialog)

    @Slot()
    def show_review(self) -> None:
        """Show what the models claim of the open recording, for the user to correct."""
        session = self._session
        if session.path is None or session.file is None or session.is_analysing:
            self.noticed.emit(_WAIT)
            return
        if not self.review_dialog.isVisible():
            try:
                self.review.begin(session.path, session.timeline)
            except VerdictError as error:
                self.noticed.emit(str(error))
                return
            self.review_dialog.begin()
        _bring(self.review_dialog)

    @Slot()
    def show_retraining(self) -> None:
        """Show what there is to learn from corrections."""
        self.retrain_dialog.refresh()
        _bring(self.retrain_dialog)

    def set_theme(self, theme: Theme) -> None:
        """Take other colours."""
        for dialog in (self.dialog, self.review_dialog, self.retrain_dialog):
            dialog.set_theme(theme)
        self.sounds.set_theme(theme)

    def end(self) -> None:
        """End what runs."""
        self.dialog.end()
        self.review_dialog.player.close()
        self.retrain_dialog.end()
        self.sounds.end()

    @Slot(float, float)
    def _show_place(self, start: float, end: float) -> None:
        """Mark a claim in the picture."""
        self._viewport.select((start, end))
        self._viewport.set_playhead(start)
        if not self._viewport.start <= start < end <= self._viewport.stop:
            seconds = max(self._viewport.seconds, 2 * (end - start))
            self._viewport.show_time((start + end - seconds) / 2, seconds)

    @Slot(str, str)
    def _use_instead(self, old: str, new: str) -> None:
        """Let a model listen in place of the one that it went on with."""
        models = self._preferences.settings.models
        if old == new or old not in models:
            self._use(new)
        else:
            self._preferences.put("models", tuple(dict.fromkeys(new if name == old else name for name in models)))

    @Slot(object)
    def _on_relabelled(self, data: Path) -> None:
        """Check recordings again whose labels have changed."""
        if self.dialog.folder.line.text().strip() == str(data):
            self.dialog.set_folder(data)

    @Slot(str)
    def _use(self, name: str) -> None:
        """Let a model listen; where it does so already, its new version takes over."""
        models = self._preferences.settings.models
        if name in models:
            self._session.analyse_again()
        else:
            self._preferences.put("models", (*models, name))


def _bring(dialog: QDialog) -> None:
    """Show a dialog in front of the others."""
    dialog.show()
    dialog.raise_()
    dialog.activateWindow()
