from pathlib import Path

import pytest

from timbrescope.core.relabelled import write_relabelled
from training.errors import TrainingError
from training.sources import read_collection


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("kick/a.wav", "kick/b.wav", "snare/c.wav"):
        (tmp_path / "drums" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "drums" / name).touch()
    return tmp_path / "drums"


def test_a_label_given_anew_takes_the_place_of_the_folders(folder: Path) -> None:
    write_relabelled(folder, {(folder / "kick" / "b.wav", 0.0): ("tom",)})
    collection = read_collection(folder)
    assert {item.path.name: list(item.labels) for item in collection.items} == {
        "a.wav": ["kick"], "b.wav": ["tom"], "c.wav": ["snare"],
    }  # fmt: skip
    assert collection.labels == ("kick", "snare", "tom")
    assert collection.problems == ()
    write_relabelled(folder, {})
    assert read_collection(folder).labels == ("kick", "snare")


def test_a_class_without_recordings_is_none(folder: Path) -> None:
    write_relabelled(folder, {(folder / "snare" / "c.wav", 0.0): ("tom",)})
    assert read_collection(folder).labels == ("kick", "tom")
    write_relabelled(folder, {(folder / "snare" / "c.wav", 0.0): ("kick",)})
    with pytest.raises(TrainingError, match="one class only"):
        read_collection(folder)


def test_what_cannot_be_used_is_told(folder: Path) -> None:
    write_relabelled(folder, {(folder / "kick" / "b.wav", 0.0): (), (folder / "gone.wav", 0.0): ("kick",)})
    collection = read_collection(folder)
    assert len(collection.problems) == 2
    assert [list(item.labels) for item in collection.items] == [["kick"], ["kick"], ["snare"]]


def test_a_table_has_labels_beside_it(folder: Path) -> None:
    table = folder / "set.csv"
    table.write_text("path,start,end,labels\nkick/a.wav,0,1,kick\nkick/a.wav,1,2,kick\nsnare/c.wav,,,snare\n")
    write_relabelled(table, {(folder / "kick" / "a.wav", 1.0): ("snare",)})
    items = read_collection(table).items
    assert [(item.start, *item.labels) for item in items] == [(0.0, "kick"), (1.0, "snare"), (0.0, "snare")]
    assert {label for item in read_collection(folder).items for label in item.labels} == {"kick", "snare"}
