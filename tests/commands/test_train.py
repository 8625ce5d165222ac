import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests import tiny  # noqa: F401 - registers the tiny network
from tests.training import labelled
from timbrescope.cli import main
from timbrescope.recognition.checkpoint import read_spec

CONFIG = """
name = "tiny-tones"
kind = "sounds"
[front_end]
sample_rate = 16000
n_fft = 512
hop_length = 256
n_mels = 24
compression = "log10"
gain = 10000.0
offset = 1.0
standardisation = "band"
[network]
name = "tests-tiny"
options = { n_mels = 24 }
window_frames = 24
[training]
batch = 4
metric = "accuracy"
[[training.stages]]
epochs = 12
learning_rate = 0.05
[published]
paper = "nobody 2000"
figures = { accuracy = 0.5 }
"""


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TIMBRESCOPE_CACHE", str(tmp_path / "cache"))
    for item in labelled.tones(tmp_path / "all").items:
        (label,) = item.labels
        (tmp_path / "sounds" / label).mkdir(parents=True, exist_ok=True)
        shutil.move(item.path, tmp_path / "sounds" / label / item.path.name)
    (tmp_path / "tiny.toml").write_text(CONFIG)
    return tmp_path


def run(place: Path, *options: str) -> int:
    command = ["train", str(place / "sounds"), "--config", str(place / "tiny.toml"), "--output", str(place / "out")]
    return main([*command, "--device", "cpu", "--workers", "0", *options])


def test_a_folder_of_sounds_becomes_a_model_that_analyses(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(place, "--name", "my tones") == 0
    said = capsys.readouterr()
    assert "published 0.5000" in said.err
    model = place / "out" / "model.safetensors"
    spec = read_spec(model)
    assert (spec.name, spec.kind, spec.labels) == ("my tones", "sounds", ("high", "low", "middle"))
    evaluation = json.loads((place / "out" / "evaluation.json").read_text())
    assert evaluation["figures"]["accuracy"]["value"] > 0.9
    assert "<html" in (place / "out" / "report.html").read_text()
    sound = next((place / "sounds" / "high").iterdir())
    assert main(["analyze", str(sound), "--models", str(model), "--format", "json", "--summary"]) == 0
    assert '"high"' in capsys.readouterr().out
    # What it learnt from is on record: the same part of the data gives the same figures again.
    split = place / "out" / "split.csv"
    assert main(["evaluate", str(model), str(split), "--split", "test", "--format", "json"]) == 0


def test_progress_as_json_lines(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(place, "--progress", "json", "--set", "training.stages.0.epochs=2") == 0
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    kinds = [event["event"] for event in events]
    assert kinds.index("prepared") < kinds.index("started") < kinds.index("step") < kinds.index("epoch")
    assert kinds[-1] == "evaluated"
    assert kinds.count("epoch") == 2


def test_cross_validation_summarises_the_folds(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(place, "--folds", "3") == 0
    summary = json.loads((place / "out" / "summary.json").read_text())
    assert summary["folds"] == 3
    assert summary["figures"]["accuracy"]["mean"] > 0.8
    assert summary["published"] == {"accuracy": 0.5}
    assert "mean of the folds" in capsys.readouterr().err
    tables = [(place / "out" / f"fold-0{number}" / "split.csv").read_text() for number in (1, 2, 3)]
    tested = [line for table in tables for line in table.splitlines() if line.endswith(",test")]
    assert len(tested) == 18  # each recording once


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("--config", "nothing"), "There is no configuration nothing"),
        (("--set", "training.stages.0.epochs=many"), r"training.stages.0.epochs"),
        (("--layout", "heap"), "heap"),
    ],
)
def test_mistakes_are_one_sentence(
    place: Path, options: tuple[str, ...], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(place, *options) == 2
    said = capsys.readouterr().err
    assert sentence in said
    assert said.count("\n") == 1


def test_a_network_without_a_configuration_lists_those_with_one(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["train", str(place / "sounds"), "--network", "nothing", "--output", str(place / "out")]
    assert main(command) == 2
    assert "There is no configuration for a network nothing" in capsys.readouterr().err


@pytest.mark.slow
def test_two_processes_learn_together(place: Path) -> None:
    command = [
        sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", "-m", "timbrescope",
        "train", str(place / "sounds"), "--config", "sounds", "--output", str(place / "out"), "--device", "cpu",
        "--workers", "0", "--set", "training.stages.0.epochs=2",
    ]  # fmt: skip
    done = subprocess.run(
        command, check=False, capture_output=True, text=True, env={**os.environ, "OMP_NUM_THREADS": "1"}, timeout=300
    )
    assert done.returncode == 0, done.stderr
    assert (place / "out" / "model.safetensors").exists()
    assert done.stderr.count("best at epoch") == 1
