"""What the command adds to the store, which has tests of its own."""

import csv
from pathlib import Path

import pytest

from tests.tiny import SPEC, Tiny
from timbrescope import cli, paths
from timbrescope.recognition.checkpoint import save_checkpoint


@pytest.fixture(autouse=True)
def _tiny_model(_own_folders: None) -> None:
    save_checkpoint(paths.models() / "tiny.safetensors", SPEC, Tiny(3, 24).state_dict())


def test_relations_are_told_in_words(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["models", "relations", "tiny"]) == 0
    printed = capsys.readouterr().out
    assert "low and middle: similarity -0.33" in printed
    assert printed.count("  none\n") == 2  # nothing has been analysed


def test_relations_go_into_a_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["models", "relations", "tiny", "--csv", str(tmp_path / "pairs.csv")]) == 0
    with (tmp_path / "pairs.csv").open(newline="") as file:
        assert len(list(csv.DictReader(file))) == 6
    assert cli.main(["models", "relations", "tiny", "--csv", str(tmp_path / "no folder" / "pairs.csv")]) == 2
    assert "choose another place" in capsys.readouterr().err
