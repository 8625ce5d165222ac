"""Learning from corrections, and the choice between the old model and the new one, with both before one's ears."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from PySide6.QtCore import QSize, Qt, Signal, Slot
from PySide6.QtGui import QColor
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QHeaderView,
    QLabel,
    QProgressBar,
    QPushButton,
    QSplitter,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from timbrescope.core.errors import ModelError
from timbrescope.core.verdicts import VerdictError
from timbrescope.recognition.checkpoint import read_spec
from timbrescope.recognition.store import ModelStore
from timbrescope.ui.folder_field import FolderField
from timbrescope.ui.theme import Theme
from timbrescope.ui.training.clip_list import ClipList
from timbrescope.ui.training.clip_player import ClipPlayer
from timbrescope.ui.training.retraining import Comparison, Gathered, Retraining, gather, new_name
from timbrescope.ui.views.time_table import dress

_SMALL: Final = (720, 190)
_SIZE: Final = (1080, 680)
_COLUMNS: Final = ("Figure", "Old", "New", "Difference")
_FEWEST: Final = 2
_CERTAIN_FROM: Final = 3  # recordings; an interval of fewer says nothing
_RANKINGS: Final = ("ROC-AUC", "PR-AUC")  # of a handful of clips these mislead
_NUMBER: Final = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_NONE: Final = "Nothing has been corrected yet: open a recording, then Recognition > Correct what was recognised."
_ONE: Final = "Correct a second recording too: one is kept aside, to compare the old model and the new one by."


class RetrainDialog(QDialog):
    """Gathers corrections, learns, and compares; ``use_asked`` carries the old name and that of the new model.

    Nothing replaces the old model before the user says so.
    """

    use_asked = Signal(str, str)

    def __init__(self, theme: Theme, volume: float = 1.0, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Learn from corrections")
        self._theme = theme
        self._gathered = Gathered()
        self._labels: dict[str, tuple[str, ...]] = {}
        self.comparison: Comparison | None = None
        self.retraining = Retraining(self)
        self.player = ClipPlayer(volume, self)
        self.models = QComboBox()
        self.folder = FolderField()
        self.words = QLabel(wordWrap=True)
        self.words.setAccessibleName("What goes on")
        self.progress = QProgressBar()
        self.progress.hide()
        self.verdict = QLabel(wordWrap=True)
        self.verdict.setAccessibleName("Which is better")
        self.figures = QTableWidget(0, len(_COLUMNS))
        self.better = ClipList(self.player, "Became right", "")
        self.worse = ClipList(self.player, "Became wrong", "")
        self.choice = QWidget()
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        role = QDialogButtonBox.ButtonRole.ActionRole
        self.learn_button = self.buttons.addButton("&Learn", role)
        self.stop_button = self.buttons.addButton("St&op", role)
        self.use_button = self.buttons.addButton("&Use the new one", role)
        self.keep_button = self.buttons.addButton("&Keep the old one", role)
        self._lay_out()
        self._connect()
        self.refresh()

    def _lay_out(self) -> None:
        for widget, name, tip in (
            (self.models, "Model", "Which model goes on with what you have said"),
            (self.folder.line, "Folder", "Where corrected recordings lie; empty: all that were corrected here"),
            (self.progress, "Progress", "How far the present step is"),
        ):
            widget.setAccessibleName(name)
            widget.setToolTip(tip)
        self.folder.line.setPlaceholderText("All recordings that were corrected on this computer")
        self.learn_button.setToolTip("Learn from the corrections; the old model stays until you have compared")
        self.stop_button.setToolTip("Give it up; the old model stays")
        self.use_button.setToolTip("Install the new one as the next version; the old one stays among the versions")
        self.keep_button.setToolTip("Throw the new one away")
        form = QFormLayout()
        form.addRow("&Model", self.models)
        form.addRow("&Folder", self.folder)
        dress(self.figures, "Old and new")
        self.figures.setToolTip("Figures of both on the same clips, which neither has learnt from")
        self.figures.setHorizontalHeaderLabels(_COLUMNS)
        header = self.figures.horizontalHeader()
        header.show()
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        clips = QSplitter(Qt.Orientation.Vertical)
        clips.addWidget(self.better)
        clips.addWidget(self.worse)
        halves = QSplitter()
        halves.addWidget(self.figures)
        halves.addWidget(clips)
        halves.setSizes([440, 640])
        inner = QVBoxLayout(self.choice)
        inner.setContentsMargins(0, 0, 0, 0)
        inner.addWidget(self.verdict)
        inner.addWidget(halves, 1)
        self.choice.hide()
        layout = QVBoxLayout(self)
        layout.addLayout(form)
        layout.addWidget(self.words)
        layout.addWidget(self.progress)
        layout.addWidget(self.choice, 1)
        layout.addStretch(0)
        layout.addWidget(self.buttons)
        for button in self.buttons.findChildren(QPushButton):
            button.setAutoDefault(False)
        self.resize(*_SMALL)

    def _connect(self) -> None:
        self.models.currentIndexChanged.connect(self._show_state)
        self.folder.chosen.connect(self.refresh)
        self.folder.line.editingFinished.connect(self.refresh)
        self.retraining.told.connect(self._on_told)
        self.retraining.compared.connect(self._on_compared)
        self.retraining.failed.connect(self._on_failed)
        self.learn_button.clicked.connect(self.learn)
        self.stop_button.clicked.connect(self.stop)
        self.use_button.clicked.connect(self.use)
        self.keep_button.clicked.connect(self.keep)
        self.player.noticed.connect(self.words.setText)
        self.buttons.rejected.connect(self.reject)

    # What there is

    @property
    def _place(self) -> Path | None:
        text = self.folder.line.text().strip()
        return Path(text) if text else None

    @Slot()
    def refresh(self) -> None:
        """Look again which corrections there are."""
        if self.retraining.is_running or self.comparison is not None:
            return
        before = self.models.currentData()
        problem = ""
        try:
            self._gathered = gather(self._place)
        except VerdictError as error:
            self._gathered, problem = Gathered(), str(error)
        self.models.blockSignals(True)
        self.models.clear()
        # A model of the program goes on under another name, which has the same labels.
        names = [name for model in self._gathered.models for name in (model, new_name(model))]
        stored = {model.name: model for model in ModelStore().models() if model.path is not None}
        self._labels = {
            name: read_spec(path).labels for name in names if name in stored and (path := stored[name].path)
        }
        for name in self._labels:
            self.models.addItem(stored[name].title or name, name)
        self.models.setCurrentIndex(max(0, self.models.findData(before)))
        self.models.blockSignals(False)
        self._show_state()
        if problem:
            self.words.setText(problem)

    @Slot()
    def _show_state(self) -> None:
        """Offer what can be done now."""
        running, compared = self.retraining.is_running, self.comparison is not None
        name = self.models.currentData()
        count, recordings = self._gathered.about(self._labels.get(name, ()))
        for field in (self.models, self.folder):
            field.setEnabled(not running and not compared)
        self.learn_button.setVisible(not running and not compared)
        self.learn_button.setEnabled(recordings >= _FEWEST)
        self.stop_button.setVisible(running)
        self.progress.setVisible(running)
        self.use_button.setVisible(compared)
        self.keep_button.setVisible(compared)
        self.choice.setVisible(compared)
        if running or compared:
            return
        if name is None:
            self.words.setText(_NONE)
            return
        said = f"{count:,} corrections in {recordings:,} {'recording' if recordings == 1 else 'recordings'}."
        aside = (recordings + 1) // 3
        more = f" {aside} of them {'is' if aside == 1 else 'are'} kept aside for the comparison."
        self.words.setText(said + (more if recordings >= _FEWEST else f" {_ONE}"))

    # Learning

    @Slot()
    def learn(self) -> None:
        """Let the chosen model go on with what was said."""
        name = self.models.currentData()
        if name is None or self.retraining.is_running:
            return
        self.words.setText("The corrections are being gathered…")
        self.progress.setRange(0, 0)
        self.retraining.start(name, new_name(name), self._place)
        self._show_state()

    @Slot()
    def stop(self) -> None:
        """Give it up."""
        self.retraining.stop()
        self._show_state()

    @Slot(object)
    def _on_told(self, event: Mapping[str, Any]) -> None:
        match event["event"]:
            case "prepared":
                self.words.setText("Recordings are being read…")
                self.progress.setRange(0, max(1, event["total"]))
                self.progress.setValue(event["done"])
            case "step":
                self.words.setText(f"Epoch {event['epoch']} of {event['epochs']}…")
                self.progress.setRange(0, max(1, event["steps"]))
                self.progress.setValue(event["step"])
            case "finished" | "corrected":
                self.words.setText("Old and new are being compared…")
                self.progress.setRange(0, 0)

    @Slot(str)
    def _on_failed(self, sentence: str) -> None:
        self._show_state()
        self.words.setText(sentence)

    @Slot(object)
    def _on_compared(self, comparison: Comparison) -> None:
        self.comparison = comparison
        self._show_state()
        self.resize(self.size().expandedTo(QSize(*_SIZE)))
        old, new = comparison.old, comparison.new
        recordings = f"{new.groups:,} {'recording' if new.groups == 1 else 'recordings'}"
        self.words.setText(f"Both heard the same {new.rows:,} clips of {recordings} that were kept aside.")
        self.verdict.setText(f"<b>{_verdict(comparison)}</b>")
        rows = [("Right decisions", comparison.right_share(old), comparison.right_share(new))]
        rows += [
            (name, old.figures[name][0], value)
            for name, (value, _, _) in new.figures.items()
            if name in old.figures and name not in _RANKINGS
        ]
        if old.calibration is not None and new.calibration is not None:
            rows.append(("Calibration error", old.calibration, new.calibration))
        of_old = {one.label: one for one in old.classes}
        rows += [(f"F1 of {one.label}", of_old[one.label].f1, one.f1) for one in new.classes if one.label in of_old]
        known = [row for row in rows if row[1] is not None and row[2] is not None]
        self.figures.setRowCount(len(known))
        for row, (name, first, second) in enumerate(known):
            self._show_figure(row, name, first or 0.0, second or 0.0)
        for shown, clips in ((self.better, comparison.better), (self.worse, comparison.worse)):
            shown.show_clips(f"{shown.table.accessibleName()}: {len(clips) or 'none'}.", clips)
        self.use_button.setFocus()

    def _show_figure(self, row: int, name: str, old: float, new: float) -> None:
        gain = (old - new) if name in {"Calibration error", "Windows with false alarms"} else (new - old)
        colour = self._theme.muted if abs(gain) < 5e-4 else self._theme.good if gain > 0 else self._theme.warning
        for column, text in enumerate((name, f"{old:.3f}", f"{new:.3f}", f"{new - old:+.3f}")):
            item = QTableWidgetItem(text)
            if column:
                item.setTextAlignment(_NUMBER)
            if column == len(_COLUMNS) - 1:
                item.setForeground(QColor(colour))
            self.figures.setItem(row, column, item)

    # Choosing

    @Slot()
    def use(self) -> None:
        """Install the new one as the next version, and let it listen."""
        name = self.models.currentData()
        try:
            version = ModelStore().add(self.retraining.model, new_name(name))
        except ModelError as error:
            self.words.setText(str(error))
            return
        self._leave()
        self.words.setText(f"{new_name(name)} listens now, as version {version.number}; the old one stays as well.")
        self.use_asked.emit(name, new_name(name))

    @Slot()
    def keep(self) -> None:
        """Throw the new one away."""
        self._leave()
        self.words.setText("The old model stays as it was.")

    def _leave(self) -> None:
        self.player.close()
        self.comparison = None
        self.retraining.model.unlink(missing_ok=True)
        self._show_state()
        self.resize(*_SMALL)

    def set_theme(self, theme: Theme) -> None:
        """Take other colours."""
        self._theme = theme
        if self.comparison is not None:
            self._on_compared(self.comparison)

    def end(self) -> None:
        """End what runs."""
        self.retraining.stop()
        self.player.close()

    def done(self, result: int) -> None:
        """Fall silent and close; what runs goes on."""
        self.player.close()
        super().done(result)


def _verdict(comparison: Comparison) -> str:
    """Return which of the two is better, or that it cannot be told."""
    _, low, high = comparison.difference
    better, worse = len(comparison.better), len(comparison.worse)
    changed = f"{better} became right, {worse} became wrong"
    if not better and not worse:
        return "Both say the same of these clips."
    if comparison.new.groups < _CERTAIN_FROM:
        return f"Too few recordings to be certain: {changed}."
    if low is None or high is None or low <= 0 <= high:
        return f"Which is better cannot be told from these clips: {changed}."
    return f"The {'new' if low > 0 else 'old'} one is better: {changed}."
