"""Going on from an installed model, as the training dialog asks for it, with each kind of labels."""

import csv
import json
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from tests.tiny import SPEC
from tests.training import labelled
from timbrescope import cli
from timbrescope.recognition.checkpoint import read_spec, save_checkpoint
from timbrescope.recognition.model import Model
from timbrescope.recognition.store import ModelStore
from timbrescope.ui.theme import DARK
from timbrescope.ui.training.dialog import TrainingDialog
from timbrescope.ui.training.process import TrainingProcess
from training.collection import Collection, Task

CHECKED = {"event": "checked", "files": 18, "minutes": 0.4, "classes": [], "findings": []}


def laid_out(folder: Path, task: Task) -> Path:
    """Write recordings as users have them: a folder a class, a table of several labels, annotations beside."""
    collection = labelled.tones(folder / "recordings", task)
    if task == "single":
        for item in collection.items:
            place = folder / "classes" / next(iter(item.labels)) / item.path.name
            place.parent.mkdir(parents=True, exist_ok=True)
            item.path.rename(place)
        return folder / "classes"
    if task == "frame":
        for item in collection.items:
            lines = [f"{each.start}\t{each.end}\t{each.label}\n" for each in item.segments]
            item.path.with_suffix(".txt").write_text("".join(lines))
        return folder / "recordings"
    return table(folder / "labels.csv", collection)


def table(path: Path, collection: Collection) -> Path:
    with path.open("w", newline="") as file:
        rows = [(item.path, ";".join(item.labels)) for item in collection.items]
        csv.writer(file).writerows([("path", "labels"), *rows])
    return path


@pytest.mark.parametrize("task", ["single", "multi", "frame"])
def test_a_model_is_gone_on_from(
    task: Task, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TIMBRESCOPE_CACHE", str(tmp_path / "cache"))
    commands: list[list[str]] = []
    monkeypatch.setattr(TrainingProcess, "start", lambda _self, arguments: commands.append(list(arguments)))
    save_checkpoint(tmp_path / "tiny.safetensors", SPEC, Model(SPEC).weights())
    ModelStore().add(tmp_path / "tiny.safetensors", "tiny-one")
    dialog = TrainingDialog(DARK)
    qtbot.addWidget(dialog)
    dialog.set_folder(laid_out(tmp_path, task))
    dialog.check.told.emit(CHECKED)
    dialog.check.succeeded.emit()
    form = dialog.options
    form.full.setChecked(True)
    form.start.setCurrentIndex(form.start.findData("tiny-one"))
    form.epochs.setValue(3)
    form.name.setText(f"of {task} labels")
    assert dialog.train_button.isEnabled(), dialog.words.text()
    dialog.train_button.click()

    assert cli.main([*commands[-1], "--workers", "0"]) == 0
    for line in capsys.readouterr().out.splitlines():
        dialog.training.told.emit(json.loads(line))
    dialog.training.succeeded.emit()
    assert dialog.outcome.model == f"of-{task}-labels"
    spec = read_spec(ModelStore().find(dialog.outcome.model))
    assert spec.network == SPEC.network
    assert set(spec.labels) == set(labelled.REGISTERS)
    assert spec.activation == ("sigmoid" if task == "multi" else "softmax")
