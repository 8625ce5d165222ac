"""The way from a folder of recordings to a model of one's own, by the commands alone."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from tests.training.check_set import clean_set, sound, write
from tests.training.tiny_encoder import write_encoder
from timbrescope import cli, paths


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TIMBRESCOPE_CACHE", str(tmp_path / "cache"))
    return clean_set(tmp_path / "My sounds", clips=5)


def train(folder: Path, *options: str) -> int:
    encoder = folder.parent / "encoder.safetensors"
    if not encoder.exists():
        write_encoder(encoder)
    return cli.main(["train", str(folder), "--quick", "--encoder", str(encoder), "--workers", "0", *options])


def test_a_folder_becomes_an_installed_model_with_versions(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert train(folder) == 0
    assert "installed, version 1: timbrescope analyze song.mp3 --models my-sounds" in capsys.readouterr().err
    recording = next((folder / "high").iterdir())
    assert cli.main(["analyze", str(recording), "--models", "my-sounds", "--format", "json", "--summary"]) == 0
    assert '"background"' in capsys.readouterr().out
    assert train(folder) == 0  # the same recordings give the same model, which is no other version
    write(folder / "high" / "new.wav", sound(2400.0, 99))
    assert train(folder) == 0
    capsys.readouterr()
    assert cli.main(["models", "versions", "my-sounds", "--format", "json"]) == 0
    versions = json.loads(capsys.readouterr().out)
    assert [(each["version"], each["in_use"]) for each in versions] == [(1, False), (2, True)]
    assert cli.main(["models", "restore", "my-sounds", "1"]) == 0
    assert cli.main(["models", "versions", "my-sounds"]) == 0
    assert "1  in use" in capsys.readouterr().out


def test_events_of_quick_training_are_lines_of_json(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copy(folder / "low" / "low00.wav", folder / "high" / "again.wav")
    assert train(folder, "--progress", "json", "--output", str(folder.parent / "out")) == 0
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert list(dict.fromkeys(event["event"] for event in events)) == [
        "checking", "prepared", "problem", "started", "heldout", "evaluated",
    ]  # fmt: skip
    assert any("again.wav" in event.get("sentence", "") for event in events)
    assert (folder.parent / "out" / "model.safetensors").exists()
    assert not paths.models().exists()  # a folder of one's own: nothing is installed


def test_options_of_full_training_are_refused(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert train(folder, "--folds", "5") == 2
    assert "leave them out beside --quick" in capsys.readouterr().err


def test_a_model_that_gives_no_vectors_is_refused(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["train", str(folder), "--quick", "--encoder", "instruments-pons-singlelayer", "--workers", "0"]
    assert cli.main(command) == 2
    assert "gives no vectors" in capsys.readouterr().err


def test_check_names_files_and_tells_by_its_exit_code(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for number in range(10):
        write(folder / "low" / f"more{number}.wav", sound(300.0, 500 + number))
    write(folder / "high" / "silent.wav", np.zeros(20_000))
    assert cli.main(["check", str(folder), "--workers", "0", "--format", "json"]) == 1
    values = json.loads(capsys.readouterr().out)
    (silent,) = [finding for finding in values["findings"] if finding["kind"] == "silent"]
    assert [Path(name).name for name in silent["files"]] == ["silent.wav"]
    (folder / "high" / "silent.wav").unlink()
    assert cli.main(["check", str(folder), "--workers", "0"]) == 0
    out = capsys.readouterr().out
    assert "25 recordings" in out
    assert "fewer than 10 examples of high (5), middle (5)" in out


def test_events_of_a_check_are_lines_of_json(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["check", str(folder), "--workers", "0", "--progress", "json"]) == 0
    *events, last = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {event["event"] for event in events} == {"checking"}
    assert events[-1]["done"] == events[-1]["total"]
    assert (last["event"], last["files"]) == ("checked", 15)


def test_epochs_can_be_few_but_not_none(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert train(folder, "--epochs", "2") == 2  # quick training has none
    command = ["train", str(folder), "--workers", "0", "--device", "cpu", "--progress", "json", "--name", "few"]
    assert cli.main([*command, "--epochs", "0"]) == 2
    assert "give 1 or more" in capsys.readouterr().err
    assert cli.main([*command, "--epochs", "2"]) == 0
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    epochs = [event for event in events if event["event"] == "epoch"]
    assert [event["epochs"] for event in epochs] == [2, 2]
    assert all(len(event["confusion"]) == len(event["confusion"][0]) == 3 for event in epochs)
    assert events[-1]["event"] == "installed"


def test_similar_and_export(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert train(folder) == 0
    query = folder / "low" / "low00.wav"
    command = ["similar", str(query), str(folder), "--encoder", str(folder.parent / "encoder.safetensors")]
    assert cli.main([*command, "--workers", "0", "--count", "3", "--format", "json"]) == 0
    found = json.loads(capsys.readouterr().out)["similar"]
    assert [Path(each["file"]).parent.name for each in found] == ["low"] * 3
    assert cli.main(["export", "my-sounds@1", "--torchscript", "--output", str(folder.parent)]) == 0
    assert (folder.parent / "my-sounds.pt").exists()
    assert (folder.parent / "my-sounds.md").exists()
