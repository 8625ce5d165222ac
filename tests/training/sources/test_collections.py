import math
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from tests.encoded import encode, tone
from training.collection import Collection, Item
from training.errors import TrainingError
from training.sources import read_collection, read_collections


@pytest.fixture(autouse=True)
def _published(monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("training.sources.published")
    module.PUBLISHED = {"known": lambda path: Collection(("x",), "multi", (Item(path),))}  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "training.sources.published", module)


@pytest.fixture
def classes(tmp_path: Path) -> Path:
    for name in ("piano/a.wav", "oboe/b.wav"):
        (tmp_path / name).parent.mkdir()
        encode(tmp_path / name, tone(0.1, 8000), 8000)
    return tmp_path


def test_folders_are_classes_unless_something_else_lies_there(classes: Path) -> None:
    (classes / "piano" / "a.txt").write_text("a remark")
    assert read_collection(classes) == read_collection(classes, "folders")
    (classes / "piano" / "a.lab").write_text("0 1 p\n")
    assert read_collection(classes) == read_collection(classes, "annotated")
    (classes / "oboe" / "OTO.ini").write_text("b.wav=o,0,0,0,0,0\n")
    assert read_collection(classes) == read_collection(classes, "oto")
    assert read_collection(classes, "folders").labels == ("oboe", "piano")


@pytest.mark.parametrize("name", ["t.csv", "T.TSV"])
def test_tables_are_known_by_their_ending(classes: Path, name: str) -> None:
    (classes / name).write_text("path\tlabels\npiano/a.wav\tpiano\noboe/b.wav\toboe\n")
    assert read_collection(classes / name) == read_collection(classes / name, "table")
    assert read_collection(classes / name).task == "single"
    assert read_collection(classes / name, task="multi").task == "multi"


def test_published_layouts_go_by_their_names(tmp_path: Path) -> None:
    assert read_collection(tmp_path, "known").labels == ("x",)


def test_single_labels_may_be_read_as_multi_and_nothing_else(classes: Path) -> None:
    single = read_collection(classes)
    multi = read_collection(classes, task="multi")
    assert (single.task, multi.task) == ("single", "multi")
    assert multi.items == single.items
    assert read_collection(classes, task="single") == single
    with pytest.raises(TrainingError, match="for the task single and not for frame"):
        read_collection(classes, task="frame")
    (classes / "piano" / "a.lab").write_text("0 1 p\n")
    with pytest.raises(TrainingError, match="for the task frame and not for multi"):
        read_collection(classes, task="multi")


def test_unknown_layout_lists_the_known(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="auto, table, folders, annotated, oto, phonemes, known"):
        read_collection(tmp_path, "imagenet")


def test_nothing_usable_lists_what_is_possible(tmp_path: Path) -> None:
    (tmp_path / "notes.docx").touch()
    for path in (tmp_path, tmp_path / "none", tmp_path / "notes.docx"):
        with pytest.raises(TrainingError, match=r"a folder for each class, a table .* oto\.ini"):
            read_collection(path)


def test_several_sets_are_learnt_as_one(classes: Path, tmp_path: Path) -> None:
    sound = next(path for path in sorted(classes.rglob("*")) if path.suffix == ".wav")
    taught = tmp_path / "taught.csv"
    taught.write_text(f"path,labels,row\n{sound},*=?,0\n{sound},harp;*=?,1\n", encoding="utf-8")
    np.save(tmp_path / "taught.npy", np.array([[0.25], [0.75]], np.float16))
    (tmp_path / "taught.json").write_text('{"names": ["teacher:music"]}', encoding="utf-8")
    both = read_collections([classes, taught])
    assert (both.labels, both.task) == (("oboe", "piano", "harp"), "multi")
    unknown, harp = both.items[-2:]
    assert all(math.isnan(unknown.labels[label]) for label in both.labels)
    assert harp.labels["harp"] == 1.0
    assert math.isnan(harp.labels["oboe"])
    assert both.taught is not None
    assert both.taught.scores[harp.row].tolist() == [0.75]
    with pytest.raises(TrainingError, match="both bring teachers' scores"):
        read_collections([classes, taught, taught])
    (tmp_path / "taught.json").write_text('{"names": ["a", "b"]}', encoding="utf-8")
    with pytest.raises(TrainingError, match="do not fit their names"):
        read_collections([classes, taught])
