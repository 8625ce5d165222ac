import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from tests.conftest import sine
from tests.encoded import encode
from tests.tiny import SPEC, Tiny
from timbrescope.core import verdict_files
from timbrescope.core.verdicts import Verdict
from timbrescope.recognition.checkpoint import save_checkpoint
from timbrescope.recognition.store import ModelStore
from timbrescope.ui.theme import DARK
from timbrescope.ui.training.process import TrainingProcess
from timbrescope.ui.training.retrain_dialog import RetrainDialog
from timbrescope.ui.training.retraining import new_name


def checkpoint(path: Path, description: str) -> Path:
    save_checkpoint(path, replace(SPEC, name="mine", description=description), Tiny(3, 24).state_dict())
    return path


def evaluation(f1: float) -> dict[str, Any]:
    one = {"label": "low", "positives": 4, "found": 4, "precision": f1, "recall": f1, "f1": f1}
    return {
        "title": "Mine",
        "figures": {"micro_f1": {"value": f1, "low": None, "high": None}},
        "calibration": {"error": 1 - f1},
        "classes": [one],
        "confusion": [],
        "mistakes": [],
        "rows": 4,
        "groups": 4,
    }


def changed(file: Path) -> dict[str, Any]:
    values = {"file": str(file), "start": 0.5, "end": 1.0, "true": "low", "first": "no low", "second": "low"}
    return values | {"first_score": 0.2, "second_score": 0.8}


@pytest.fixture
def songs(tmp_path: Path, _own_folders: None) -> list[Path]:
    """Two corrected recordings, and the model that was corrected."""
    ModelStore().add(checkpoint(tmp_path / "old.safetensors", "old"))
    paths = []
    for number in (1, 2):
        path = encode(tmp_path / f"{number}.wav", sine(100.0 * number, 1.5, 22_050), 22_050)
        verdict = Verdict(0.5, 1.0, "mine", "low", 0.6, right=number == 1, time=f"2026-01-0{number}")
        verdict_files.save(path, replace(verdict_files.load(path), verdicts=(verdict,)))
        paths.append(path)
    return paths


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The commands that would be started, while none is."""
    commands: list[list[str]] = []
    monkeypatch.setattr(TrainingProcess, "start", lambda _self, arguments: commands.append(list(arguments)))
    return commands


@pytest.fixture
def compared(songs: list[Path], started: list[list[str]], qtbot: QtBot) -> RetrainDialog:
    """The dialog after learning, with the comparison."""
    dialog = RetrainDialog(DARK)
    qtbot.addWidget(dialog)
    dialog.show()
    assert dialog.words.text() == "2 corrections in 2 recordings. 1 of them is kept aside for the comparison."
    dialog.learn()
    process = dialog.retraining.process
    for _ in range(2):
        process.succeeded.emit()
    assert [command[0] for command in started] == ["corrections", "train", "compare"]
    assert started[0][1:3] == ["--model", "mine"]
    assert started[1][started[1].index("--correct") + 1] == "mine"
    assert started[2][1:3] == ["mine", str(dialog.retraining.model)]
    values = {
        "evaluations": [evaluation(0.5), evaluation(0.75)],
        "difference": {"difference": {"value": 0.25, "low": 0.1, "high": 0.4}},
        "changes": {
            "better": [changed(songs[1])],
            "worse": [],
            "labels": [{"label": "low", "decisions": 8, "better": 1, "worse": 0}],
        },
    }
    (dialog.retraining.model.parent / "comparison.json").write_text(json.dumps(values))
    checkpoint(dialog.retraining.model, "new")
    process.succeeded.emit()
    return dialog


def test_old_and_new_side_by_side(compared: RetrainDialog) -> None:
    cells = compared.figures.model()
    shown = [[cells.index(row, column).data() for column in range(4)] for row in range(cells.rowCount())]
    assert shown == [
        ["Right decisions", "0.500", "0.750", "+0.250"],
        ["F1", "0.500", "0.750", "+0.250"],
        ["Calibration error", "0.500", "0.250", "-0.250"],
        ["F1 of low", "0.500", "0.750", "+0.250"],
    ]
    assert "The new one is better" in compared.verdict.text()
    assert compared.comparison is not None
    compared._on_compared(replace(compared.comparison, new=replace(compared.comparison.new, groups=1)))
    assert "Too few recordings to be certain: 1 became right, 0 became wrong" in compared.verdict.text()
    assert [clip.found for clip in compared.better.clips] == ["no low → low"]
    assert compared.worse.heading.text() == "Became wrong: none."
    assert not compared.learn_button.isVisible()


def test_the_new_one_becomes_the_next_version_when_the_user_says_so(compared: RetrainDialog, qtbot: QtBot) -> None:
    assert len(ModelStore().versions("mine")) == 1
    with qtbot.waitSignal(compared.use_asked) as asked:
        compared.use_button.click()
    assert asked.args == ["mine", "mine"]
    assert [(one.spec.description, one.in_use) for one in ModelStore().versions("mine")] == [
        ("old", False),
        ("new", True),
    ]
    assert compared.learn_button.isVisible()


def test_the_old_one_can_stay(compared: RetrainDialog) -> None:
    compared.keep_button.click()
    assert len(ModelStore().versions("mine")) == 1
    assert not compared.retraining.model.exists()
    assert compared.words.text() == "The old model stays as it was."


def test_one_recording_is_too_few(songs: list[Path], started: list[list[str]], qtbot: QtBot) -> None:
    verdict_files.beside(songs[0]).unlink()
    dialog = RetrainDialog(DARK)
    qtbot.addWidget(dialog)
    assert "Correct a second recording too" in dialog.words.text()
    assert not dialog.learn_button.isEnabled()
    assert started == []


def test_a_failure_is_its_sentence_and_the_old_one_stays(
    songs: list[Path], started: list[list[str]], qtbot: QtBot
) -> None:
    dialog = RetrainDialog(DARK)
    qtbot.addWidget(dialog)
    dialog.learn()
    dialog.retraining.process.failed.emit("There is no room.")
    assert dialog.words.text() == "There is no room."
    assert len(started) == 1
    dialog.learn()
    assert [command[0] for command in started] == ["corrections", "corrections"]
    assert songs[0].exists()


def test_a_model_of_the_program_goes_on_under_another_name() -> None:
    assert new_name("timbre-encoder") == "timbre-encoder-corrected"
    assert new_name("mine") == "mine"
