"""Sounds as points: what sounds alike lies near, to be heard, opened and labelled anew."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Signal, Slot
from PySide6.QtGui import QHideEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from timbrescope import paths
from timbrescope.core.errors import ModelError
from timbrescope.core.labels import PHONEMES
from timbrescope.recognition.store import ModelStore
from timbrescope.ui.folder_field import FolderField
from timbrescope.ui.theme import Theme
from timbrescope.ui.training.clip_player import ClipPlayer
from timbrescope.ui.training.map_data import SoundMap, read_map
from timbrescope.ui.training.map_panel import CLASSES, MISTAKES, NO_LABEL, MapPanel, class_looks, judged, mistake_looks
from timbrescope.ui.training.process import TrainingProcess
from timbrescope.ui.training.relabelling import Relabelling
from timbrescope.ui.views.scatter import Scatter

_SIZE: Final = (1160, 740)
_HINT: Final = "Choose a folder of recordings: each becomes a point, and those that sound alike lie near each other."


class TimbreMapDialog(QDialog):
    """Lays out a folder at once and shows it; the map that was made before is there until the new one is.

    ``open_asked`` carries a recording to open, ``relabelled`` the folder in which labels have changed, when it is left.
    """

    open_asked = Signal(object)
    relabelled = Signal(object)
    shown = Signal()  # another map, or none

    def __init__(self, theme: Theme, parent: QWidget | None = None, *, volume: float = 1.0) -> None:
        super().__init__(parent)
        self.setWindowTitle("Timbre map")
        self._theme = theme
        self._folder: Path | None = None
        self.map: SoundMap | None = None
        self._problems: list[str] = []
        self._is_relabelled = False
        self.process = TrainingProcess(self)
        self.player = ClipPlayer(volume, self)
        self.labels = Relabelling(self)
        self.folder = FolderField()
        self.model = QComboBox(minimumContentsLength=18)
        self.model.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.scatter = Scatter(theme)
        self.panel = MapPanel(self.labels.undo_stack)
        self.moves = QCheckBox("Drag &moves the map")
        self.words = QLabel(_HINT, wordWrap=True)
        self.progress = QProgressBar()
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        role = QDialogButtonBox.ButtonRole.ActionRole
        self.again_button = self.buttons.addButton("Lay out &again", role)
        self.stop_button = self.buttons.addButton("&Stop", role)
        self._offer_models()
        self._lay_out()
        self._describe()
        self._connect()
        self._show_state()

    def _offer_models(self) -> None:
        self.model.addItem("No model", "")
        for model in ModelStore().models():
            if model.installed and model.kind != PHONEMES:
                self.model.addItem(model.title, model.name)

    def _describe(self) -> None:
        for widget, name, tip in (
            (self.model, "Mistakes of", "Whose mistakes are shown; a model makes few about what it has learnt from"),
            (self.scatter, "Map", "Click: hear. Double click: open. Drag: catch; with Shift, catch more. Wheel: zoom."),
            (self.moves, "Drag moves the map", "Move the picture instead of catching points"),
            (self.progress, "Progress", "How far the present step is"),
            (self.words, "What goes on", ""),
            (self.again_button, "Lay out again", "Listen to what is new in the folder"),
            (self.stop_button, "Stop", "Stop; what has been heard is kept"),
        ):
            widget.setAccessibleName(name)
            widget.setToolTip(tip)
        for button in self.findChildren(QPushButton):
            button.setAutoDefault(False)  # Enter in the fields is not meant for them

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        for title, field, stretch in (("&Folder", self.folder, 1), ("M&istakes of", self.model, 0)):
            label = QLabel(title)
            label.setBuddy(field)
            top.addWidget(label)
            top.addWidget(field, stretch)
        picture = QVBoxLayout()
        picture.addWidget(self.scatter, 1)
        picture.addWidget(self.moves)
        middle = QHBoxLayout()
        middle.addLayout(picture, 1)
        middle.addWidget(self.panel)
        layout = QVBoxLayout(self)
        layout.addLayout(top)
        layout.addLayout(middle, 1)
        layout.addWidget(self.words)
        layout.addWidget(self.progress)
        layout.addWidget(self.buttons)
        self.resize(*_SIZE)

    def _connect(self) -> None:
        self.folder.chosen.connect(self._on_folder)
        self.folder.line.editingFinished.connect(self._on_folder)
        self.model.activated.connect(self.lay_out)
        self.again_button.clicked.connect(self.lay_out)
        self.stop_button.clicked.connect(self.process.stop)
        self.buttons.rejected.connect(self.reject)
        self.process.told.connect(self._on_told)
        self.process.succeeded.connect(self._on_made)
        self.process.stopped.connect(self._on_stopped)
        self.process.failed.connect(self._say)
        self.player.noticed.connect(self._say)
        self.scatter.chosen.connect(self._on_chosen)
        self.scatter.opened.connect(self._on_opened)
        self.scatter.pointed.connect(self._on_pointed)
        self.scatter.caught.connect(self._on_caught)
        self.moves.toggled.connect(self._on_moves)
        self.panel.recoloured.connect(self._paint)
        self.panel.group_chosen.connect(self._on_group)
        self.panel.label_given.connect(self._on_label)
        self.labels.changed.connect(self._on_relabelled)
        self.labels.failed.connect(self._say)
        undo, redo = QKeySequence.StandardKey.Undo, QKeySequence.StandardKey.Redo
        QShortcut(QKeySequence(undo), self).activated.connect(self.labels.undo_stack.undo)
        QShortcut(QKeySequence(redo), self).activated.connect(self.labels.undo_stack.redo)

    # Making

    @property
    def _file(self) -> Path:
        """Where the map of the folder is kept."""
        name = hashlib.sha256(str(self._folder).encode(errors="surrogateescape")).hexdigest()[:16]
        return paths.cache() / "maps" / f"{name}.json"

    @Slot()
    def _on_folder(self) -> None:
        text = self.folder.line.text().strip()
        if text and Path(text) != self._folder:
            self.set_folder(Path(text))

    def set_folder(self, data: Path, model: str | None = None) -> None:
        """Show the map of a folder or a table, with the mistakes of a model where one is named."""
        self._leave()
        self._folder = data
        self.folder.line.setText(str(data))
        if model is not None:
            self.model.setCurrentIndex(max(0, self.model.findData(model)))
        if not data.exists():
            self._show_map(None)
            self.process.kill()
            self._say(f"There is no folder {data}; choose another.")
            return
        try:
            self._show_map(read_map(self._file) if self._file.exists() else None)
        except ModelError:
            self._show_map(None)  # it is being made anew
        self.lay_out()

    @Slot()
    def lay_out(self) -> None:
        """Make the map, or make it again where recordings have changed."""
        if self._folder is None:
            return
        self._file.parent.mkdir(parents=True, exist_ok=True)
        command = ["map", str(self._folder), "--output", str(self._file), "--progress", "json"]
        if model := self.model.currentData():
            command += ["--model", model]
        self.process.start(command)
        self.progress.setRange(0, 0)
        self._say("The recordings are being laid out…")

    @Slot(object)
    def _on_told(self, event: Mapping[str, Any]) -> None:
        if event["event"] == "checking":
            self.words.setText(f"{event['doing'].capitalize()}…")
            self.progress.setRange(0, event["total"])
            self.progress.setValue(event["done"])
        elif event["event"] == "mapped":
            self._problems = event["problems"]

    @Slot()
    def _on_made(self) -> None:
        try:
            made = read_map(self._file)
        except ModelError as error:
            self._say(str(error))
            return
        if self.map is None or made.points != self.map.points or not np.array_equal(made.places, self.map.places):
            self._show_map(made)
        left_out = f" {len(self._problems)} could not be used: {self._problems[0]}" if self._problems else ""
        self._say(f"{len(self.labels.points):,} sounds.{left_out}")
        if self.model.currentData():
            self.panel.colour.setCurrentText(MISTAKES)

    @Slot()
    def _on_stopped(self) -> None:
        self._say("Stopped. What has been heard is kept for the next time.")

    # Showing

    def _show_map(self, of: SoundMap | None) -> None:
        self.map = of
        self.player.stop()
        if of is None:
            self.labels.points = []
            self.scatter.set_points(np.zeros((0, 2), np.float32))
        else:
            self.labels.begin(of)
            self.scatter.set_points(of.places)
        self._paint()
        self._show_caught()
        self.panel.show_point(None)
        self.shown.emit()

    def _labels(self) -> list[str]:
        """Return all labels, those given here last."""
        known = () if self.map is None else self.map.labels
        return list(dict.fromkeys([*known, *(label for point in self.labels.points for label in point.labels)]))

    @Slot()
    def _paint(self) -> None:
        """Colour the points."""
        if self.panel.colour.currentText() == CLASSES:
            looks = class_looks(self._labels(), self._theme)
            groups = [point.labels[0] if point.labels else NO_LABEL for point in self.labels.points]
        else:
            looks = mistake_looks(self._theme)
            groups = [judged(point) for point in self.labels.points]
        self._groups = groups
        self.scatter.set_looks([looks[name][0] for name in groups], [looks[name][1] for name in groups])
        self.panel.show_key(looks, groups, self._theme)
        self.panel.show_labels(self._labels())

    def _show_caught(self) -> None:
        """Tell how many points are caught; while a map is made nobody knows which labels it has read."""
        possible = self.labels.is_possible and not self.process.is_running
        self.panel.show_caught(len(self.scatter.selected), possible=possible)

    @Slot(str)
    def _say(self, sentence: str) -> None:
        self.words.setText(sentence)
        self._show_state()

    def _show_state(self) -> None:
        running = self.process.is_running
        self.progress.setVisible(running)
        self.stop_button.setVisible(running)
        self.again_button.setVisible(not running)
        self.again_button.setEnabled(self._folder is not None)
        self._show_caught()

    def set_live(self, place: tuple[float, float] | None) -> None:
        """Show where the live sound is."""
        self.scatter.set_live(place)
        if place is not None and not self.process.is_running:
            self.words.setText("The large dot follows the live sound.")

    def set_theme(self, theme: Theme) -> None:
        """Take other colours."""
        self._theme = theme
        self.scatter.set_theme(theme)
        self._paint()

    # Points

    @Slot(int)
    def _on_chosen(self, number: int) -> None:
        point = self.labels.points[number]
        self.panel.show_point(point)
        self.player.play(point.path, point.start, point.end)

    @Slot(int)
    def _on_opened(self, number: int) -> None:
        self.player.close()
        self.open_asked.emit(self.labels.points[number].path)

    @Slot(int)
    def _on_pointed(self, number: int) -> None:
        if number < 0:
            number = self.scatter.current
        self.panel.show_point(self.labels.points[number] if number >= 0 else None)

    @Slot(object, bool)
    def _on_caught(self, numbers: NDArray[np.int64], added: bool) -> None:  # noqa: FBT001 (a Qt slot)
        self.scatter.select(np.concatenate([self.scatter.selected, numbers]) if added else numbers)
        self._show_caught()

    @Slot(str)
    def _on_group(self, name: str) -> None:
        self._on_caught(np.flatnonzero([group == name for group in self._groups]), added=False)

    @Slot(bool)
    def _on_moves(self, moves: bool) -> None:  # noqa: FBT001 (a Qt slot)
        self.scatter.box.moves = moves

    @Slot(str)
    def _on_label(self, label: str) -> None:
        self.labels.give(self.scatter.selected.tolist(), (label,))

    @Slot()
    def _on_relabelled(self) -> None:
        self._is_relabelled = True
        self._paint()
        self._show_caught()

    # Leaving

    def _leave(self) -> None:
        """Tell of labels that have changed."""
        self.player.close()
        if self._is_relabelled and self._folder is not None:
            self._is_relabelled = False
            self.relabelled.emit(self._folder)

    def hideEvent(self, event: QHideEvent) -> None:
        """Fall silent."""
        self._leave()
        super().hideEvent(event)

    def end(self) -> None:
        """End what runs."""
        self.process.kill()
        self.player.close()
