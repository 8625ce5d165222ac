"""How to train: quickly or in full, from what, under which name."""

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Final

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import (
    QComboBox,
    QFormLayout,
    QLabel,
    QLineEdit,
    QRadioButton,
    QSpinBox,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from timbrescope.core.errors import ModelError
from timbrescope.core.labels import PHONEMES
from timbrescope.recognition.store import ModelStore

_QUICK: Final = "The timbre encoder keeps its ears and learns your labels: seconds to a minute."
_FULL: Final = "All layers learn: minutes to hours, for a hundred recordings and more."
_DEVICES: Final = {"The best there is": "auto", "Processor": "cpu", "Graphics card": "cuda", "Apple graphics": "mps"}


class TrainingOptions(QWidget):
    """A short form; ``changed`` tells of every change in it."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.quick = QRadioButton("&Quick")
        self.quick.setToolTip(_QUICK)
        self.quick.setAccessibleDescription(_QUICK)
        self.full = QRadioButton("F&ull")
        self.full.setToolTip(_FULL)
        self.full.setAccessibleDescription(_FULL)
        self.quick.setChecked(True)
        self.start = QComboBox(minimumContentsLength=16)
        self.start.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.start.addItem("A small network of its own", "")
        for model in ModelStore().models():
            if model.installed and model.kind != PHONEMES:
                self.start.addItem(f"Go on from {model.title}", model.name)
        self.name = QLineEdit(clearButtonEnabled=True)
        self.epochs = QSpinBox(minimum=0, maximum=1000)
        self.epochs.setSpecialValueText("As proposed")
        self.seed = QSpinBox(minimum=0, maximum=999_999)
        self.device = QComboBox()
        for text, device in _DEVICES.items():
            self.device.addItem(text, device)
        self.advanced = QToolButton(autoRaise=True)
        self.advanced.setText("&Advanced")
        self.advanced.setCheckable(True)
        self.advanced.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.advanced.setArrowType(Qt.ArrowType.RightArrow)
        self.advanced.setToolTip("Show what seldom needs changing")
        self._suggested = ""
        self._more = QWidget()
        self._lay_out()
        self.name.textChanged.connect(self.changed)
        for button in (self.quick, self.full):
            button.toggled.connect(self._on_changed)
        for box in (self.start, self.device):
            box.currentIndexChanged.connect(self.changed)
        for number in (self.epochs, self.seed):
            number.valueChanged.connect(self.changed)
        self.advanced.toggled.connect(self._show_more)
        self._show_more(shown=False)
        self._on_changed()

    def _lay_out(self) -> None:
        form = QFormLayout()
        for button, text in ((self.quick, _QUICK), (self.full, _FULL)):
            form.addRow(button)
            form.addRow(_note(text))
        start = "What a full training begins with: a trained model needs fewer recordings."
        _add(form, "&Start from", self.start, start)
        form.addRow(_note(start))
        name = "The same name again makes another version of that model."
        _add(form, "&Name", self.name, name)
        form.addRow(_note(name))
        more = QFormLayout(self._more)
        more.setContentsMargins(18, 0, 0, 0)
        for title, field, text in (
            ("&Epochs", self.epochs, "How often a full training goes through all recordings at most."),
            ("See&d", self.seed, "Another number draws another split and another start."),
            ("De&vice", self.device, "What a full training computes on."),
        ):
            _add(more, title, field, text)
            more.addRow(_note(text))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(form)
        layout.addWidget(self.advanced)
        layout.addWidget(self._more)
        layout.addStretch(1)

    def suggest(self, folder: Path) -> None:
        """Propose a name for what is learnt from a folder, unless the user has typed one."""
        if self.name.text() not in ("", self._suggested):
            return
        try:
            self._suggested = ModelStore().own_name(folder.stem)
        except ModelError:
            self._suggested = "my-sounds"
        self.name.setText(self._suggested)

    @property
    def problem(self) -> str:
        """Why there can be no training of that name; empty where there can be one."""
        text = self.name.text().strip()
        if not text:
            return "Give the model a name."
        try:
            ModelStore().own_name(text)
        except ModelError as error:
            return str(error).replace(" with --name.", ".")
        return ""

    def arguments(self, folder: Path) -> list[str]:
        """Return the command that trains on a folder as the form says."""
        name = ModelStore().own_name(self.name.text().strip())
        command = ["train", str(folder), "--progress", "json", "--name", name, "--seed", str(self.seed.value())]
        if self.quick.isChecked():
            return [*command, "--quick"]
        command += ["--device", self.device.currentData()]
        if self.epochs.value():
            command += ["--epochs", str(self.epochs.value())]
        model = self.start.currentData()
        return [*command, "--fine-tune", model] if model else command

    def restore(self, arguments: Sequence[str]) -> None:
        """Show the choices of a command that ``arguments`` returned once."""
        chosen = dict(pairwise(arguments))
        self.quick.setChecked("--quick" in arguments)
        self.full.setChecked("--quick" not in arguments)
        self.name.setText(chosen.get("--name", ""))
        for number, option in ((self.seed, "--seed"), (self.epochs, "--epochs")):
            text = chosen.get(option, "")
            number.setValue(int(text) if text.isdecimal() else 0)
        for box, option in ((self.device, "--device"), (self.start, "--fine-tune")):
            box.setCurrentIndex(max(0, box.findData(chosen.get(option, ""))))

    @Slot()
    def _on_changed(self) -> None:
        for field in (self.start, self.epochs, self.device):
            field.setEnabled(self.full.isChecked())
        self.changed.emit()

    @Slot(bool)
    def _show_more(self, shown: bool) -> None:  # noqa: FBT001 (a Qt slot)
        self.advanced.setArrowType(Qt.ArrowType.DownArrow if shown else Qt.ArrowType.RightArrow)
        self._more.setVisible(shown)


def _add(form: QFormLayout, title: str, field: QWidget, tip: str) -> None:
    field.setToolTip(tip)
    field.setAccessibleName(title.replace("&", ""))
    field.setAccessibleDescription(tip)
    form.addRow(title, field)


def _note(text: str) -> QLabel:
    note = QLabel(text, wordWrap=True)
    note.setEnabled(False)
    return note
