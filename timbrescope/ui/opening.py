"""Opening and leaving recordings, and what the window shows from the first moment of one to its last."""

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Slot
from PySide6.QtWidgets import QFileDialog

from timbrescope import paths
from timbrescope.audio.file import SUFFIXES, AudioFile
from timbrescope.audio.sitting import Sitting
from timbrescope.ui.menus import NEEDS_FILE, WITHOUT_RECORDING

if TYPE_CHECKING:
    from timbrescope.ui.main_window import MainWindow


class Opening(QObject):
    """Shows the start page or a recording, and says which commands that allows."""

    def __init__(self, window: "MainWindow") -> None:
        super().__init__(window)
        self._window = window
        session = window.session
        session.opening.connect(self._on_opening)
        session.opened.connect(self._on_opened)
        session.changed.connect(self._on_changed)
        session.finished.connect(self._on_finished)
        session.failed.connect(self._on_failed)
        window.live.began.connect(self._on_began)
        window.live.file_ready.connect(self.open)
        window.start_page.open_asked.connect(self.ask)
        window.start_page.demo_asked.connect(self.open_demo)
        window.start_page.recent_chosen.connect(self.open)
        window.unfinished.mended.connect(self.open)

    @Slot()
    def ask(self) -> None:
        """Let the user choose a recording."""
        patterns = " ".join(f"*{suffix}" for suffix in sorted(SUFFIXES))
        chosen, _ = QFileDialog.getOpenFileName(
            self._window,
            "Open a recording",
            str(self._window.memory.folder),
            f"Recordings ({patterns});;All files (*)",
        )
        if chosen:
            self.open(Path(chosen))

    @Slot()
    def open_demo(self) -> None:
        """Open the bundled recording."""
        self.open(paths.resources() / "demo" / "demo.flac")

    @Slot(object)
    def open(self, path: Path) -> None:
        """Open a recording in place of what is open."""
        if self._window.live.may_leave("open another recording"):
            self._window.session.open(path.absolute())

    @Slot()
    def close(self) -> None:
        """Go back to the start page."""
        window = self._window
        if not window.live.may_leave("close what is open"):
            return
        window.live.leave()
        window.transport.unload()
        window.session.close()
        self.show_start_page()

    def show_start_page(self, error: str = "") -> None:
        """Show that nothing is open, and why, where something was wanted."""
        window = self._window
        window.start_page.show_error(error)
        window.stack.setCurrentWidget(window.start_page)
        window.status.clear()
        window.setWindowTitle("timbrescope")
        window.bar.title.clear()
        window.page.findings.forget()
        window.page.event_log.forget()
        self._enable_actions(enabled=False)

    def _enable_actions(self, *, enabled: bool, file: bool = True) -> None:
        for name, action in self._window.actions_.by_name():
            if name not in WITHOUT_RECORDING:
                action.setEnabled(enabled and (file or name not in NEEDS_FILE))
        self._window.singing.show_state()
        self._window.live_actions.show_state()

    @Slot(object)
    def _on_opening(self, path: Path | None) -> None:
        window = self._window
        window.transport.unload()
        window.notice.dismiss()
        window.stack.setCurrentWidget(window.page)
        if path is None:
            return
        window.viewport.reset()
        window.setWindowTitle(f"{path.name} — timbrescope")
        window.bar.title.setText(path.name)
        window.status.show_opening()

    @Slot(object)
    def _on_opened(self, file: AudioFile) -> None:
        window = self._window
        window.bar.title.setText(f"{file.path.name}     {file.format_name}")
        window.transport.load(file)
        window.viewport.set_duration(max(file.duration or 0.0, window.session.timeline.seconds))
        window.status.expect(file.duration)
        self._enable_actions(enabled=True)
        window.recent.add(file.path)
        window.live.offer_to_save(file.path)

    @Slot(object)
    def _on_began(self, sitting: Sitting) -> None:
        window = self._window
        window.setWindowTitle(f"{sitting.input.device} — timbrescope")
        window.bar.title.clear()  # the line below says it
        window.status.progress.hide()
        self._enable_actions(enabled=True, file=False)
        window.models_menu.offer_missing()

    @Slot()
    def _on_changed(self) -> None:
        session, viewport = self._window.session, self._window.viewport
        if session.file is not None:
            read = session.timeline.seconds
            self._window.status.show_read(read, session.file.duration)
            viewport.set_duration(max(read, viewport.duration))

    @Slot()
    def _on_finished(self) -> None:
        window = self._window
        timeline = window.session.timeline
        if window.session.file is None:  # an input; what follows is told when its files are finished
            return
        window.viewport.set_duration(timeline.seconds)
        window.status.progress.hide()
        if timeline.is_silent:
            window.notice.show_notice("This recording holds nothing but silence; check how it was made.")
        else:
            window.models_menu.offer_missing()

    @Slot(str)
    def _on_failed(self, sentence: str) -> None:
        window = self._window
        window.status.progress.hide()
        if window.session.timeline.seconds > 0:  # what could be read stays
            window.viewport.set_duration(window.session.timeline.seconds)
            window.notice.show_notice(sentence)
        else:
            window.transport.unload()
            self.show_start_page(sentence)
