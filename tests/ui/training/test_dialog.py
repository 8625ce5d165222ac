import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QAbstractSpinBox, QComboBox, QLineEdit, QProgressBar, QTableWidget, QTextBrowser
from pytestqt.qtbot import QtBot

from tests.training.check_set import clean_set
from timbrescope import paths
from timbrescope.core.mended import Mended, read_mended
from timbrescope.ui.theme import DARK
from timbrescope.ui.training.dialog import TrainingDialog
from timbrescope.ui.training.process import TrainingProcess
from timbrescope.ui.training.unfinished import recall
from timbrescope.ui.training.words import duration, result_html

LONG_MS = 300_000
CHECKED = """{"event": "checked", "files": 39, "minutes": 1.25,
 "classes": [{"label": "flute", "clips": 13, "groups": 5, "minutes": 0.4},
             {"label": "violin", "clips": 14, "groups": 6, "minutes": 0.45}],
 "findings": [{"kind": "silent", "severity": "problem", "sentence": "1 recording is silent: <a>.wav.",
               "advice": "Leave it out."},
              {"kind": "equipment", "severity": "warning", "sentence": "The noise alone tells flute.",
               "advice": "Record with one microphone."},
              {"kind": "imbalance", "severity": "note", "sentence": "Violin has more.", "advice": "Go on."}]}"""
RUN = """\
{"event": "prepared", "done": 39, "total": 39}
{"event": "problem", "sentence": "The noise alone tells flute. Record with one microphone.", "spoils": true}
{"event": "problem", "sentence": "a.wav was left out.", "spoils": false}
{"event": "started", "labels": ["flute", "violin"], "train_windows": 9, "validation_windows": 3, "parameters": 5, \
"device": "cpu", "epoch": 0, "exclusive": true}
{"event": "step", "epoch": 1, "epochs": 2, "step": 3, "steps": 4, "loss": 0.9, "seconds_left": 130.0}
{"event": "epoch", "epoch": 1, "epochs": 2, "learning_rate": 0.1, "loss": 0.9, "validation_loss": 1.0, \
"metric": "macro-f1", "value": 0.5, "best": true, "confusion": [[1, 2], [1, 2]]}
{"event": "epoch", "epoch": 2, "epochs": 2, "learning_rate": 0.1, "loss": 0.5, "validation_loss": 0.7, \
"metric": "macro-f1", "value": 0.75, "best": true, "confusion": [[3, 0], [1, 2]]}
{"event": "evaluated", "figures": {"macro-f1": 0.75, "pr-auc": null}, "published": {}, "report": "/there/report.html"}
{"event": "installed", "name": "winds", "version": 1, "model": "/there/model.safetensors"}
"""


@pytest.fixture
def dialog(_own_folders: None, qtbot: QtBot) -> Iterator[TrainingDialog]:
    """A shown dialog; whatever it has started ends with it."""
    dialog = TrainingDialog(DARK)
    qtbot.addWidget(dialog)
    dialog.show()
    qtbot.waitExposed(dialog)
    yield dialog
    dialog.end()


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The commands that would be started, while none is."""
    commands: list[list[str]] = []
    monkeypatch.setattr(TrainingProcess, "start", lambda _self, arguments: commands.append(list(arguments)))
    return commands


@pytest.fixture
def checked(dialog: TrainingDialog, started: list[list[str]], tmp_path: Path) -> TrainingDialog:
    """The dialog with recordings that have been checked."""
    folder = tmp_path / "My winds"
    folder.mkdir()
    dialog.set_folder(folder)
    assert started.pop() == ["check", str(folder), "--progress", "json"]
    assert not dialog.train_button.isEnabled()
    dialog.check.told.emit(json.loads(CHECKED))
    dialog.check.succeeded.emit()
    return dialog


def run(dialog: TrainingDialog, lines: str = RUN) -> None:
    for line in lines.splitlines():
        dialog.training.told.emit(json.loads(line))


def test_classes_and_findings_are_shown(checked: TrainingDialog) -> None:
    cells = [[checked.classes.model().index(row, column).data() for column in range(3)] for row in range(2)]
    assert cells == [["flute", "13", "0.4"], ["violin", "14", "0.5"]]
    text = checked.findings.text()
    assert "1 recording is silent: <a>.wav." in text
    assert "Record with one microphone." in text
    assert checked.options.name.text() == "my-winds"
    assert checked.train_button.isEnabled()


def test_findings_are_mended_by_a_list_beside_and_taken_back(
    checked: TrainingDialog, started: list[list[str]], tmp_path: Path
) -> None:
    folder = tmp_path / "My winds"
    silent, copies = folder / "a.wav", [folder / "b.wav", folder / "c.wav"]
    finding = {"severity": "problem", "sentence": "Something.", "advice": "Do it.", "files": [str(silent)]}
    found = [
        finding | {"remedy": "leave-out", "groups": []},
        finding | {"remedy": "join-groups", "files": [str(copies[1])], "groups": [[str(path) for path in copies]]},
        finding | {"remedy": "record", "files": []},
    ]
    event = json.loads(CHECKED) | {"findings": found}

    def again() -> None:
        assert started.pop() == ["check", str(folder), "--progress", "json"]
        checked.check.told.emit(event)
        checked.check.succeeded.emit()

    checked.check.told.emit(event)
    assert [button.text() for button in checked.findings.mending] == ["Leave out", "Keep together"]
    checked.findings.mending[0].click()
    again()
    checked.findings.mending[1].click()
    again()
    done = read_mended(folder)
    assert done.left_out == {silent}
    assert set(done.groups) == set(copies)
    assert len(set(done.groups.values())) == 1
    assert "you leave out 1 and keep 2 together" in checked.findings.text()
    checked.findings.mending[2].click()
    again()
    assert read_mended(folder) == Mended()
    assert len(checked.findings.mending) == 2


def test_the_form_becomes_a_command(checked: TrainingDialog, started: list[list[str]]) -> None:
    form = checked.options
    assert not form.start.isEnabled()
    checked.train()
    assert started.pop()[2:] == ["--progress", "json", "--name", "my-winds", "--seed", "0", "--quick"]
    form.full.setChecked(True)
    form.epochs.setValue(3)
    form.start.setCurrentIndex(form.start.findData("timbre-encoder"))
    checked.train()
    assert started.pop()[-6:] == ["--device", "auto", "--epochs", "3", "--fine-tune", "timbre-encoder"]


@pytest.mark.parametrize("name", ["", "???", "timbre-encoder"])
def test_a_name_that_cannot_be_is_told_before_training(checked: TrainingDialog, name: str) -> None:
    checked.options.name.setText(name)
    assert not checked.train_button.isEnabled()
    assert checked.words.text() == checked.options.problem != ""
    assert "--" not in checked.words.text()
    checked.options.name.setText("fine")
    assert checked.train_button.isEnabled()


def test_a_run_is_followed_and_its_doubts_stand_above_the_figures(checked: TrainingDialog, qtbot: QtBot) -> None:
    checked.train()
    run(checked, "\n".join(RUN.splitlines()[:5]))
    assert checked.words.text() == "Epoch 1 of 2, 2 min left at most"
    assert (checked.progress.value(), checked.progress.maximum()) == (3, 4)
    run(checked, "\n".join(RUN.splitlines()[5:]))
    epochs, losses = checked.outcome.curve._curves["validation_loss"].getData()
    assert (list(epochs), list(losses)) == ([1, 2], [1.0, 0.7])
    checked.training.succeeded.emit()
    cells = checked.outcome.confusion.model()
    counts = [[cells.index(row, column).data() for column in (0, 1)] for row in (0, 1)]
    assert counts == [["3", "·"], ["1", "2"]]
    text = checked.outcome.text.toPlainText()
    assert text.index("Do not trust") < text.index("macro-f1")
    assert text.count("The noise alone tells flute") == 1
    assert "Violin has more" not in text
    assert "0.750" in text
    assert text.index("0.750") < text.index("spoils no figure") < text.index("a.wav was left out")
    assert checked.report_button.isVisible()
    with qtbot.waitSignal(checked.use_asked) as asked:
        checked.use_button.click()
    assert asked.args == ["winds"]


def test_what_was_broken_off_can_be_gone_on_with(checked: TrainingDialog, started: list[list[str]]) -> None:
    checked.train()
    checked.training.failed.emit("Broken off.")
    assert checked.train_button.text() == "&Continue"
    checked.options.seed.setValue(5)
    assert checked.train_button.text() == "&Train"  # that would be another run
    checked.options.seed.setValue(0)
    assert checked.train_button.text() == "&Continue"
    checked.train_button.click()
    assert started[-1] == started[-2]
    run(checked)
    checked.training.succeeded.emit()
    assert checked.train_button.text() == "&Train"


def test_a_training_is_offered_again_when_the_program_is_back(
    checked: TrainingDialog, started: list[list[str]], qtbot: QtBot
) -> None:
    checked.options.full.setChecked(True)
    checked.options.epochs.setValue(7)
    checked.options.device.setCurrentIndex(1)
    checked.options.name.setText("horns")
    checked.train()
    command = started.pop()

    def reopened() -> TrainingDialog:
        dialog = TrainingDialog(DARK)
        qtbot.addWidget(dialog)
        dialog.take_up()
        dialog.check.told.emit(json.loads(CHECKED))
        dialog.check.succeeded.emit()
        return dialog

    again = reopened()
    assert "not finished" in again.words.text()
    assert again.train_button.text() == "&Continue"
    again.train_button.click()
    assert started.pop() == command
    again.training.succeeded.emit()
    assert recall() == []
    again.train()
    assert recall() == started[-1]
    again.stop()
    assert recall() == []
    assert again.train_button.text() == "&Train"
    assert reopened().train_button.text() == "&Train"


@pytest.mark.parametrize("text", ["", "[]", '{"arguments": 3}', "\x00"])
def test_a_damaged_note_of_a_training_is_none(text: str) -> None:
    paths.trained().mkdir(parents=True)
    (paths.trained() / "unfinished.json").write_text(text)
    assert recall() == []


def test_a_folder_can_be_dropped(dialog: TrainingDialog, started: list[list[str]], tmp_path: Path) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(tmp_path))])
    no_button = Qt.MouseButton.NoButton
    event = QDropEvent(QPoint(9, 9), Qt.DropAction.CopyAction, data, no_button, Qt.KeyboardModifier.NoModifier)
    dialog.dropEvent(event)
    assert started[-1][1] == str(tmp_path)


def test_a_folder_that_is_not_there_is_one_sentence(dialog: TrainingDialog, tmp_path: Path) -> None:
    dialog.set_folder(tmp_path / "nowhere")
    assert dialog.words.text().startswith("There is no folder")
    assert not dialog.train_button.isEnabled()


def test_every_control_has_a_name(dialog: TrainingDialog) -> None:
    kinds = (QAbstractSpinBox, QComboBox, QTableWidget, QTextBrowser, QProgressBar)
    controls = [widget for kind in kinds for widget in dialog.findChildren(kind)]
    controls += [dialog.options.name, dialog.folder.line]
    assert isinstance(dialog.folder.line, QLineEdit)
    assert all(control.accessibleName() for control in controls)
    assert all(button.toolTip() for button in dialog.buttons.buttons()[1:])


def test_figures_are_missing_in_words() -> None:
    assert "nobody knows" in result_html({}, [], DARK)
    assert "Do not trust" not in result_html({"accuracy": 1.0}, [], DARK)
    assert [duration(seconds) for seconds in (0.2, 59, 90, 7200)] == ["1 s", "59 s", "2 min", "2.0 h"]


def test_a_command_that_is_killed_is_told(qtbot: QtBot, tmp_path: Path) -> None:
    process = TrainingProcess()
    with qtbot.waitSignal(process.failed, timeout=LONG_MS) as failed:
        process.start(["check", str(tmp_path), "--progress", "json"])
        assert process._process is not None
        assert process._process.waitForStarted(LONG_MS)
        os.kill(process._process.processId(), signal.SIGKILL)
    assert "broken off" in str(failed.args)
    assert not process.is_running


def test_a_command_that_is_refused_gives_its_sentence(qtbot: QtBot) -> None:
    process = TrainingProcess()
    with qtbot.waitSignal(process.failed, timeout=LONG_MS) as failed:
        process.start(["models", "remove", "nowhere"])
    assert "nowhere" in str(failed.args)


def test_a_command_that_is_stopped_is_no_failure(qtbot: QtBot, tmp_path: Path) -> None:
    process = TrainingProcess()
    with qtbot.waitSignal(process.stopped, timeout=LONG_MS):
        process.start(["check", str(tmp_path), "--progress", "json"])
        assert process._process is not None
        assert process._process.waitForStarted(LONG_MS)
        process.stop()
    assert not process.is_running


@pytest.mark.slow
def test_a_training_is_paused_killed_and_continued(
    dialog: TrainingDialog, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TIMBRESCOPE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(os, "setpriority", lambda *_: None)  # a busy machine may starve it
    folder = clean_set(tmp_path / "Tones", clips=10)

    def ready(dialog: TrainingDialog) -> None:
        qtbot.waitUntil(dialog.train_button.isEnabled, timeout=LONG_MS)

    def at_an_epoch(dialog: TrainingDialog) -> int:
        epochs: list[int] = []
        dialog.training.told.connect(
            lambda event: epochs.append(event["epoch"]) if event["event"] in ("started", "epoch") else None
        )
        dialog.train_button.click()
        qtbot.waitUntil(lambda: len(epochs) > 1, timeout=LONG_MS)
        return epochs[0]

    dialog.set_folder(folder)
    ready(dialog)
    dialog.options.full.setChecked(True)
    dialog.options.epochs.setValue(500)
    dialog.options.device.setCurrentIndex(1)
    assert at_an_epoch(dialog) == 0
    dialog.pause_button.click()
    qtbot.waitUntil(lambda: not dialog.training.is_running, timeout=LONG_MS)
    assert "paused" in dialog.words.text()

    again = TrainingDialog(DARK)
    qtbot.addWidget(again)
    again.take_up()
    ready(again)
    before = at_an_epoch(again)
    assert before > 0
    with qtbot.waitSignal(again.training.failed, timeout=LONG_MS):
        assert again.training._process is not None
        again.training._process.kill()
    assert again.train_button.text() == "&Continue"
    assert at_an_epoch(again) >= before  # the last epoch may have been told and not yet saved
    again.end()
    assert recall()
