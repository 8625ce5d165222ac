import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.tiny import SPEC, Tiny
from tests.training.check_set import CLASSES, sound, write
from tests.training.tiny_encoder import ENCODER, TinyEncoder
from timbrescope import cli
from timbrescope.core import verdict_files
from timbrescope.core.verdicts import Verdict
from timbrescope.recognition.checkpoint import read_spec, save_checkpoint
from timbrescope.recognition.model import Model
from timbrescope.recognition.store import ModelStore


@pytest.fixture
def songs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Three recordings in which a model that knows nothing was corrected throughout."""
    monkeypatch.setenv("TIMBRESCOPE_CACHE", str(tmp_path / "cache"))
    torch.manual_seed(0)
    spec = replace(ENCODER, name="mine")
    model = Model(spec)
    assert isinstance(model.network, TinyEncoder)
    torch.nn.init.zeros_(model.network.output.weight)
    save_checkpoint(tmp_path / "mine.safetensors", spec, model.weights())
    ModelStore().add(tmp_path / "mine.safetensors")
    paths = []
    for number in range(3):
        parts = [sound(hertz, 10 * number + which, 3.0) for which, hertz in enumerate(CLASSES.values())]
        path = write(tmp_path / "songs" / f"{number}.wav", np.concatenate(parts))
        verdicts = tuple(
            Verdict(3.0 * at, 3.0 * at + 3, "mine", said, 0.5, right=said == label, time=f"2026-01-0{number + 1}")
            for at, label in enumerate(CLASSES)
            for said in CLASSES
        )
        verdict_files.save(path, replace(verdict_files.load(path), verdicts=verdicts))
        paths.append(path)
    return paths


def test_from_corrections_to_a_better_model_that_replaces_nothing(
    songs: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table, better = tmp_path / "corrections.csv", tmp_path / "better"
    assert cli.main(["corrections", str(tmp_path / "songs"), "--model", "mine", "--output", str(table)]) == 0
    assert "27 corrected pieces; recordings to learn from: 2, for the test: 1" in capsys.readouterr().out
    command = ["train", str(table), "--correct", "mine", "--output", str(better), "--workers", "0"]
    assert cli.main([*command, "--progress", "json"]) == 0
    events = [json.loads(line)["event"] for line in capsys.readouterr().out.splitlines()]
    assert events[-1] == "corrected"
    assert len(ModelStore().versions("mine")) == 1
    spec = read_spec(better / "model.safetensors")
    assert (spec.labels, spec.activation) == (ENCODER.labels, ENCODER.activation)
    compare = ["compare", "mine", str(better / "model.safetensors"), str(better / "split.csv"), "--split", "test"]
    assert cli.main([*compare, "--format", "json", "--device", "cpu"]) == 0
    values = json.loads(capsys.readouterr().out)
    old, new = values["evaluations"]
    assert new["figures"]["micro_f1"]["value"] > old["figures"]["micro_f1"]["value"]
    assert {change["file"] for change in values["changes"]["better"]} == {str(songs[1])}


def test_a_network_without_vectors_goes_on_as_a_whole(
    songs: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save_checkpoint(tmp_path / "whole.safetensors", replace(SPEC, name="whole"), Tiny(3, 24).state_dict())
    ModelStore().add(tmp_path / "whole.safetensors")
    table, better = tmp_path / "corrections.csv", tmp_path / "better"
    assert cli.main(["corrections", *{str(song.parent) for song in songs}, "--output", str(table)]) == 0
    command = ["train", str(table), "--correct", "whole", "--output", str(better), "--workers", "0", "--epochs", "1"]
    assert cli.main([*command, "--device", "cpu", "--progress", "json"]) == 0
    assert '"event": "epoch"' in capsys.readouterr().out
    assert read_spec(better / "model.safetensors").labels == SPEC.labels


def test_without_corrections_there_is_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["corrections", "--output", str(tmp_path / "table.csv")]) == 2
    assert "correct some first" in capsys.readouterr().err
    assert cli.main(["corrections", "--output", str(tmp_path / "table.txt")]) == 2
    assert "ends in .csv" in capsys.readouterr().err
