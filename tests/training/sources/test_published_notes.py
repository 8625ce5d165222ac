"""Good-sounds, NSynth, FSDKaggle2018 and Philharmonia in their shapes."""

import shutil
from pathlib import Path

import pytest

from tests.training.sources.published_layouts import (
    by_name,
    lay_fsdkaggle2018,
    lay_good_sounds,
    lay_nsynth,
    lay_philharmonia,
    table,
    true_labels,
)
from training.errors import TrainingError
from training.sources.published import PUBLISHED


def test_good_sounds(tmp_path: Path) -> None:
    lay_good_sounds(tmp_path)
    collection = PUBLISHED["good-sounds"](tmp_path)
    assert collection.task == "single"
    assert collection.labels == ("flute", "sax_tenor")
    assert [item.group for item in collection.items] == [
        "flute almudena",
        "flute almudena",
        "flute josep",
        "sax_tenor saxo_tenor_iphone",
    ]
    assert [true_labels(item) for item in collection.items] == [{"flute"}] * 3 + [{"sax_tenor"}]
    assert {item.split for item in collection.items} == {None}


def test_good_sounds_with_a_damaged_database(tmp_path: Path) -> None:
    lay_good_sounds(tmp_path)
    (tmp_path / "good-sounds" / "database.sqlite").write_bytes(b"no database at all" * 100)
    with pytest.raises(TrainingError, match=r"database\.sqlite"):
        PUBLISHED["good-sounds"](tmp_path)


def test_nsynth(tmp_path: Path) -> None:
    lay_nsynth(tmp_path)
    collection = PUBLISHED["nsynth"](tmp_path)
    assert collection.task == "single"
    assert (len(collection.labels), collection.labels[0], collection.labels[8]) == (11, "bass", "string")
    assert collection.labels[10] == "vocal"
    items = by_name(collection)
    assert items["bass_electronic_018-030-050.wav"].group == "bass_electronic_018"
    assert items["bass_electronic_018-054-100.wav"].group == "bass_electronic_018"
    assert true_labels(items["string_acoustic_056-060-100.wav"]) == {"string"}
    assert {item.path.parts[-3]: item.split for item in collection.items} == {
        "nsynth-train": "train",
        "nsynth-valid": "validation",
        "nsynth-test": "test",
    }
    assert collection.problems == ()


def test_nsynth_test_part_alone(tmp_path: Path) -> None:
    lay_nsynth(tmp_path)
    shutil.rmtree(tmp_path / "nsynth-train")
    shutil.rmtree(tmp_path / "nsynth-valid")
    collection = PUBLISHED["nsynth"](tmp_path)
    assert {item.split for item in collection.items} == {"test"}
    assert ["nsynth-train" in collection.problems[0], "nsynth-valid" in collection.problems[1]] == [True, True]


def test_fsdkaggle2018(tmp_path: Path) -> None:
    lay_fsdkaggle2018(tmp_path)
    collection = PUBLISHED["fsdkaggle2018"](tmp_path)
    assert collection.task == "single"
    assert collection.labels == ("Hi-hat", "Oboe", "Saxophone")
    items = by_name(collection)
    assert (true_labels(items["00044347.wav"]), items["00044347.wav"].split) == ({"Hi-hat"}, "train")
    assert (true_labels(items["00326aa9.wav"]), items["00326aa9.wav"].split) == ({"Oboe"}, "test")
    assert items["001ca53d.wav"].group == "358827"


def test_fsdkaggle2018_with_another_table(tmp_path: Path) -> None:
    lay_fsdkaggle2018(tmp_path)
    table(tmp_path / "FSDKaggle2018.meta" / "train_post_competition.csv", [("file", "label"), ("a.wav", "Oboe")])
    with pytest.raises(TrainingError, match=r'train_post_competition\.csv has no column "fname"'):
        PUBLISHED["fsdkaggle2018"](tmp_path)


def test_philharmonia(tmp_path: Path) -> None:
    lay_philharmonia(tmp_path)
    collection = PUBLISHED["philharmonia"](tmp_path)
    assert collection.task == "single"
    assert collection.labels == ("agogo bells", "double bass", "saxophone")
    assert all({item.group} == true_labels(item) for item in collection.items)
    assert len(collection.items) == 4
    assert len(collection.problems) == 1
    assert "notes.mp3" in collection.problems[0]
