"""The window's part in listening: what is shown when it begins and ends, and what is asked before sound is left."""

import shutil
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtWidgets import QFileDialog, QMessageBox, QWidget

from timbrescope import paths
from timbrescope.core.errors import AudioError
from timbrescope.ui.inputs_menu import InputsMenu
from timbrescope.ui.listener import Ended, Listener, State, take_folder
from timbrescope.ui.notice_bar import NoticeBar
from timbrescope.ui.now import Now
from timbrescope.ui.preferences import Preferences
from timbrescope.ui.session import Session
from timbrescope.ui.threads import JobThread


class Live(QObject):
    """Lets the window listen and record.

    Attributes:
        listener: opens inputs and writes files.
        now: the playhead of an input.
        inputs: the menu of inputs.
        asks: whether a recording ends only when the user agrees.
    """

    began = Signal(object)  # the Sitting
    file_ready = Signal(object)  # a take to open in its place
    recorded = Signal(object)  # a finished file

    def __init__(
        self, session: Session, now: Now, preferences: Preferences, notice: NoticeBar, window: QWidget
    ) -> None:
        super().__init__(window)
        self._session = session
        self._notice = notice
        self._window = window
        self._saving: JobThread | None = None
        self.asks = True
        self.now = now
        self.inputs = InputsMenu(preferences, window)
        self.listener = Listener(session, self)
        self.listener.failed.connect(self._on_failed)
        self.listener.noticed.connect(notice.show_notice)
        self.listener.take_ended.connect(self._on_take_ended)
        self.listener.ended.connect(self._on_ended)
        self.inputs.chosen.connect(self._on_chosen)
        session.opening.connect(self._on_opening)

    @property
    def is_on(self) -> bool:
        """Whether an input is listened to."""
        return self.listener.state is State.LISTENING

    def toggle(self) -> None:
        """Listen, or listen no more; a recording is finished then."""
        self.listener.toggle()

    def may_leave(self, deed: str) -> bool:
        """Ask whether a recording may end for something else; True where nothing is recorded."""
        if self.listener.recording is None or not self.asks:
            return True
        box = QMessageBox(self._window)
        box.setIcon(QMessageBox.Icon.Question)
        box.setWindowTitle("Recording")
        box.setText("A recording is going on.")
        box.setInformativeText(f"It is kept whole up to now. Do you want to end it and {deed}?")
        end = box.addButton("End the recording", QMessageBox.ButtonRole.AcceptRole)
        stay = box.addButton("Go on recording", QMessageBox.ButtonRole.RejectRole)
        box.setDefaultButton(stay)
        box.exec()
        box.deleteLater()
        return box.clickedButton() is end

    def leave(self) -> None:
        """Finish everything because something else takes the place of the input."""
        self.now.end()
        self.listener.leave()

    def wait(self) -> None:
        """Wait until all files are whole."""
        self.listener.wait()
        if self._saving is not None:
            self._saving.wait()

    def offer_to_save(self, path: Path) -> None:
        """Offer to save sound that nobody recorded, where a file holds such."""
        if path.parent == paths.unsaved():
            self._notice.show_notice(
                "This was not recorded. You can play it now; save it to keep it.", "Save…", partial(self.save, path)
            )

    def save(self, path: Path) -> None:
        """Ask where to, and copy sound that nobody recorded there."""
        folder = take_folder(self._session.settings)
        if not folder.exists():
            folder = Path.home()
        chosen, _ = QFileDialog.getSaveFileName(
            self._window, "Save the sound", str(folder / path.name), f"FLAC (*{path.suffix})"
        )
        if not chosen:
            return
        target = Path(chosen).with_suffix(path.suffix)
        self._saving = JobThread(lambda _say: _copy(path, target), self)
        self._saving.failed.connect(self._notice.show_notice)
        self._saving.succeeded.connect(self._on_saved)
        self._saving.setObjectName(str(target))
        self._saving.start()

    @Slot()
    def _on_saved(self) -> None:
        if self._saving is not None:
            target = Path(self._saving.objectName())
            self._notice.show_notice(f"Saved as {target}.")
            self.recorded.emit(target)

    @Slot(object)
    def _on_opening(self, path: Path | None) -> None:
        sitting = self._session.sitting
        if path is not None or sitting is None:
            self.now.end()
            return
        self.now.begin()
        self.began.emit(sitting)

    @Slot(str)
    def _on_failed(self, sentence: str) -> None:
        self._notice.show_notice(sentence, "Try again", self._try_again)
        if self.now.is_live:  # another input was wanted
            self.now.end()

    def _try_again(self) -> None:
        self._notice.dismiss()
        self.listener.listen()

    @Slot()
    def _on_chosen(self) -> None:
        if self.listener.state is State.IDLE or self.may_leave("listen to the other input"):
            self.listener.listen_again()

    @Slot(object)
    def _on_take_ended(self, ended: Ended) -> None:
        """Tell of takes while something else is seen."""
        for take in ended.takes:
            self.recorded.emit(take)
        if ended.takes:
            self._notice.show_notice(_recorded(ended), "Open", partial(self.file_ready.emit, ended.takes[-1]))

    @Slot(object)
    def _on_ended(self, ended: Ended) -> None:
        if ended.abandoned:
            self._on_take_ended(ended)
            return
        self.now.end()
        for take in ended.takes:
            self.recorded.emit(take)
        if ended.takes:
            self.file_ready.emit(ended.takes[-1])
            self._notice.show_notice(_recorded(ended))
            return
        try:
            if ended.kept is not None and self._session.timeline.seconds > 0:
                self._session.adopt(ended.kept)
                return
        except AudioError as error:
            self._notice.show_notice(str(error))
        self._notice.show_notice(
            "You can look at what was heard; its sound was not kept. Record keeps it next time, and File > Settings > "
            "Listening can keep it always."
        )


def _recorded(ended: Ended) -> str:
    takes = ended.takes
    if ended.problem is not None:
        return ended.problem
    if len(takes) == 1:
        return f"Recorded as {takes[0]}."
    return f"Recorded as {len(takes)} files, {takes[0].name} to {takes[-1].name}, in {takes[0].parent}."


def _copy(source: Path, target: Path) -> None:
    try:
        shutil.copyfile(source, target)
    except OSError as error:
        raise AudioError(f"{target} cannot be saved ({error.strerror}); choose another folder.") from error
