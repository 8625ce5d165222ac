"""The dialog that chooses what alerts are given for."""

from collections.abc import Collection
from dataclasses import replace

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QDialogButtonBox,
    QDoubleSpinBox,
    QFormLayout,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QVBoxLayout,
    QWidget,
)

from timbrescope.settings import Settings, declared

_ABOUT = "An alert is given as soon as one of these sounds, live or where a recording plays."


class AlertsDialog(QDialog):
    """A list of labels to tick, and what happens when one is there.

    ``applied`` carries other settings.

    Args:
        settings: the present ones.
        labels: that models here can tell of; those that are chosen already stay in the list in any case.
        parent: of the dialog.
    """

    applied = Signal(object)

    def __init__(self, settings: Settings, labels: Collection[str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Alerts")
        self._settings = settings
        options = {name: option for name, option, _ in declared()}
        self.wanted = QLineEdit(placeholderText="Find a label", clearButtonEnabled=True)
        self.wanted.setAccessibleName("Find a label")
        self.wanted.setToolTip("Show only labels with these letters")
        self.wanted.textChanged.connect(self._find)
        self.list = QListWidget()
        self.list.setAccessibleName("Labels")
        self.list.setSpacing(2)
        self.list.setToolTip("Tick what an alert is given for")
        chosen = {label.casefold() for label in settings.alert_labels}
        for label in dict.fromkeys([*settings.alert_labels, *labels]):
            item = QListWidgetItem(label)
            item.setCheckState(Qt.CheckState.Checked if label.casefold() in chosen else Qt.CheckState.Unchecked)
            self.list.addItem(item)
        seconds = options["alert_seconds"]
        self.seconds = QDoubleSpinBox(
            minimum=seconds.minimum or 0.0, maximum=seconds.maximum or 0.0, singleStep=seconds.step, decimals=1
        )
        self.seconds.setSuffix(seconds.unit)
        self.seconds.setValue(settings.alert_seconds)
        self.seconds.setAccessibleName(seconds.title)
        self.seconds.setToolTip(seconds.help)
        self.sound = QCheckBox("&Beep")
        self.sound.setChecked(settings.alert_sound)
        self.sound.setToolTip(options["alert_sound"].help)
        self.message = QCheckBox("Show it on the &desktop too")
        self.message.setChecked(settings.alert_message)
        self.message.setToolTip(options["alert_message"].help)
        form = QFormLayout()
        form.addRow("Once it is there for", self.seconds)
        form.addRow("", self.sound)
        form.addRow("", self.message)
        standard = QDialogButtonBox.StandardButton
        buttons = QDialogButtonBox(standard.Ok | standard.Cancel)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.setSpacing(10)
        layout.addWidget(QLabel(_ABOUT, wordWrap=True))
        layout.addWidget(self.wanted)
        layout.addWidget(self.list, 1)
        layout.addLayout(form)
        layout.addWidget(buttons)
        self.resize(420, 560)

    @property
    def chosen(self) -> tuple[str, ...]:
        """The labels that are ticked."""
        items = [self.list.item(row) for row in range(self.list.count())]
        return tuple(item.text() for item in items if item.checkState() == Qt.CheckState.Checked)

    @Slot(str)
    def _find(self, wanted: str) -> None:
        for row in range(self.list.count()):
            item = self.list.item(row)
            item.setHidden(wanted.strip().casefold() not in item.text().casefold())

    def accept(self) -> None:
        """Hand the chosen values to the window and close."""
        self.applied.emit(
            replace(
                self._settings,
                alert_labels=self.chosen,
                alert_seconds=self.seconds.value(),
                alert_sound=self.sound.isChecked(),
                alert_message=self.message.isChecked(),
            )
        )
        super().accept()
