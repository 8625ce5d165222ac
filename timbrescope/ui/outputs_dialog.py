"""The dialog that sends what is recognised to other programs."""

from collections.abc import Sequence
from dataclasses import replace

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QHeaderView,
    QLabel,
    QLineEdit,
    QSpinBox,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from timbrescope.core.errors import TimbrescopeError
from timbrescope.core.timeline import ScoreSpec
from timbrescope.outputs.midi import midi_ports
from timbrescope.outputs.midi_map import (
    BRIGHTNESS_CONTROLLER,
    CENTS_CONTROLLER,
    CHANNELS,
    LEVEL_CONTROLLER,
    PITCH_CONTROLLER,
    midi_map,
)
from timbrescope.settings import Settings

_OWN = "Own port “timbrescope”"
_SENT = (
    "Scores, labels that enter and leave, level, brightness and the pitch of a voice are sent while an input is "
    "listened to or a recording plays."
)
_MIDI = (
    f"Each label has a controller for its score and a note that sounds while it is there. On the channel of the first "
    f"model, controller {LEVEL_CONTROLLER} is the level, {BRIGHTNESS_CONTROLLER} the brightness, {PITCH_CONTROLLER} "
    f"the note of a voice and {CENTS_CONTROLLER} by how many cents it is off (64: in tune)."
)


class OutputsDialog(QDialog):
    """On or off, and where to, for each kind of output.

    ``applied`` carries other settings.

    Args:
        settings: the present ones.
        specs: of the models whose places are listed.
        parent: of the dialog.
    """

    applied = Signal(object)

    def __init__(self, settings: Settings, specs: Sequence[ScoreSpec], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Output to other programs")
        self._settings = settings
        self._specs = specs
        self.osc = QCheckBox("Send &OSC")
        self.osc.setChecked(settings.osc)
        self.osc.setToolTip("Open Sound Control, for lights, visuals and synthesisers")
        self.osc_address = QLineEdit(settings.osc_address)
        self.osc_address.setAccessibleName("OSC address")
        self.osc_address.setToolTip("HOST:PORT of the program that receives; 127.0.0.1 is this computer")
        self.midi = QCheckBox("Send &MIDI")
        self.midi.setChecked(settings.midi)
        self.midi.setToolTip("MIDI, for synthesisers, sequencers and lights")
        self.midi_port = QComboBox(editable=True)
        self.midi_port.setAccessibleName("MIDI port")
        self.midi_port.setToolTip("A port of this program's own, to which others connect, or one that is there")
        self.midi_port.addItem(_OWN)
        self.midi_channel = QSpinBox(minimum=1, maximum=CHANNELS, value=settings.midi_channel)
        self.midi_channel.setAccessibleName("MIDI channel")
        self.midi_channel.setToolTip("Of the first model; each further one takes the next")
        self.problem = QLabel(wordWrap=True)
        self._list_ports()
        self.map = QTableWidget(0, 5)
        self.map.setAccessibleName("Controllers and notes")
        self._lay_out()
        for box in (self.osc, self.midi):
            box.toggled.connect(self._enable)
        self.midi_channel.valueChanged.connect(self._show_map)
        self._enable()
        self._show_map()

    def _list_ports(self) -> None:
        try:
            self.midi_port.addItems(midi_ports())
        except TimbrescopeError as error:
            self.problem.setText(str(error))
        self.midi_port.setCurrentText(self._settings.midi_port or _OWN)

    def _lay_out(self) -> None:
        about = QLabel(_SENT, wordWrap=True)
        form = QFormLayout()
        form.setVerticalSpacing(10)
        form.addRow(self.osc)
        form.addRow("Address", self.osc_address)
        form.addRow(self.midi)
        form.addRow("Port", self.midi_port)
        form.addRow("Channel", self.midi_channel)
        self.problem.setVisible(bool(self.problem.text()))
        meaning = QLabel(_MIDI, wordWrap=True)
        self.map.setHorizontalHeaderLabels(["Model", "Label", "Channel", "Controller", "Note"])
        self.map.verticalHeader().hide()
        self.map.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
        self.map.setAlternatingRowColors(True)
        self.map.setShowGrid(False)
        self.map.setStyleSheet("QTableView::item { padding: 2px 8px; }")
        self.map.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        self.map.horizontalHeader().setSectionResizeMode(1, QHeaderView.ResizeMode.Stretch)
        standard = QDialogButtonBox.StandardButton
        buttons = QDialogButtonBox(standard.Ok | standard.Cancel | standard.Apply)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        buttons.button(standard.Apply).clicked.connect(self.apply)
        layout = QVBoxLayout(self)
        layout.setSpacing(12)
        layout.addWidget(about)
        layout.addLayout(form)
        layout.addWidget(self.problem)
        layout.addWidget(meaning)
        layout.addWidget(self.map, 1)
        layout.addWidget(buttons)
        self.resize(580, 640)

    @Slot()
    def _enable(self) -> None:
        self.osc_address.setEnabled(self.osc.isChecked())
        self.midi_port.setEnabled(self.midi.isChecked())
        self.midi_channel.setEnabled(self.midi.isChecked())

    @Slot()
    def _show_map(self) -> None:
        models = [(spec.name, spec.labels) for spec in self._specs]
        places = list(midi_map(models, self.midi_channel.value()))
        self.map.setVisible(bool(places))
        self.map.setRowCount(len(places))
        for row, place in enumerate(places):
            for column, value in enumerate((place.model, place.label, place.channel, place.controller, place.note)):
                self.map.setItem(row, column, QTableWidgetItem("–" if value is None else str(value)))

    def apply(self) -> None:
        """Hand the chosen values to the window."""
        port = self.midi_port.currentText().strip()
        self._settings = replace(
            self._settings,
            osc=self.osc.isChecked(),
            osc_address=self.osc_address.text().strip(),
            midi=self.midi.isChecked(),
            midi_port="" if port == _OWN else port,
            midi_channel=self.midi_channel.value(),
        )
        self.applied.emit(self._settings)

    def accept(self) -> None:
        """Apply and close."""
        self.apply()
        super().accept()
