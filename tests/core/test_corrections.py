from pathlib import Path

import pytest

from timbrescope.core.corrections import corrections_file, read_corrections, write_corrections
from timbrescope.core.errors import CorrectionError


def test_what_is_written_is_read(tmp_path: Path) -> None:
    corrections = {
        (tmp_path / "set" / "a, b.wav", 0.0): ("snare",),
        (tmp_path / "set" / "long.wav", 1 / 3): ("kick", "hat é"),
        (tmp_path / "elsewhere.wav", 0.0): (),
    }
    (tmp_path / "set").mkdir()
    for data in (tmp_path / "set", tmp_path / "set" / "own.csv"):
        assert read_corrections(data) == {}
        write_corrections(data, corrections)
        assert read_corrections(data) == corrections
        assert corrections_file(data).parent == tmp_path / "set"
        write_corrections(data, {})
        assert not corrections_file(data).exists()


def test_a_folder_that_moves_takes_its_corrections_along(tmp_path: Path) -> None:
    (tmp_path / "here").mkdir()
    write_corrections(tmp_path / "here", {(tmp_path / "here" / "x" / "a.wav", 0.0): ("b",)})
    there = (tmp_path / "here").rename(tmp_path / "there")
    assert read_corrections(there) == {(there / "x" / "a.wav", 0.0): ("b",)}


@pytest.mark.parametrize(
    "text", ["path,labels\na.wav,b\n", "path,start,labels\na.wav,soon,b\n", "path,start,labels\na\n"]
)
def test_a_damaged_table_is_told(tmp_path: Path, text: str) -> None:
    corrections_file(tmp_path).write_text(text)
    with pytest.raises(CorrectionError, match=r"corrections\.csv"):
        read_corrections(tmp_path)


@pytest.mark.parametrize("label", ["", " ", "a;b"])
def test_labels_that_a_table_cannot_hold_are_refused(tmp_path: Path, label: str) -> None:
    with pytest.raises(CorrectionError):
        write_corrections(tmp_path, {(tmp_path / "a.wav", 0.0): (label,)})
    assert not corrections_file(tmp_path).exists()
