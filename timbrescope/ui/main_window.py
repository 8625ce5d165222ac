"""The window: it puts the parts together and passes words between them."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer, Slot
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QIcon
from PySide6.QtWidgets import (
    QApplication,
    QFileDialog,
    QMainWindow,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from timbrescope import paths
from timbrescope.audio.file import SUFFIXES, AudioFile
from timbrescope.audio.sitting import Sitting
from timbrescope.settings import Settings
from timbrescope.ui.actions import Actions
from timbrescope.ui.dialogs import SettingsDialog
from timbrescope.ui.display_clock import DisplayClock
from timbrescope.ui.history_writer import HistoryWriter
from timbrescope.ui.listener import take_folder
from timbrescope.ui.live import Live
from timbrescope.ui.live_actions import LiveActions
from timbrescope.ui.live_bar import LiveBar
from timbrescope.ui.main_bar import MainBar
from timbrescope.ui.memory import Memory
from timbrescope.ui.menus import NEEDS_FILE, WITHOUT_RECORDING, menus
from timbrescope.ui.models_menu import ModelsMenu
from timbrescope.ui.monitoring import Monitoring
from timbrescope.ui.notice_bar import NoticeBar
from timbrescope.ui.now import Now
from timbrescope.ui.preferences import Preferences
from timbrescope.ui.recent import RecentFiles
from timbrescope.ui.recording_page import RecordingPage
from timbrescope.ui.session import Session
from timbrescope.ui.singing import Singing
from timbrescope.ui.start_page import StartPage
from timbrescope.ui.status_line import StatusLine
from timbrescope.ui.theme import apply_theme, choose_theme
from timbrescope.ui.transport import Transport
from timbrescope.ui.unfinished import UnfinishedTakes
from timbrescope.ui.viewport import Viewport

if TYPE_CHECKING:
    from timbrescope.ui.training import Training

_SLOW_TICK_MS = 200


class MainWindow(QMainWindow):
    """Start page or recording, menus, tool bar and status bar."""

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self.preferences = Preferences(settings, self)
        self.theme = choose_theme(settings.theme, self._application())
        self.viewport = Viewport(self)
        self.session = Session(settings, self)
        now = Now(self.session, self.viewport, self)
        self.transport = Transport(self.viewport, now, volume=settings.volume / 100, parent=self)
        self.transport.follow = settings.follow
        self._memory = Memory()
        self._history = HistoryWriter(self.session, self)
        self.training: Training | None = None

        self.start_page = StartPage(self.theme)
        self.page = RecordingPage(self.session, self.viewport, self.theme, settings)
        self.stack = QStackedWidget()
        self.stack.addWidget(self.start_page)
        self.stack.addWidget(self.page)
        self.notice = NoticeBar(self.theme)
        self.live = Live(self.session, now, self.preferences, self.notice, self)
        self.live_bar = LiveBar(self.live.listener, now, self.theme)
        self.unfinished = UnfinishedTakes(self)
        self.monitoring = Monitoring(
            self.session, self.page.event_log, self.viewport, self.transport, self.preferences, self.notice, self
        )
        self.singing = Singing(
            self.session, self.viewport, self.transport, self.page, self.preferences, self.notice, self
        )
        centre = QWidget()
        layout = QVBoxLayout(centre)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.notice)
        layout.addWidget(self.live_bar)
        layout.addWidget(self.stack, 1)
        self.setCentralWidget(centre)
        self.actions_ = Actions(self, menus(self), self.theme)
        self._build_bars()
        self._connect()
        self._set_theme()
        self.resize(1280, 800)
        if (geometry := self._memory.geometry) is not None:
            self.restoreGeometry(geometry)
        self._show_start_page()
        self.setAcceptDrops(True)
        self._clock = DisplayClock(self._tick, self)
        self._slow_clock = QTimer(self, interval=_SLOW_TICK_MS)
        self._slow_clock.timeout.connect(self._slow_tick)
        self._clock.start()
        self._slow_clock.start()
        self.unfinished.look((take_folder(settings), paths.unsaved()))

    # Building

    def _build_bars(self) -> None:
        self.recent = RecentFiles(self._memory, self.start_page, self.actions_["recent"], self.open_file, self)
        self.singing.take_actions(self.actions_)
        self.models_menu = ModelsMenu(self.preferences, self.notice, self)
        self.actions_["models"].setMenu(self.models_menu)
        self.actions_["inputs"].setMenu(self.live.inputs)
        self.start_page.set_inputs(self.live.inputs)
        self._show_options()
        self.bar = MainBar(self.actions_, self.live.inputs, self.page.summary)
        self.addToolBar(self.bar)
        self._live_actions = LiveActions(self.live, self.actions_, self.theme)
        self.status = StatusLine()
        self.setStatusBar(self.status)

    def _connect(self) -> None:
        self.start_page.open_asked.connect(self.ask_for_file)
        self.start_page.demo_asked.connect(self.open_demo)
        self.start_page.recent_chosen.connect(self.open_file)
        self.start_page.listen_asked.connect(self.live.listener.listen)
        self.start_page.mend_asked.connect(self.unfinished.mend)
        self.unfinished.found.connect(self.start_page.show_unfinished)
        self.unfinished.mended.connect(self.open_file)
        self.unfinished.noticed.connect(self.notice.show_notice)
        self.live.began.connect(self._on_began)
        self.live.file_ready.connect(self.open_file)
        self.live.recorded.connect(self.recent.add)
        self.live_bar.back_asked.connect(self.live.now.back_to_now)
        self.page.sought.connect(self.transport.seek)
        self.page.events.export_asked.connect(self.monitoring.export_events)
        self.page.pointed.connect(self.status.pointer.setText)
        self.page.gain_stepped.connect(partial(self.preferences.step, "gain_db"))
        self.page.range_stepped.connect(partial(self.preferences.step, "range_db"))
        self.transport.playing_changed.connect(self._show_playing)
        self.transport.noticed.connect(self.notice.show_notice)
        self.models_menu.installed.connect(self.session.analyse_again)
        self.preferences.noticed.connect(self.notice.show_notice)
        self.preferences.changed.connect(self._on_settings_changed)
        session = self.session
        session.opening.connect(self._on_opening)
        session.opened.connect(self._on_opened)
        session.changed.connect(self._on_changed)
        session.finished.connect(self._on_finished)
        session.failed.connect(self._on_failed)
        session.noticed.connect(self.notice.show_notice)
        self._application().styleHints().colorSchemeChanged.connect(self._set_theme)

    @staticmethod
    def _application() -> QApplication:
        application = QApplication.instance()
        if not isinstance(application, QApplication):
            raise TypeError("a window needs a QApplication")
        return application

    # Opening and closing

    @Slot()
    def ask_for_file(self) -> None:
        """Let the user choose a recording."""
        patterns = " ".join(f"*{suffix}" for suffix in sorted(SUFFIXES))
        chosen, _ = QFileDialog.getOpenFileName(
            self, "Open a recording", str(self._memory.folder), f"Recordings ({patterns});;All files (*)"
        )
        if chosen:
            self.open_file(Path(chosen))

    @Slot()
    def open_demo(self) -> None:
        """Open the bundled recording."""
        self.open_file(paths.resources() / "demo" / "demo.flac")

    @Slot(object)
    def open_file(self, path: Path) -> None:
        """Open a recording in place of what is open."""
        if self.live.may_leave("open another recording"):
            self.session.open(path.absolute())

    @Slot()
    def close_recording(self) -> None:
        """Go back to the start page."""
        if not self.live.may_leave("close what is open"):
            return
        self.live.leave()
        self.transport.unload()
        self.session.close()
        self._show_start_page()

    def _show_start_page(self, error: str = "") -> None:
        self.start_page.show_error(error)
        self.stack.setCurrentWidget(self.start_page)
        self.status.clear()
        self.setWindowTitle("timbrescope")
        self.bar.title.clear()
        self.page.findings.forget()
        self.page.event_log.forget()
        self._enable_recording_actions(enabled=False)

    def _enable_recording_actions(self, *, enabled: bool, file: bool = True) -> None:
        for name, action in self.actions_.by_name():
            if name not in WITHOUT_RECORDING:
                action.setEnabled(enabled and (file or name not in NEEDS_FILE))
        self.singing.show_state()
        self._live_actions.show_state()

    @Slot(object)
    def _on_opening(self, path: Path | None) -> None:
        self.transport.unload()
        self.notice.dismiss()
        self.stack.setCurrentWidget(self.page)
        if path is None:
            return
        self.viewport.reset()
        self.setWindowTitle(f"{path.name} — timbrescope")
        self.bar.title.setText(path.name)
        self.status.show_opening()

    @Slot(object)
    def _on_opened(self, file: AudioFile) -> None:
        self.bar.title.setText(f"{file.path.name}     {file.format_name}")
        self.transport.load(file)
        self.viewport.set_duration(max(file.duration or 0.0, self.session.timeline.seconds))
        self.status.expect(file.duration)
        self._enable_recording_actions(enabled=True)
        self.recent.add(file.path)
        self.live.offer_to_save(file.path)

    @Slot(object)
    def _on_began(self, sitting: Sitting) -> None:
        self.setWindowTitle(f"{sitting.input.device} — timbrescope")
        self.bar.title.clear()  # the line below says it
        self.status.progress.hide()
        self._enable_recording_actions(enabled=True, file=False)
        self.models_menu.offer_missing()

    @Slot()
    def _on_changed(self) -> None:
        file, read = self.session.file, self.session.timeline.seconds
        if file is not None:
            self.status.show_read(read, file.duration)
            self.viewport.set_duration(max(read, self.viewport.duration))

    @Slot()
    def _on_finished(self) -> None:
        if self.session.file is None:  # an input; what follows is told when its files are finished
            return
        self.viewport.set_duration(self.session.timeline.seconds)
        self.status.progress.hide()
        if self.session.timeline.is_silent:
            self.notice.show_notice("This recording holds nothing but silence; check how it was made.")
        else:
            self.models_menu.offer_missing()

    @Slot(str)
    def _on_failed(self, sentence: str) -> None:
        self.status.progress.hide()
        if self.session.timeline.seconds > 0:  # what could be read stays
            self.viewport.set_duration(self.session.timeline.seconds)
            self.notice.show_notice(sentence)
        else:
            self.transport.unload()
            self._show_start_page(sentence)

    # Settings

    @Slot()
    def show_settings(self) -> None:
        """Show the settings dialog."""
        dialog = SettingsDialog(self.preferences.settings, self)
        dialog.applied.connect(self.preferences.change)
        dialog.exec()

    @Slot()
    def show_training(self) -> None:
        """Show the dialog that trains models, as it was left."""
        from timbrescope.ui.training import Training  # only where it is wanted

        if self.training is None:
            self.training = Training(self.session, self.preferences, self.theme, self)
        self.training.show()

    @Slot(object, object)
    def _on_settings_changed(self, before: Settings, settings: Settings) -> None:
        """Hand changed settings on; what changes the scores starts the analysis again."""
        self.session.settings = settings
        self.transport.set_volume(settings.volume / 100)
        self.transport.follow = settings.follow
        self._show_options()
        self.page.set_settings(settings)
        if settings.theme != before.theme:
            self._set_theme()
        keys = ("models", "device", "update_seconds", "voice", "formant_ceiling")
        if any(getattr(settings, key) != getattr(before, key) for key in keys):
            self.session.analyse_again()

    def _show_options(self) -> None:
        for name in ("follow", "all_tags"):
            self.actions_[name].setChecked(getattr(self.preferences.settings, name))

    @Slot()
    def _set_theme(self) -> None:
        self.theme = choose_theme(self.preferences.settings.theme, self._application())
        apply_theme(self._application(), self.theme)
        self.actions_.set_theme(self.theme)
        self.notice.set_theme(self.theme)
        self.start_page.set_theme(self.theme)
        self.page.set_theme(self.theme)
        self.live_bar.set_theme(self.theme)
        if self.training is not None:
            self.training.dialog.set_theme(self.theme)
        self._live_actions.set_theme(self.theme)
        self.setWindowIcon(QIcon(str(paths.resources() / "icons" / "timbrescope.svg")))

    # Small things

    @Slot()
    def _tick(self) -> None:
        self.live.listener.tick()
        self.transport.tick()
        self.singing.tick()
        self.page.tick()
        self.live_bar.tick()

    @Slot()
    def _slow_tick(self) -> None:
        self.page.slow_tick()
        self.singing.slow_tick()
        self.live_bar.slow_tick()

    @Slot(bool)
    def _show_playing(self, playing: bool) -> None:  # noqa: FBT001 (a Qt slot)
        self.actions_.set_icon("play", "pause" if playing else "play", self.theme)

    # Qt's events

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Welcome files."""
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Open the first file that was dropped."""
        files = [url.toLocalFile() for url in event.mimeData().urls() if url.isLocalFile()]
        if files:
            event.acceptProposedAction()
            self.open_file(Path(files[0]))

    def close_at_once(self) -> None:
        """Close without asking; a recording is finished first."""
        self.live.asks = False
        self.close()

    def closeEvent(self, event: QCloseEvent) -> None:
        """Stop all work and remember the window's place; a recording is finished first, if the user agrees."""
        if not self.live.may_leave("quit"):
            event.ignore()
            return
        self._clock.stop()
        self._slow_clock.stop()
        self.monitoring.close()
        if self.training is not None:
            self.training.dialog.end()
        self._memory.geometry = self.saveGeometry()
        self.live.leave()
        self.singing.close()
        self.transport.unload()
        self.session.close()
        self.live.wait()
        self.unfinished.wait()
        self.models_menu.wait()
        self._history.wait()
        event.accept()
