from pathlib import Path
from typing import Any

import pytest

import training.experiment
from timbrescope.cli import main
from timbrescope.core.relabelled import write_relabelled


def test_other_labels_begin_another_run_and_the_same_go_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = tmp_path / "drums"
    for name in ("kick/a.wav", "kick/b.wav", "snare/c.wav"):
        (data / name).parent.mkdir(parents=True, exist_ok=True)
        (data / name).touch()
    folders: list[Path] = []

    def run(_config: Any, _collection: Any, folder: Path, *_others: Any) -> None:
        folders.append(folder)
        raise KeyboardInterrupt

    monkeypatch.setattr(training.experiment, "run_experiment", run)
    for labels in ({}, {(data / "kick" / "b.wav", 0.0): ("snare",)}, {}):
        write_relabelled(data, labels)
        assert main(["train", str(data)]) == 130
    assert folders[0] == folders[2] != folders[1]
