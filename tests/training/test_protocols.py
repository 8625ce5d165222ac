"""Every experiment of the papers runs from recordings to a report with one command, on a small set of tones."""

import json
from pathlib import Path

import pytest

from tests.training import labelled
from timbrescope.cli import main
from timbrescope.recognition.checkpoint import verify_checkpoint
from training.collection import Collection, Task
from training.config import named_configs, read_config
from training.sources.table import write_table

# Minutes a step on a processor without a graphics card; their networks are tested by themselves.
TOO_LARGE = {"ast", "panns-cnn14", "vggish", "choi2016-fcn-4", "choi2016-fcn-5", "smc-short-chunk-res"}


def task_of(name: str) -> Task:
    config = read_config(named_configs()[name])
    if config.data.layout.startswith("jingju"):
        return "frame"
    return "single" if config.published and "accuracy" in config.published.figures else "multi"


def stand_in(folder: Path, task: Task) -> tuple[Path, str]:
    """Write tones as a set of a task; return where it lies and its layout."""
    collection: Collection = labelled.tones(folder, task)
    if task != "frame":
        write_table(folder / "labels.csv", collection)
        return folder / "labels.csv", "table"
    for item in collection.items:
        lines = [f"{segment.start}\t{segment.end}\t{segment.label}" for segment in item.segments]
        item.path.with_suffix(".txt").write_text("\n".join(lines), encoding="utf-8")
    return folder, "annotated"


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(named_configs().keys() - TOO_LARGE))
def test_from_recordings_to_a_report(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIMBRESCOPE_CACHE", str(tmp_path / "cache"))
    data, layout = stand_in(tmp_path / "sounds", task_of(name))
    stages = read_config(named_configs()[name]).training.stages
    short = [f"training.stages.{number}.epochs=1" for number in range(len(stages))]
    if name.endswith("-init"):
        monkeypatch.setattr(
            "training.experiment.read_config", lambda path: read_config(path, {short[0].split("=")[0]: 1})
        )
    changes = ["training.batch=4", "data.validation=0.2", "data.test=0.2", *short]
    command = ["train", str(data), "--layout", layout, "--config", name, "--output", str(tmp_path / "out")]
    command += ["--device", "cpu", "--workers", "0", *(part for change in changes for part in ("--set", change))]
    assert main(command) == 0
    verify_checkpoint(tmp_path / "out" / "model.safetensors")
    evaluation = json.loads((tmp_path / "out" / "evaluation.json").read_text())
    published = read_config(named_configs()[name]).published
    assert published is None or published.figures.keys() <= evaluation["figures"].keys()
    assert (tmp_path / "out" / "report.html").stat().st_size > 5_000
