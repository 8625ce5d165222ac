from pathlib import Path

import pytest

from tests.training.check_set import clean_set
from timbrescope.core.errors import MendError, TimbrescopeError
from timbrescope.core.mended import Mended, mended_file, read_mended, write_mended
from training.sources import read_collection


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return clean_set(tmp_path / "sounds", clips=2)


def test_what_is_left_out_is_not_read_and_what_belongs_together_is_one_group(folder: Path) -> None:
    whole = read_collection(folder)
    odd, first, second = folder / "low" / "low00.wav", folder / "high" / "high00.wav", folder / "low" / "low01.wav"
    write_mended(folder, Mended(frozenset({odd}), {first: "same", second: "same"}))
    items = {item.path: item for item in read_collection(folder).items}
    assert set(items) == {item.path for item in whole.items} - {odd}
    assert {path for path, item in items.items() if item.group == "same"} == {first, second}
    assert odd.exists()
    write_mended(folder, Mended())
    assert read_collection(folder) == whole
    assert not mended_file(folder).exists()


def test_it_is_kept_as_it_is(folder: Path, tmp_path: Path) -> None:
    done = Mended(frozenset({folder / "a, b.wav", tmp_path / "elsewhere" / "ü.wav"}), {folder / "c.wav": "one"})
    table = tmp_path / "labels.csv"
    for data in (folder, table):
        write_mended(data, done)
        assert read_mended(data) == done
    assert "a, b.wav" in mended_file(folder).read_text(encoding="utf-8")  # as seen from the folder
    assert mended_file(table) == tmp_path / "labels.mended.csv"


def test_a_class_without_recordings_is_none(folder: Path) -> None:
    write_mended(folder, Mended(frozenset((folder / "low").iterdir())))
    assert read_collection(folder).labels == ("high", "middle")
    write_mended(folder, Mended(frozenset([*(folder / "low").iterdir(), *(folder / "high").iterdir()])))
    with pytest.raises(TimbrescopeError, match=r"mended\.csv"):
        read_collection(folder)


@pytest.mark.parametrize("content", [b"path\na.wav\n", b"\xff\xfe\x00", b"path,left_out\na.wav,yes\n"])
def test_a_damaged_table_is_one_sentence(folder: Path, content: bytes) -> None:
    mended_file(folder).write_bytes(content)
    with pytest.raises(MendError, match=r"mended\.csv") as told:
        read_collection(folder)
    assert "\n" not in str(told.value)
