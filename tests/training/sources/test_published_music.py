"""IRMAS, MagnaTagATune, Ballroom and OpenMIC-2018 in their shapes."""

from pathlib import Path

import pytest

from tests.training.sources.published_layouts import (
    by_name,
    lay_ballroom,
    lay_irmas,
    lay_magnatagatune,
    lay_openmic,
    sound,
    true_labels,
    unknown_labels,
)
from training.sources.published import PUBLISHED


def test_irmas(tmp_path: Path) -> None:
    lay_irmas(tmp_path)
    collection = PUBLISHED["irmas"](tmp_path)
    assert collection.task == "multi"
    folders = [label.split()[-1][:3] for label in collection.labels]
    assert folders == ["cel", "cla", "flu", "gui", "gui", "org", "pia", "sax", "tru", "vio", "voi"]
    assert collection.labels[3:5] == ("acoustic guitar", "electric guitar")
    items = by_name(collection)
    assert true_labels(items["[voi][dru][pop_roc]2345__3.wav"]) == {"voice"}
    assert items["[voi][dru][pop_roc]2345__3.wav"].group == "2345"
    assert items["008__[cel][nod][cla]0058__1.wav"].group == "0058"
    assert items["[cel][cla]0001__1.wav"].group == items["[cel][cla]0001__2.wav"].group == "0001"
    assert true_labels(items["(02) dont kill the whale-4.wav"]) == {"electric guitar", "voice"}
    assert items["(02) dont kill the whale-4.wav"].group == items["(02) dont kill the whale-14.wav"].group
    assert true_labels(items["01. Caravan-5.wav"]) == {"saxophone", "piano", "trumpet"}
    assert {item.split for item in collection.items if "Training" in str(item.path)} == {"train"}
    assert {item.split for item in collection.items if "Testing" in str(item.path)} == {"test"}
    assert len(collection.problems) == 1
    assert "IRMAS-TestingData-Part3" in collection.problems[0]


def test_irmas_without_annotation(tmp_path: Path) -> None:
    lay_irmas(tmp_path)
    (tmp_path / "IRMAS-TestingData-Part2" / "Part2" / "01. Caravan-5.txt").unlink()
    sound(tmp_path / "IRMAS-TrainingData" / "kaz" / "[kaz][cla]0001__1.wav")
    collection = PUBLISHED["irmas"](tmp_path)
    assert {"01. Caravan-5.wav", "[kaz][cla]0001__1.wav"}.isdisjoint(by_name(collection))
    assert sum("Caravan" in problem or '"kaz"' in problem for problem in collection.problems) == 2


@pytest.mark.parametrize("audio", ["", "mp3"])
def test_magnatagatune(tmp_path: Path, audio: str) -> None:
    lay_magnatagatune(tmp_path, audio)
    collection = PUBLISHED["magnatagatune"](tmp_path)
    assert collection.task == "multi"
    assert len(collection.labels) == 50
    assert collection.labels[:4] == ("guitar", "classical", "slow", "techno")
    assert collection.labels[-2:] == ("female voice", "choral")
    assert [item.split for item in collection.items] == ["train", "train", "train", "validation", "test"]
    assert [true_labels(item) for item in collection.items] == [
        {"choral"},
        {"choral", "weird"},
        set(),  # a tag that is not among the fifty
        {"no vocals", "guitar"},
        {"female voice"},
    ]
    groups = [item.group for item in collection.items]
    assert groups[0] == groups[1]
    assert len(set(groups)) == 4


def test_an_empty_clip_is_left_out_and_told(tmp_path: Path) -> None:
    lay_magnatagatune(tmp_path)
    empty = tmp_path / "b" / "kiddo-night_drive-02-loud-0-29.mp3"
    empty.write_bytes(b"")
    absent = tmp_path / "c" / "kiddo-night_drive-03-soft-0-29.mp3"
    absent.unlink()
    collection = PUBLISHED["magnatagatune"](tmp_path)
    assert len(collection.items) == 3
    assert [str(empty) in problem or str(absent) in problem for problem in collection.problems] == [True, True]


def test_ballroom(tmp_path: Path) -> None:
    lay_ballroom(tmp_path)
    collection = PUBLISHED["ballroom"](tmp_path)
    assert collection == PUBLISHED["ballroom"](tmp_path / "BallroomData")
    assert collection.task == "single"
    expected = ("ChaChaCha", "Jive", "Quickstep", "Rumba", "Samba", "Tango", "VienneseWaltz", "Waltz")
    assert collection.labels == expected
    assert {label for item in collection.items for label in item.labels} == set(expected)
    assert sum("Rumba" in item.labels for item in collection.items) == 3
    assert len({item.group for item in collection.items}) == len(collection.items) == 10
    assert {item.split for item in collection.items} == {None}
    assert len(collection.problems) == 1
    assert "nada" in collection.problems[0]


def test_openmic(tmp_path: Path) -> None:
    lay_openmic(tmp_path)
    collection = PUBLISHED["openmic"](tmp_path)
    assert collection.task == "multi"
    assert (len(collection.labels), collection.labels[0], collection.labels[19]) == (20, "accordion", "voice")
    items = by_name(collection)
    first = items["000046_3840.ogg"]
    assert first.labels["clarinet"] == pytest.approx(0.17105)
    assert first.labels["flute"] == 0.0
    assert unknown_labels(first) == set(collection.labels) - {"clarinet", "flute"}
    assert (first.group, first.split) == ("000046", "train")
    assert items["155310_372480.ogg"].split == "test"
    assert unknown_labels(items["155310_372480.ogg"]) == set(collection.labels)
