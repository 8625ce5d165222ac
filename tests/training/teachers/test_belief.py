from pathlib import Path

import numpy as np
import pytest

from training.errors import TrainingError
from training.sources.table import read_table
from training.teachers.audioset import CLASSES, INSTRUMENTS
from training.teachers.belief import ABSENT, PRESENT, believed_labels
from training.teachers.pieces import UNLABELLED

NAMES = [name for classes in CLASSES.values() for name in classes] + ["Speech"]
DOUBT = (ABSENT + PRESENT) / 2


def believed(rest: float, **scores: float) -> str:
    """Return the labels of a piece whose classes score ``rest`` but for those named, with _ for spaces."""
    row = np.full(len(NAMES), rest, np.float32)
    for name, score in scores.items():
        row[NAMES.index(name.replace("_", " "))] = score
    (labels,) = believed_labels(row[None], NAMES)
    return labels


def test_what_surely_plays_and_what_surely_does_not() -> None:
    absent = {f"{name}=0" for name in INSTRUMENTS}
    assert set(believed(0.0).split(";")) == absent | {"*=?"}
    assert set(believed(0.0, Hammond_organ=0.9, Organ=0.0).split(";")) == absent - {"organ=0"} | {"organ=1", "*=?"}
    assert set(believed(0.0, Cello=DOUBT).split(";")) == absent - {"cello=0"} | {"*=?"}
    assert believed(0.0, Speech=1.0) == believed(0.0)  # no instrument


def test_of_what_is_in_doubt_nothing_is_known() -> None:
    assert believed(DOUBT) == UNLABELLED
    assert believed(DOUBT, Flute=0.9) == "flute=1;*=?"
    assert believed(float(np.float32(PRESENT)) - 1e-4) == believed(ABSENT + 1e-4) == UNLABELLED


def test_a_class_that_is_missing_is_told() -> None:
    with pytest.raises(TrainingError, match='no class "Flute"'):
        believed_labels(np.zeros((1, len(NAMES)), np.float16), [name.replace("Flute", "Piccolo") for name in NAMES])


def test_tables_take_the_labels_as_they_are(tmp_path: Path) -> None:
    (tmp_path / "a.wav").touch()
    (tmp_path / "t.csv").write_text(f"path,labels\na.wav,{believed(0.0, Flute=0.9, Cello=DOUBT)}\na.wav,tuba;cello\n")
    collection = read_table(tmp_path / "t.csv", task="multi")
    assert not collection.problems
    labels = dict(collection.items[0].labels)
    assert {name for name, value in labels.items() if np.isnan(value)} == {"cello", "tuba"}
    assert {name for name, value in labels.items() if value == 1} == {"flute"}
    assert {name for name, value in labels.items() if value == 0} == set(INSTRUMENTS) - {"cello", "flute"}
