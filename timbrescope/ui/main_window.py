"""The window: it puts the parts together and passes words between them."""

from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt, QTimer, Slot
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QIcon
from PySide6.QtWidgets import (
    QApplication,
    QFileDialog,
    QLabel,
    QMainWindow,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from timbrescope import paths
from timbrescope.audio.file import SUFFIXES, AudioFile
from timbrescope.settings import Settings
from timbrescope.ui.actions import Actions
from timbrescope.ui.dialogs import SettingsDialog
from timbrescope.ui.history_writer import HistoryWriter
from timbrescope.ui.memory import Memory
from timbrescope.ui.menus import WITHOUT_RECORDING, menus
from timbrescope.ui.models_menu import ModelsMenu
from timbrescope.ui.notice_bar import NoticeBar
from timbrescope.ui.preferences import Preferences
from timbrescope.ui.recent import RecentFiles
from timbrescope.ui.recording_page import RecordingPage
from timbrescope.ui.session import Session
from timbrescope.ui.start_page import StartPage
from timbrescope.ui.status_line import StatusLine
from timbrescope.ui.theme import apply_theme, choose_theme
from timbrescope.ui.transport import Transport
from timbrescope.ui.viewport import Viewport

_TICK_MS = 16
_SLOW_TICK_MS = 200


class MainWindow(QMainWindow):
    """Start page or recording, menus, tool bar and status bar."""

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self.preferences = Preferences(settings, self)
        self.theme = choose_theme(settings.theme, self._application())
        self.viewport = Viewport(self)
        self.session = Session(settings, self)
        self.transport = Transport(self.viewport, volume=settings.volume / 100, parent=self)
        self.transport.follow = settings.follow
        self._memory = Memory()
        self._history = HistoryWriter(self.session, self)

        self.start_page = StartPage(self.theme)
        self.page = RecordingPage(self.session, self.viewport, self.theme, settings)
        self.stack = QStackedWidget()
        self.stack.addWidget(self.start_page)
        self.stack.addWidget(self.page)
        self.notice = NoticeBar(self.theme)
        centre = QWidget()
        layout = QVBoxLayout(centre)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.notice)
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
        self._clock = QTimer(self, interval=_TICK_MS, timerType=Qt.TimerType.PreciseTimer)
        self._clock.timeout.connect(self._tick)
        self._slow_clock = QTimer(self, interval=_SLOW_TICK_MS)
        self._slow_clock.timeout.connect(self.page.slow_tick)
        self._clock.start()
        self._slow_clock.start()

    # Building

    def _build_bars(self) -> None:
        self.recent = RecentFiles(self._memory, self.start_page, self.actions_["recent"], self.open_file, self)
        self.models_menu = ModelsMenu(self.preferences.settings.models, self)
        self.actions_["models"].setMenu(self.models_menu)
        self._show_options()
        bar = self.addToolBar("Main")
        bar.setObjectName("main")
        bar.setMovable(False)
        bar.setContextMenuPolicy(Qt.ContextMenuPolicy.PreventContextMenu)
        for group in (("open",), ("start", "play", "loop", "follow"), ("zoom-in", "zoom-out", "zoom-all")):
            for name in group:
                bar.addAction(self.actions_[name])
            bar.addSeparator()
        self._title = QLabel()
        self._title.setContentsMargins(8, 0, 8, 0)
        bar.addWidget(self._title)
        bar.addWidget(self.page.summary)
        self.status = StatusLine()
        self.setStatusBar(self.status)

    def _connect(self) -> None:
        self.start_page.open_asked.connect(self.ask_for_file)
        self.start_page.demo_asked.connect(self.open_demo)
        self.start_page.recent_chosen.connect(self.open_file)
        self.page.sought.connect(self.transport.seek)
        self.page.pointed.connect(self.status.pointer.setText)
        self.page.gain_stepped.connect(partial(self.preferences.step, "gain_db"))
        self.page.range_stepped.connect(partial(self.preferences.step, "range_db"))
        self.transport.playing_changed.connect(self._show_playing)
        self.transport.noticed.connect(self.notice.show_notice)
        self.models_menu.noticed.connect(self.notice.show_notice)
        self.models_menu.chosen.connect(self._choose_models)
        self.models_menu.installed.connect(self._on_installed)
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
        """Open a recording in place of the present one."""
        self.session.open(path.absolute())

    @Slot()
    def close_recording(self) -> None:
        """Go back to the start page."""
        self.transport.unload()
        self.session.close()
        self._show_start_page()

    def _show_start_page(self, error: str = "") -> None:
        self.start_page.show_error(error)
        self.stack.setCurrentWidget(self.start_page)
        self.status.clear()
        self.setWindowTitle("timbrescope")
        self._title.clear()
        self.page.findings.forget()
        self._enable_recording_actions(enabled=False)

    def _enable_recording_actions(self, *, enabled: bool) -> None:
        for action in self.actions_.all():
            if not any(action is self.actions_[name] for name in WITHOUT_RECORDING):
                action.setEnabled(enabled)

    @Slot(object)
    def _on_opening(self, path: Path) -> None:
        self.transport.unload()
        self.viewport.reset()
        self.notice.dismiss()
        self.setWindowTitle(f"{path.name} — timbrescope")
        self._title.setText(path.name)
        self.status.show_opening()
        self.stack.setCurrentWidget(self.page)

    @Slot(object)
    def _on_opened(self, file: AudioFile) -> None:
        self._title.setText(f"{file.path.name}     {file.format_name}")
        self.transport.load(file)
        self.viewport.set_duration(file.duration or 0.0)
        self.status.expect(file.duration)
        self._enable_recording_actions(enabled=True)
        self.recent.add(file.path)

    @Slot()
    def _on_changed(self) -> None:
        file, read = self.session.file, self.session.timeline.seconds
        if file is not None:
            self.status.show_read(read, file.duration)
        self.viewport.set_duration(max(read, self.viewport.duration))

    @Slot()
    def _on_finished(self) -> None:
        self.viewport.set_duration(self.session.timeline.seconds)
        self.status.progress.hide()
        missing = self.models_menu.missing()
        if self.session.timeline.is_silent:
            self.notice.show_notice("This recording holds nothing but silence; check how it was made.")
        elif missing:
            self._offer_models(missing)

    @Slot(str)
    def _on_failed(self, sentence: str) -> None:
        self.status.progress.hide()
        if self.session.timeline.seconds > 0:  # what could be read stays
            self.viewport.set_duration(self.session.timeline.seconds)
            self.notice.show_notice(sentence)
        else:
            self.transport.unload()
            self._show_start_page(sentence)

    # Models

    def _offer_models(self, missing: list[str]) -> None:
        names = " and ".join(missing)
        self.notice.show_notice(
            f"{names} is not installed, so what it would recognise is missing. It is fetched once (30 MB).",
            "Install",
            partial(self.models_menu.install, missing),
        )

    @Slot()
    def _on_installed(self) -> None:
        self.notice.dismiss()
        self.session.analyse_again()

    @Slot(tuple)
    def _choose_models(self, models: tuple[str, ...]) -> None:
        self.preferences.put("models", models)

    # Settings

    @Slot()
    def show_settings(self) -> None:
        """Show the settings dialog."""
        dialog = SettingsDialog(self.preferences.settings, self)
        dialog.applied.connect(self.preferences.change)
        dialog.exec()

    @Slot(object, object)
    def _on_settings_changed(self, before: Settings, settings: Settings) -> None:
        """Hand changed settings on; what changes the scores starts the analysis again."""
        self.session.settings = settings
        self.models_menu.models = settings.models
        self.transport.set_volume(settings.volume / 100)
        self.transport.follow = settings.follow
        self._show_options()
        self.page.set_settings(settings)
        if settings.theme != before.theme:
            self._set_theme()
        keys = ("models", "device", "update_seconds")
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
        self.setWindowIcon(QIcon(str(paths.resources() / "icons" / "timbrescope.svg")))

    # Small things

    @Slot()
    def _tick(self) -> None:
        self.transport.tick()
        self.page.tick()

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

    def closeEvent(self, event: QCloseEvent) -> None:
        """Stop all work and remember the window's place."""
        self._clock.stop()
        self._slow_clock.stop()
        self._memory.geometry = self.saveGeometry()
        self.transport.unload()
        self.session.close()
        self.models_menu.wait()
        self._history.wait()
        event.accept()
