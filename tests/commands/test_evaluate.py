import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tests.conftest import sine
from tests.encoded import encode
from tests.tiny import SPEC, Tiny
from timbrescope import cli, paths
from timbrescope.recognition.checkpoint import save_checkpoint
from training import sources
from training.collection import Collection, Item, Split
from training.errors import TrainingError

RATE = 22_050
TONES = {"low": (110.0, 150.0), "middle": (1400.0, 1600.0), "high": (5200.0, 5600.0)}


@pytest.fixture(autouse=True)
def _models(_own_folders: None) -> None:
    save_checkpoint(paths.models() / "tiny.safetensors", SPEC, Tiny(3, 24).state_dict())
    deaf = Tiny(3, 24)
    torch.nn.init.zeros_(deaf.linear.weight)
    save_checkpoint(paths.models() / "deaf.safetensors", replace(SPEC, name="deaf", title="Deaf"), deaf.state_dict())


@pytest.fixture
def collection(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Collection:
    """Two tones of each label; the second of each belongs to the test part."""
    splits: tuple[Split, Split] = ("train", "test")
    items = [
        Item(encode(tmp_path / f"{label}{hz:g}.wav", sine(hz, 1.5, RATE), RATE), {label: 1.0}, split=split)
        for label, pitches in TONES.items()
        for hz, split in zip(pitches, splits, strict=True)
    ]
    made = Collection(SPEC.labels, "single", tuple(items))
    monkeypatch.setattr(sources, "read_collection", lambda _path, _layout, **_options: made)
    return made


def run(*arguments: object) -> int:
    return cli.main(["evaluate", *map(str, arguments)])


def read(captured: str) -> dict[str, Any]:
    values: dict[str, Any] = json.loads(captured)
    return values


@pytest.mark.usefixtures("collection")
def test_json_names_every_figure(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("tiny", tmp_path, "--format", "json", "--split", "all") == 0
    captured = capsys.readouterr()
    assert captured.err == ""
    (evaluation,) = read(captured.out)["evaluations"]
    assert evaluation["figures"]["accuracy"] == {"value": 1.0, "low": 1.0, "high": 1.0}
    assert evaluation["confusion"] == np.diag([2, 2, 2]).tolist()
    assert evaluation["rows"] == 6


@pytest.mark.usefixtures("collection")
def test_the_test_part_is_used_where_there_is_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("tiny", tmp_path, "--format", "json") == 0
    values = read(capsys.readouterr().out)
    assert values["evaluations"][0]["rows"] == 3
    assert "test" in values["split"]


@pytest.mark.usefixtures("collection")
def test_a_part_that_does_not_exist_is_an_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("tiny", tmp_path, "--split", "validation") == 2
    assert "--split all" in capsys.readouterr().err


@pytest.mark.usefixtures("collection")
def test_two_models_side_by_side(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report = tmp_path / "both.html"
    assert run("deaf", paths.models() / "tiny.safetensors", tmp_path, "--split", "all", "--report", report) == 0
    out = capsys.readouterr().out
    assert "Deaf: Accuracy 0.333" in out
    assert "Tiny: Accuracy 1.000" in out
    assert "differ by +0.667" in out
    html = report.read_text(encoding="utf-8")
    assert "Comparison" in html
    assert "+0.667" in html


@pytest.mark.usefixtures("collection")
def test_output_goes_to_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("tiny", tmp_path, "--output", tmp_path / "figures.txt") == 0
    assert capsys.readouterr().out == ""
    assert "Accuracy" in (tmp_path / "figures.txt").read_text(encoding="utf-8")
    assert run("tiny", tmp_path, "--output", tmp_path / "absent" / "figures.txt") == 2
    assert "cannot be written" in capsys.readouterr().err


def test_a_bad_file_is_told_and_counts_in_the_exit_code(
    collection: Collection, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    collection.items[1].path.write_bytes(b"no sound" * 50)
    assert run("tiny", tmp_path, "--split", "all") == 1
    captured = capsys.readouterr()
    assert collection.items[1].path.name in captured.err
    assert "on 5 clips" in captured.out


@pytest.mark.usefixtures("collection")
@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["absent"], "not installed"),
        (["tiny", "--aggregate", "median"], "sum-normalise"),
        (["tiny", "--threshold", "0.5"], "threshold"),
        (["no.safetensors"], "no model"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(
    arguments: list[str], sentence: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(arguments[0], tmp_path, *arguments[1:]) == 2
    err = capsys.readouterr().err
    assert sentence in err
    assert err.count("\n") == 1


def test_data_that_cannot_be_read_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(_path: Path, _layout: str, **_options: object) -> Collection:
        raise TrainingError("These are no data; give others.")

    monkeypatch.setattr(sources, "read_collection", refuse)
    assert run("tiny", tmp_path) == 2
    assert capsys.readouterr().err == "timbrescope: These are no data; give others.\n"


def test_false_alarms_are_counted_where_nothing_is_heard(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    encode(tmp_path / "silence.wav", np.zeros(2 * RATE, np.float32), RATE)
    encode(tmp_path / "tone.wav", sine(1500.0, 2.0, RATE), RATE)
    (tmp_path / "nothing.csv").write_text("path,labels\nsilence.wav,\ntone.wav,\n")
    assert run("tiny", tmp_path / "nothing.csv", "--format", "json") == 0
    (evaluation,) = read(capsys.readouterr().out)["evaluations"]
    assert evaluation["main"] == "false_alarms"
    assert evaluation["figures"]["false_alarms"]["value"] == 0.5
    assert {row["label"] for row in evaluation["classes"]} == set(SPEC.labels)
    assert run("tiny", tmp_path / "nothing.csv", "--report", tmp_path / "report.html") == 0
    assert "Tiny: Windows with false alarms 0.500" in capsys.readouterr().out
    assert "share of windows" in (tmp_path / "report.html").read_text(encoding="utf-8")


def test_the_command_line_starts_without_the_heavy_libraries() -> None:
    program = (
        "import sys; from timbrescope.cli import build_parser; build_parser(); "
        "print(*(name for name in ('torch', 'sklearn', 'matplotlib', 'training') if name in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
