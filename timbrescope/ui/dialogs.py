"""The dialogs: settings from the declared options, shortcuts, and what the program is made of."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from importlib import metadata
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QDoubleSpinBox,
    QFormLayout,
    QHeaderView,
    QLabel,
    QSpinBox,
    QTableWidget,
    QTableWidgetItem,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from timbrescope import __version__
from timbrescope.settings import Option, Settings, declared
from timbrescope.ui.folder_field import FolderField


class SettingsDialog(QDialog):
    """A field for every declared option that has a group, one tab a group."""

    applied = Signal(object)

    def __init__(self, settings: Settings, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Settings")
        self._settings = settings
        self.fields: dict[str, QWidget] = {}
        tabs = QTabWidget()
        forms: dict[str, QFormLayout] = {}
        for name, option, _ in declared():
            if not option.group:
                continue
            if option.group not in forms:
                page = QWidget()
                forms[option.group] = QFormLayout(page)
                forms[option.group].setContentsMargins(16, 16, 16, 16)
                forms[option.group].setVerticalSpacing(10)
                tabs.addTab(page, option.group)
            field = _make_field(option, getattr(settings, name))
            field.setToolTip(option.help)
            field.setAccessibleName(option.title)
            field.setAccessibleDescription(option.help)
            self.fields[name] = field
            forms[option.group].addRow(option.title, field)
            note = QLabel(option.help)
            note.setEnabled(False)
            note.setWordWrap(True)
            forms[option.group].addRow("", note)
        standard = QDialogButtonBox.StandardButton
        buttons = QDialogButtonBox(standard.Ok | standard.Cancel | standard.Apply | standard.RestoreDefaults)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        buttons.button(standard.Apply).clicked.connect(self.apply)
        buttons.button(standard.RestoreDefaults).clicked.connect(self.restore_defaults)
        layout = QVBoxLayout(self)
        layout.addWidget(tabs)
        layout.addWidget(buttons)
        self.setMinimumWidth(520)

    def apply(self) -> None:
        """Hand the chosen values to the window."""
        values = {name: _value(field) for name, field in self.fields.items()}
        self._settings = replace(self._settings, **values)
        self.applied.emit(self._settings)

    def accept(self) -> None:
        """Apply and close."""
        self.apply()
        super().accept()

    def restore_defaults(self) -> None:
        """Put every field back to its default; nothing is applied yet."""
        for name, _, default in declared():
            if name in self.fields:
                _set_value(self.fields[name], default)


def _make_field(option: Option, value: Any) -> QWidget:
    field: QWidget
    if option.choices:
        field = QComboBox()
        for choice, text in option.choices:
            field.addItem(text, choice)
    elif isinstance(value, bool):
        field = QCheckBox()
    elif option.is_folder:
        field = FolderField()
    else:
        field = QSpinBox() if isinstance(value, int) else QDoubleSpinBox()
        field.setRange(option.minimum or 0, option.maximum or 0)  # type: ignore[arg-type]  # whole for a QSpinBox
        field.setSingleStep(option.step)  # type: ignore[arg-type]
        field.setSuffix(option.unit)
        field.setSpecialValueText(option.zero)  # in place of the minimum
    _set_value(field, value)
    return field


def _set_value(field: QWidget, value: Any) -> None:
    if isinstance(field, QComboBox):
        field.setCurrentIndex(max(0, field.findData(value)))
    elif isinstance(field, QCheckBox):
        field.setChecked(value)
    elif isinstance(field, FolderField):
        field.line.setText(value)
    elif isinstance(field, QSpinBox | QDoubleSpinBox):
        field.setValue(value)


def _value(field: QWidget) -> Any:
    if isinstance(field, QComboBox):
        return field.currentData()
    if isinstance(field, QCheckBox):
        return field.isChecked()
    if isinstance(field, FolderField):
        return field.line.text().strip()
    if isinstance(field, QSpinBox | QDoubleSpinBox):
        return field.value()
    raise TypeError(f"a setting cannot be read from a {type(field).__name__}")


class ShortcutsDialog(QDialog):
    """Every action with its keys, and what the mouse does."""

    _MOUSE = (
        ("Click", "Go there"),
        ("Drag", "Select; drag an edge to move it"),
        ("Right or middle drag", "Move the picture"),
        ("Wheel", "Zoom in time around the pointer"),
        ("Shift + wheel", "Scroll in time"),
        ("Ctrl + wheel", "Zoom in frequency; scroll the lanes"),
        ("Wheel on the colour scale", "Gain; with Ctrl range"),
        ("Drag a boundary of an annotation", "Move it"),
        ("Double-click a segment of an annotation", "Type its label"),
        ("Right-click a segment of an annotation", "Choose its label"),
    )

    def __init__(self, actions: Iterable[QAction], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Keyboard and mouse")
        rows = [
            (
                " or ".join(key.toString(key.SequenceFormat.NativeText) for key in action.shortcuts()),
                _plain(action.text()),
            )
            for action in actions
            if action.shortcuts()
        ]
        _fill(self, [*rows, *self._MOUSE], ("Keys", "What happens"), (540, 560))


class AboutDialog(QDialog):
    """Version, licence and the packages that timbrescope stands on, with theirs."""

    _PACKAGES = (
        "av", "espeakng-loader", "mido", "mutagen", "numpy", "onnxruntime", "platformdirs", "praat-parselmouth",
        "pyqtgraph", "PySide6-Essentials", "python-osc", "python-rtmidi", "safetensors", "sounddevice", "soundfile",
        "soxr", "swift-f0", "torch", "tqdm",
    )  # fmt: skip

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("About timbrescope")
        head = QLabel(
            f"<h2>timbrescope {__version__}</h2>"
            "<p>See which instruments, tags and phonemes are in a recording, frame by frame.</p>"
            "<p>MIT licence. The demo recording is part of the project; its sounds come from FluidR3 (MIT).<br>"
            "The musicnn models are by Jordi Pons and Xavier Serra (ISC licence).</p>"
        )
        head.setWordWrap(True)
        rows = [(name, *_package(name)) for name in self._PACKAGES]
        _fill(self, rows, ("Package", "Version", "Licence"), (560, 520), head)


_UNSAID = {"espeakng-loader": "GPL-3.0-or-later (eSpeak NG)"}  # what a package's own description leaves out


def _package(name: str) -> tuple[str, str]:
    try:
        about = metadata.metadata(name)
    except metadata.PackageNotFoundError:
        return "–", "–"
    licence = about["License-Expression"] or about["License"] or ""
    if not licence or "\n" in licence:
        classifiers = [
            text.rsplit("::", 1)[1].strip()
            for text in (about.get_all("Classifier") or [])
            if text.startswith("License ::")
        ]
        licence = ", ".join(classifiers) or licence.partition("\n")[0]
    return about["Version"], licence or _UNSAID.get(name, "")


def _plain(text: str) -> str:
    return text.replace("&", "").rstrip("…")


def _fill(
    dialog: QDialog,
    rows: Sequence[tuple[str, ...]],
    heads: tuple[str, ...],
    size: tuple[int, int],
    top: QWidget | None = None,
) -> None:
    table = QTableWidget(len(rows), len(heads))
    table.setHorizontalHeaderLabels(heads)
    table.verticalHeader().hide()
    table.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
    table.setShowGrid(False)
    table.setAlternatingRowColors(True)
    for row, texts in enumerate(rows):
        for column, text in enumerate(texts):
            table.setItem(row, column, QTableWidgetItem(text))
    table.resizeColumnsToContents()
    table.horizontalHeader().setSectionResizeMode(len(heads) - 1, QHeaderView.ResizeMode.Stretch)
    table.horizontalHeader().setDefaultAlignment(Qt.AlignmentFlag.AlignLeft)
    buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
    buttons.rejected.connect(dialog.reject)
    layout = QVBoxLayout(dialog)
    if top is not None:
        layout.addWidget(top)
    layout.addWidget(table)
    layout.addWidget(buttons)
    dialog.resize(*size)
