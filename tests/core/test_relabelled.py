from pathlib import Path

import pytest

from timbrescope.core.errors import RelabelError
from timbrescope.core.relabelled import read_relabelled, relabelled_file, write_relabelled


def test_what_is_written_is_read(tmp_path: Path) -> None:
    given = {
        (tmp_path / "set" / "a, b.wav", 0.0): ("snare",),
        (tmp_path / "set" / "long.wav", 1 / 3): ("kick", "hat é"),
        (tmp_path / "elsewhere.wav", 0.0): (),
    }
    (tmp_path / "set").mkdir()
    for data in (tmp_path / "set", tmp_path / "set" / "own.csv"):
        assert read_relabelled(data) == {}
        write_relabelled(data, given)
        assert read_relabelled(data) == given
        assert relabelled_file(data).parent == tmp_path / "set"
        write_relabelled(data, {})
        assert not relabelled_file(data).exists()


def test_a_folder_that_moves_takes_its_labels_along(tmp_path: Path) -> None:
    (tmp_path / "here").mkdir()
    write_relabelled(tmp_path / "here", {(tmp_path / "here" / "x" / "a.wav", 0.0): ("b",)})
    there = (tmp_path / "here").rename(tmp_path / "there")
    assert read_relabelled(there) == {(there / "x" / "a.wav", 0.0): ("b",)}


@pytest.mark.parametrize(
    "text", ["path,labels\na.wav,b\n", "path,start,labels\na.wav,soon,b\n", "path,start,labels\na\n"]
)
def test_a_damaged_table_is_told(tmp_path: Path, text: str) -> None:
    relabelled_file(tmp_path).write_text(text)
    with pytest.raises(RelabelError, match=r"relabelled\.csv"):
        read_relabelled(tmp_path)


@pytest.mark.parametrize("label", ["", " ", "a;b"])
def test_labels_that_a_table_cannot_hold_are_refused(tmp_path: Path, label: str) -> None:
    with pytest.raises(RelabelError):
        write_relabelled(tmp_path, {(tmp_path / "a.wav", 0.0): (label,)})
    assert not relabelled_file(tmp_path).exists()
