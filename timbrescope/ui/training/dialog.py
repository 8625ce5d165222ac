"""The window in which the user trains a model: recordings, how to learn from them, and what came of it."""

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from timbrescope.core.errors import ModelError
from timbrescope.ui.folder_field import FolderField
from timbrescope.ui.theme import Theme
from timbrescope.ui.training import unfinished
from timbrescope.ui.training.class_table import ClassTable
from timbrescope.ui.training.findings import Findings
from timbrescope.ui.training.options import TrainingOptions
from timbrescope.ui.training.outcome import TrainingOutcome
from timbrescope.ui.training.process import TrainingProcess
from timbrescope.ui.training.report_dialog import ReportDialog
from timbrescope.ui.training.words import duration, spoiling

_SIZE = (1160, 740)
_HINT: Final = (
    "Choose a folder that has a folder of recordings for each class, such as kick, snare and hat, or drop it here; "
    "a folder of annotated recordings and a table with the columns path and labels will do as well."
)
_TABLES: Final = (".csv", ".tsv")
_STAGES: Final = {"prepared": "reading recordings", "judged": "judging the model"}


class TrainingDialog(QDialog):
    """Checks a folder at once, trains where the user says so, and goes on when it is closed.

    ``use_asked`` carries the name of a model that is to listen from now on, ``map_asked`` recordings and a model.
    """

    use_asked = Signal(str)
    map_asked = Signal(object, str)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Train a model")
        self.setAcceptDrops(True)
        self._theme = theme
        self._folder: Path | None = None
        self._findings: list[Mapping[str, Any]] | None = None
        self._unfinished: list[str] = []  # the command that goes on with it
        self._stage = ("", 0.0)
        self.check = TrainingProcess(self)
        self.training = TrainingProcess(self)
        self.folder = FolderField()
        self.classes = ClassTable()
        self.findings = Findings(theme)
        self.options = TrainingOptions()
        self.words = QLabel(_HINT, wordWrap=True)
        self.progress = QProgressBar()
        self.outcome = TrainingOutcome(theme)
        self.report: ReportDialog | None = None
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        role = QDialogButtonBox.ButtonRole.ActionRole
        self.train_button = self.buttons.addButton("&Train", role)
        self.pause_button = self.buttons.addButton("&Pause", role)
        self.stop_button = self.buttons.addButton("St&op", role)
        self.map_button = self.buttons.addButton("Timbre &map…", role)
        self.report_button = self.buttons.addButton("See the &report…", role)
        self.use_button = self.buttons.addButton("Use &it now", role)
        self._describe()
        self._lay_out()
        self._connect()
        self._show_state()
        self.folder.setFocus()

    def _describe(self) -> None:
        """Give everything its words."""
        for widget, name, tip in (
            (self.classes, "Classes", "How much there is of each class"),
            (self.findings, "Findings", "What is wrong with the recordings, and what mends it"),
            (self.progress, "Progress", "How far the present step is"),
            (self.words, "What goes on", ""),
        ):
            widget.setAccessibleName(name)
            widget.setToolTip(tip)
        self.train_button.setToolTip("Learn from the recordings as the form says")
        self.pause_button.setToolTip(
            "Save what has been learnt and free the processor; Continue goes on, even another day"
        )
        self.stop_button.setToolTip("Give this training up")
        self.map_button.setToolTip("See which recordings sound alike, hear them, and give them other labels")
        self.report_button.setToolTip("See each class, what is taken for what, and hear the mistakes")
        self.use_button.setToolTip("Let the model recognise in this window")
        for button in self.buttons.findChildren(QPushButton):
            button.setAutoDefault(False)  # Enter in the fields is not meant for them

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        label = QLabel("&Folder")
        label.setBuddy(self.folder)
        top.addWidget(label)
        top.addWidget(self.folder, 1)
        data = QSplitter()
        data.addWidget(self.classes)
        data.addWidget(self.findings)
        data.setSizes([360, _SIZE[0] - 360])
        below = QWidget()
        work = QHBoxLayout(below)
        work.setContentsMargins(0, 0, 0, 0)
        self.options.setFixedWidth(360)
        work.addWidget(self.options)
        work.addWidget(self.outcome, 1)
        halves = QSplitter(Qt.Orientation.Vertical)
        halves.addWidget(data)
        halves.addWidget(below)
        halves.setSizes([240, 380])
        halves.setStretchFactor(1, 1)  # what is learnt needs the room of a larger window
        layout = QVBoxLayout(self)
        layout.addLayout(top)
        layout.addWidget(halves, 1)
        layout.addWidget(self.words)
        layout.addWidget(self.progress)
        layout.addWidget(self.buttons)
        self.resize(*_SIZE)

    def _connect(self) -> None:
        self.folder.chosen.connect(self._on_folder)
        self.folder.line.editingFinished.connect(self._on_folder)
        self.options.changed.connect(self._show_state)
        self.findings.mended.connect(self._check_again)
        self.findings.failed.connect(self._say)
        self.check.told.connect(self._on_check)
        self.check.succeeded.connect(self._show_state)
        self.check.failed.connect(self._say)
        self.training.told.connect(self._on_training)
        self.training.succeeded.connect(self._on_trained)
        self.training.stopped.connect(self._on_stopped)
        self.training.failed.connect(self._on_failed)
        self.train_button.clicked.connect(self.train)
        self.pause_button.clicked.connect(self.pause)
        self.stop_button.clicked.connect(self.stop)
        self.map_button.clicked.connect(lambda: self.map_asked.emit(self._folder, self.outcome.model))
        self.report_button.clicked.connect(self._show_report)
        self.use_button.clicked.connect(self._use)
        self.buttons.rejected.connect(self.reject)

    # Recordings

    @Slot()
    def _on_folder(self) -> None:
        text = self.folder.line.text().strip()
        if text and Path(text) != self._folder:
            self.set_folder(Path(text))

    def set_folder(self, folder: Path) -> None:
        """Take other recordings and check them."""
        if self.training.is_running:
            self.folder.line.setText(str(self._folder))
            return
        self._folder, self._findings = folder, None
        self.folder.line.setText(str(folder))
        self.classes.setRowCount(0)
        self.findings.show_findings(folder, None)
        self._forget_result()
        if not _holds_recordings(folder):
            self.check.kill()
            self._say(f"There is no folder or table {folder}; choose another.")
            return
        self.options.suggest(folder)
        self.check.start(["check", str(folder), "--progress", "json"])
        self._say("The recordings are being checked…")
        self.progress.setRange(0, 0)

    @Slot()
    def _check_again(self) -> None:
        """Check what is left of the recordings."""
        if self._folder is not None:
            self.set_folder(self._folder)

    @Slot(object)
    def _on_check(self, event: Mapping[str, Any]) -> None:
        if event["event"] == "checking":
            self._show_step(f"Checking: {event['doing']}", event["done"], event["total"])
        elif event["event"] == "checked":
            self._findings = event["findings"]
            self.classes.show_classes(event["classes"])
            self.findings.show_findings(self._folder or Path(), event["findings"])
            number = len(event["classes"])
            rest = " Their training is not finished." if self._unfinished else ""
            self._say(f"{event['files']:,} recordings, {event['minutes']:.1f} minutes, {number} classes.{rest}")

    # Training

    @Slot()
    def train(self) -> None:
        """Start training as the form says, or go on with what was paused or broken off."""
        if self._folder is None or self.training.is_running or self.options.problem:
            return
        self._unfinished = self.options.arguments(self._folder)
        unfinished.remember(self._unfinished)
        self._forget_result()
        self.training.start(self._unfinished)
        self._say("Training begins…")
        self.progress.setRange(0, 0)

    def _forget_result(self) -> None:
        self.outcome.forget()

    def take_up(self) -> None:
        """Show the training that was not finished when the program ended, for the user to continue."""
        arguments = unfinished.recall()
        if self._folder is None and len(arguments) > 1 and _holds_recordings(Path(arguments[1])):
            self.set_folder(Path(arguments[1]))
            self.options.restore(arguments)
            self._unfinished = arguments

    @Slot()
    def pause(self) -> None:
        """Let training end with its state saved, so that it can be continued; asked twice, it ends at once."""
        self.training.stop()
        self._say("Training pauses when the present step is done…")

    @Slot()
    def stop(self) -> None:
        """Give the training up."""
        self.training.kill()
        self._forget_unfinished()
        self._say("Training was stopped. The same choices would go on with it; another seed or name begins anew.")

    def _forget_unfinished(self) -> None:
        self._unfinished = []
        unfinished.forget()

    @Slot(object)
    def _on_training(self, event: Mapping[str, Any]) -> None:
        self.outcome.take(event)
        match event["event"]:
            case "checking":
                self._show_step(f"Checking: {event['doing']}", event["done"], event["total"])
            case "prepared" | "judged":
                self._show_step(_STAGES[event["event"]].capitalize(), event["done"], event["total"])
            case "heldout":
                self._show_step("Judging with recordings kept aside", event["done"], event["total"])
            case "started":
                self._say(f"Learning {len(event['labels'])} labels on {event['device']}…")
            case "step":
                self._show_step(
                    f"Epoch {event['epoch']} of {event['epochs']}", event["step"], event["steps"], event["seconds_left"]
                )

    @Slot()
    def _on_trained(self) -> None:
        self._forget_unfinished()
        # Quick training looks for itself, and keeps copies on one side.
        self.outcome.finish([] if self.options.quick.isChecked() else spoiling(self._findings or []))
        self._say(f"The model {self.outcome.model} is ready.")

    @Slot()
    def _on_stopped(self) -> None:
        self._say("Training is paused, and what it has learnt is saved. Continue goes on, now or another day.")

    @Slot(str)
    def _on_failed(self, sentence: str) -> None:
        self._say(f"{sentence} Continue tries again, and takes up what was saved.")

    @Slot()
    def _show_report(self) -> None:
        try:
            self.report = ReportDialog(self.outcome.folder, self._theme, self)
        except ModelError as error:
            self._say(str(error))
            return
        self.report.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.report.show()

    @Slot()
    def _use(self) -> None:
        self.use_asked.emit(self.outcome.model)
        self._say(f"{self.outcome.model} listens now; Recognition > Models switches it off.")

    # Showing

    def _show_step(self, doing: str, done: int, total: int, seconds_left: float | None = None) -> None:
        """Show how far a step is; where nobody says how long the rest takes, it takes as long as so far."""
        now = time.monotonic()
        if seconds_left is None:
            if self._stage[0] != doing:
                self._stage = (doing, now)
            seconds_left = (now - self._stage[1]) / done * (total - done) if done else 0.0
        self.progress.setRange(0, max(1, total))
        self.progress.setValue(done)
        left = f", {duration(seconds_left)} left at most" if seconds_left > 0 else ""
        self.words.setText(f"{doing}{left}")

    @Slot(str)
    def _say(self, sentence: str) -> None:
        self.words.setText(sentence)
        self._show_state()

    @Slot()
    def _show_state(self) -> None:
        """Offer what can be done now."""
        running = self.training.is_running
        ready = self._folder is not None and self._findings is not None and not self.check.is_running
        problem = self.options.problem if ready else ""
        self.options.setEnabled(not running)
        self.folder.setEnabled(not running)
        self.progress.setVisible(running or self.check.is_running)
        self.train_button.setEnabled(ready and not running and not problem)
        self.train_button.setVisible(not running)
        self.pause_button.setVisible(running)
        self.stop_button.setVisible(running)
        self.map_button.setVisible(ready and not running)
        self.report_button.setVisible(bool(self.outcome.report) and not running)
        self.use_button.setVisible(bool(self.outcome.model) and not running)
        same = bool(self._unfinished) and ready and not problem and self._folder is not None
        same = same and self.options.arguments(self._folder or Path()) == self._unfinished
        self.train_button.setText("&Continue" if same else "&Train")
        if problem and not running:
            self.words.setText(problem)

    def set_theme(self, theme: Theme) -> None:
        """Take other colours."""
        self._theme = theme
        self.outcome.set_theme(theme)
        self.findings.set_theme(theme)

    def end(self) -> None:
        """End what runs; a training can be continued when the program is there again."""
        self.check.kill()
        self.training.close()

    # Qt's events

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Welcome a folder or a table."""
        if any(_holds_recordings(Path(url.toLocalFile())) for url in event.mimeData().urls() if url.isLocalFile()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Take the first folder or table that was dropped."""
        folders = [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
        event.acceptProposedAction()
        self.set_folder(next(filter(_holds_recordings, folders)))


def _holds_recordings(path: Path) -> bool:
    """Tell whether it is a folder, or a table of recordings."""
    return path.is_dir() or (path.is_file() and path.suffix.lower() in _TABLES)
