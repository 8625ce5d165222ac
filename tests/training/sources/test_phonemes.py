from pathlib import Path

import numpy as np
import pytest
import soundfile

from timbrescope.core.phonemes import symbols
from training.errors import TrainingError
from training.sources import read_collection


def lay(folder: Path, name: str, label: str = "a") -> None:
    folder.mkdir(parents=True, exist_ok=True)
    soundfile.write(folder / f"{name}.flac", np.zeros(16_000), 16_000)
    (folder / f"{name}.tsv").write_text(f"start\tend\tlabel\n0.0\t0.5\tsil\n0.5\t1.0\t{label}\n", encoding="utf-8")


def test_folders_tell_part_and_voice(tmp_path: Path) -> None:
    lay(tmp_path / "train" / "anna", "0001")
    lay(tmp_path / "test" / "berta", "0001", "ʃ")
    table = "path,voice,language\nx,anna,de\ny,berta,ja\n"
    (tmp_path / "phonemes.csv").write_text(table, encoding="utf-8")
    collection = read_collection(tmp_path, "phonemes")
    assert collection.task == "frame"
    assert collection.labels == symbols()
    assert [(item.split, item.group) for item in collection.items] == [("train", "anna (de)"), ("test", "berta (ja)")]
    assert [segment.label for segment in collection.items[1].segments] == ["sil", "ʃ"]


def test_one_folder_has_no_parts_and_strange_labels_are_left_out(tmp_path: Path) -> None:
    lay(tmp_path / "anna", "0001")
    lay(tmp_path / "anna", "0002", "xyz")
    collection = read_collection(tmp_path, "phonemes")
    assert [(item.split, item.group) for item in collection.items] == [(None, "anna")]
    assert any("xyz" in problem for problem in collection.problems)
    lay(tmp_path / "anna", "0001", "xyz")
    with pytest.raises(TrainingError, match="no phonemes"):
        read_collection(tmp_path, "phonemes")
