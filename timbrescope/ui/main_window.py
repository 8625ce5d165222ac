"""The window: it puts the parts together and passes words between them."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer, Slot
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QIcon
from PySide6.QtWidgets import (
    QApplication,
    QMainWindow,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from timbrescope import paths
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
from timbrescope.ui.menus import menus
from timbrescope.ui.models_menu import ModelsMenu
from timbrescope.ui.monitoring import Monitoring
from timbrescope.ui.notice_bar import NoticeBar
from timbrescope.ui.now import Now
from timbrescope.ui.opening import Opening
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
    from timbrescope.ui.training.training import Training

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
        self.memory = Memory()
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
        self.opening = Opening(self)
        self.actions_ = Actions(self, menus(self), self.theme)
        self._build_bars()
        self._connect()
        self._set_theme()
        self.resize(1280, 800)
        if (geometry := self.memory.geometry) is not None:
            self.restoreGeometry(geometry)
        self.opening.show_start_page()
        self.setAcceptDrops(True)
        self._clock = DisplayClock(self._tick, self)
        self._slow_clock = QTimer(self, interval=_SLOW_TICK_MS)
        self._slow_clock.timeout.connect(self._slow_tick)
        self._clock.start()
        self._slow_clock.start()
        self.unfinished.look((take_folder(settings), paths.unsaved()))

    # Building

    def _build_bars(self) -> None:
        self.recent = RecentFiles(self.memory, self.start_page, self.actions_["recent"], self.open_file, self)
        self.singing.take_actions(self.actions_)
        self.models_menu = ModelsMenu(self.preferences, self.notice, self)
        self.actions_["models"].setMenu(self.models_menu)
        self.actions_["inputs"].setMenu(self.live.inputs)
        self.start_page.set_inputs(self.live.inputs)
        self._show_options()
        self.bar = MainBar(self.actions_, self.live.inputs, self.page.summary)
        self.addToolBar(self.bar)
        self.live_actions = LiveActions(self.live, self.actions_, self.theme)
        self.status = StatusLine()
        self.setStatusBar(self.status)

    def _connect(self) -> None:
        self.start_page.listen_asked.connect(self.live.listener.listen)
        self.start_page.mend_asked.connect(self.unfinished.mend)
        self.unfinished.found.connect(self.start_page.show_unfinished)
        self.unfinished.noticed.connect(self.notice.show_notice)
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
        self.session.noticed.connect(self.notice.show_notice)
        self._application().styleHints().colorSchemeChanged.connect(self._set_theme)

    @staticmethod
    def _application() -> QApplication:
        application = QApplication.instance()
        if not isinstance(application, QApplication):
            raise TypeError("a window needs a QApplication")
        return application

    @Slot(object)
    def open_file(self, path: Path) -> None:
        """Open a recording in place of what is open."""
        self.opening.open(path)

    @Slot()
    def close_recording(self) -> None:
        """Go back to the start page."""
        self.opening.close()

    # Settings

    @Slot()
    def show_settings(self) -> None:
        """Show the settings dialog."""
        dialog = SettingsDialog(self.preferences.settings, self)
        dialog.applied.connect(self.preferences.change)
        dialog.exec()

    def teaching(self) -> "Training":
        """Return the dialogs that train and correct models, as they were left."""
        from timbrescope.ui.training.training import Training  # only where it is wanted

        if self.training is None:
            self.training = Training(self.session, self.viewport, self.preferences, self.theme, self)
            self.training.noticed.connect(self.notice.show_notice)
            self.training.open_asked.connect(self.open_file)
        return self.training

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
            self.training.set_theme(self.theme)
        self.live_actions.set_theme(self.theme)
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
            self.training.end()
        self.memory.geometry = self.saveGeometry()
        self.live.leave()
        self.singing.close()
        self.transport.unload()
        self.session.close()
        self.live.wait()
        self.unfinished.wait()
        self.models_menu.wait()
        self._history.wait()
        event.accept()
