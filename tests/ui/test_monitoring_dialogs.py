from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from tests.ui.sounding import INSTRUMENTS, TAGS
from timbrescope.core.errors import TimbrescopeError
from timbrescope.settings import Settings
from timbrescope.ui import outputs_dialog
from timbrescope.ui.alerts_dialog import AlertsDialog
from timbrescope.ui.outputs_dialog import OutputsDialog


@pytest.fixture
def _ports(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outputs_dialog, "midi_ports", lambda: ["Synth 1", "Lights 2"])


@pytest.mark.usefixtures("_ports")
def test_outputs_are_off_until_somebody_wants_them_and_then_go_where_they_are_sent(qtbot: QtBot) -> None:
    dialog = OutputsDialog(Settings(), [INSTRUMENTS, TAGS])
    qtbot.addWidget(dialog)
    applied: list[Settings] = []
    dialog.applied.connect(applied.append)
    dialog.apply()
    assert applied == [Settings()]
    assert not dialog.osc_address.isEnabled()
    dialog.osc.setChecked(True)
    dialog.osc_address.setText(" 192.0.2.7:57120 ")
    dialog.midi.setChecked(True)
    dialog.midi_port.setCurrentText("Lights 2")
    dialog.midi_channel.setValue(5)
    dialog.accept()
    assert applied[-1] == replace(
        Settings(), osc=True, osc_address="192.0.2.7:57120", midi=True, midi_port="Lights 2", midi_channel=5
    )
    again = OutputsDialog(applied[-1], [])
    qtbot.addWidget(again)
    again.apply()
    assert again.midi_port.currentText() == "Lights 2"


@pytest.mark.usefixtures("_ports")
def test_every_label_has_a_line_that_follows_the_channel(qtbot: QtBot) -> None:
    dialog = OutputsDialog(Settings(), [INSTRUMENTS, TAGS])
    qtbot.addWidget(dialog)
    dialog.midi_channel.setValue(3)
    table = dialog.map
    lines = [[item.text() for column in range(5) if (item := table.item(row, column))] for row in range(5)]
    assert lines[0] == ["players", "piano", "3", "20", "36"]
    assert lines[3] == ["moods", "rock", "4", "20", "36"]
    assert table.rowCount() == 5


def test_a_computer_without_midi_says_so_and_keeps_osc(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> list[str]:
        raise TimbrescopeError("This computer offers no MIDI.")

    monkeypatch.setattr(outputs_dialog, "midi_ports", fail)
    dialog = OutputsDialog(Settings(), [])
    qtbot.addWidget(dialog)
    dialog.show()
    assert dialog.problem.isVisible()
    dialog.osc.setChecked(True)
    assert dialog.osc_address.isEnabled()


def test_alerts_are_given_for_what_is_ticked(qtbot: QtBot) -> None:
    dialog = AlertsDialog(replace(Settings(), alert_labels=("zither",)), ["piano", "flute"])
    qtbot.addWidget(dialog)
    assert dialog.chosen == ("zither",)  # no model here knows it, and it stays
    for row in range(dialog.list.count()):
        item = dialog.list.item(row)
        item.setCheckState(Qt.CheckState.Checked if item.text() == "flute" else Qt.CheckState.Unchecked)
    dialog.wanted.setText("pia")
    assert [dialog.list.item(row).isHidden() for row in range(3)] == [True, False, True]
    dialog.seconds.setValue(2.5)
    dialog.sound.setChecked(False)
    applied: list[Settings] = []
    dialog.applied.connect(applied.append)
    dialog.accept()
    assert applied == [replace(Settings(), alert_labels=("flute",), alert_seconds=2.5, alert_sound=False)]
