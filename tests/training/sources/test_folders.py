from collections.abc import Sequence
from pathlib import Path

import pytest

from training.errors import TrainingError
from training.sources.folders import read_folders


def make(root: Path, names: Sequence[str]) -> Path:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    return root


NAMES = ("piano/a.wav", "piano/b.FLAC", "piano/anna/take1.mp3", "violin/anna/x.ogg", "violin/c.m4a", "Noise/n.opus")


def test_class_is_the_first_folder_and_group_the_folders_below_it(tmp_path: Path) -> None:
    collection = read_folders(make(tmp_path, NAMES))
    assert collection.task == "single"
    assert collection.labels == ("Noise", "piano", "violin")
    assert collection.problems == ()
    assert {(item.path.relative_to(tmp_path).as_posix(), *item.labels, item.group) for item in collection.items} == {
        ("piano/a.wav", "piano", "piano/a.wav"),
        ("piano/b.FLAC", "piano", "piano/b.FLAC"),
        ("piano/anna/take1.mp3", "piano", "anna"),
        ("violin/anna/x.ogg", "violin", "anna"),
        ("violin/c.m4a", "violin", "violin/c.m4a"),
        ("Noise/n.opus", "Noise", "Noise/n.opus"),
    }
    assert all(set(item.labels.values()) == {1.0} for item in collection.items)


def test_takes_are_not_guessed_to_be_one_recording(tmp_path: Path) -> None:
    collection = read_folders(make(tmp_path, ["piano/piano_take3_012.wav", "piano/piano_take3_013.wav", "oboe/a.wav"]))
    assert len({item.group for item in collection.items}) == 3


def test_spelling_of_most_files_wins_whatever_the_case(tmp_path: Path) -> None:
    names = ["piano/a.wav", "Piano/b.wav", "Piano/c.wav", "PIANO/d.wav", "oboe/a.wav", "OBOE/b.wav"]
    collection = read_folders(make(tmp_path, names))
    assert collection.labels == ("OBOE", "Piano")
    assert len(collection.items) == len(names)


def test_composed_and_decomposed_names_are_one_class(tmp_path: Path) -> None:
    make(tmp_path, ["fl\u00f6te/a.wav", "flo\u0308te/b.wav", "oboe/c.wav"])
    assert read_folders(tmp_path).labels == ("fl\u00f6te", "oboe")


def test_order_does_not_depend_on_the_order_of_creation(tmp_path: Path) -> None:
    one = read_folders(make(tmp_path / "one", NAMES))
    other = read_folders(make(tmp_path / "other", NAMES[::-1]))
    assert [item.path.relative_to(tmp_path / "one") for item in one.items] == [
        item.path.relative_to(tmp_path / "other") for item in other.items
    ]
    assert one.labels == other.labels


def test_what_is_left_out_is_named(tmp_path: Path) -> None:
    make(tmp_path, [*NAMES, "loose.wav", "piano/._a.wav", "piano/.DS_Store", "piano/cover.jpg", ".cache/x.wav"])
    (tmp_path / "flute").mkdir()
    make(tmp_path, ["horn/readme.txt"])
    (tmp_path / "piano" / "gone.wav").symlink_to(tmp_path / "nowhere.wav")
    collection = read_folders(tmp_path)
    assert len(collection.items) == len(NAMES)
    left_out = ["loose.wav", "._a.wav", ".cache", "flute", "horn", "gone.wav"]
    assert len(collection.problems) == len(left_out)
    for name in left_out:
        assert sum(f"/{name} was left out" in problem for problem in collection.problems) == 1


def test_links_in_a_ring_end_and_links_elsewhere_are_followed(tmp_path: Path) -> None:
    root = make(tmp_path / "root", NAMES)
    elsewhere = make(tmp_path / "elsewhere", ["cello1.wav", "suite/cello2.wav"])
    (root / "cello").symlink_to(elsewhere)
    (elsewhere / "back").symlink_to(root)
    (elsewhere / "suite" / "ring").symlink_to(elsewhere)
    (root / "piano" / "again").symlink_to(root / "violin" / "anna")
    (root / "violin" / "again").symlink_to(root / "piano" / "anna")
    (root / "piano" / "self").symlink_to(root / "piano" / "self")
    (root / "all").symlink_to(root)
    collection = read_folders(root)
    assert len(collection.items) == len(NAMES) + 2
    assert not [item.path for item in collection.items if "again" in item.path.parts]
    assert {item.group for item in collection.items if "cello" in item.labels} == {"cello/cello1.wav", "suite"}


@pytest.mark.parametrize("names", [[], ["a.wav"], ["piano/a.wav"], ["piano/a.wav", "Piano/b.wav", "oboe/a.txt"]])
def test_fewer_than_two_classes_are_refused(tmp_path: Path, names: list[str]) -> None:
    with pytest.raises(TrainingError, match="classes need two or more"):
        read_folders(make(tmp_path, names))


def test_missing_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="not a folder that exists"):
        read_folders(tmp_path / "none")
