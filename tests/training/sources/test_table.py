import math
import tempfile
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from training.collection import UNKNOWN, Collection, Item, Split, Task
from training.errors import TrainingError
from training.sources.table import read_table, write_table

FILES = ("a.wav", "b, c;d.flac", 'sub/"q".mp3', "sub/ü =1.ogg")
LABELS = st.text(st.characters(exclude_categories=["C"], exclude_characters=";"), min_size=1, max_size=8).filter(
    lambda label: label == label.strip()
)
TIMES = st.floats(0, 1e5, exclude_max=True)


def make(folder: Path) -> None:
    (folder / "sub").mkdir(exist_ok=True)
    for name in FILES:
        (folder / name).touch()


def table(folder: Path, text: str, encoding: str = "utf-8", name: str = "t.csv") -> Path:
    make(folder)
    path = folder / name
    path.write_bytes(text.encode(encoding))
    return path


@st.composite
def items(draw: st.DrawFn, values: st.SearchStrategy[dict[str, float]]) -> Item:
    start = draw(TIMES)
    return Item(
        path=Path(draw(st.sampled_from(FILES))),
        labels=draw(values),
        start=start,
        end=draw(st.none() | st.floats(start, 2e5, exclude_min=True)),
        group=draw(st.text(st.characters(exclude_categories=["C"]), min_size=1, max_size=8)),
        split=draw(st.sampled_from([None, *get_args(Split)])),
    )


def returned(found: list[Item], task: Task, told: Task | None) -> tuple[Collection, Collection]:
    """Write the items and read them, told that task, in a folder of their own: what was written and what was read."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make(folder)
        placed = tuple(
            Item(folder / item.path, item.labels, item.start, item.end, item.group, item.split) for item in found
        )
        labels = tuple(sorted({label for item in placed for label in item.labels}))
        written = Collection(labels, task, placed)
        write_table(folder / "t.csv", written)
        return written, read_table(folder / "t.csv", task=told)


@settings(max_examples=60, deadline=None)
@given(st.lists(items(st.dictionaries(LABELS, st.floats(0, 1) | st.just(UNKNOWN), max_size=3)), min_size=1, max_size=4))
def test_what_is_written_is_read(found: list[Item]) -> None:
    if any(item.labels for item in found):
        written, read = returned(found, "multi", "multi")
        assert read == written


@settings(max_examples=30, deadline=None)
@given(st.lists(items(LABELS.map(lambda label: {label: 1.0})), min_size=2, max_size=5))
def test_one_true_label_a_line_is_the_task_single(found: list[Item]) -> None:
    if len({label for item in found for label in item.labels}) > 1:
        for told in ("single", None):
            written, read = returned(found, "single", told)
            assert read == written


@pytest.mark.parametrize("labels", ["piano=0.5", "piano=?", "piano;oboe", ""])
def test_any_other_line_makes_the_task_multi(tmp_path: Path, labels: str) -> None:
    assert read_table(table(tmp_path, f"path,labels\na.wav,piano\na.wav,oboe\na.wav,{labels}\n")).task == "multi"


TEXT = "PATH{0}Labels{0}note{0} Start\na.wav{0}piano{0}x{0}0.5\n\nsub/ü =1.ogg{0}oboe{0}y{0}\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_same_table_in_any_dress(tmp_path: Path, encoding: str, delimiter: str, newline: str) -> None:
    collection = read_table(table(tmp_path, TEXT.format(delimiter).replace("\n", newline), encoding))
    assert collection == Collection(
        labels=("oboe", "piano"),
        task="single",
        items=(
            Item(tmp_path / "a.wav", {"piano": 1.0}, start=0.5, group="a.wav"),
            Item(tmp_path / "sub/ü =1.ogg", {"oboe": 1.0}, group="sub/ü =1.ogg"),
        ),
    )


def test_values_and_decimal_commas(tmp_path: Path) -> None:
    text = 'path;start;end;labels;split\na.wav;0,5;1,25;"piano=0.83; oboe=?; voice=0;tuba";TRAIN\n'
    item = read_table(table(tmp_path, text)).items[0]
    assert (item.start, item.end, item.split) == (0.5, 1.25, "train")
    assert item.labels == {"piano": 0.83, "oboe": UNKNOWN, "voice": 0.0, "tuba": 1.0}
    assert math.isnan(item.labels["oboe"])


BAD = {
    "gone.wav,,,piano,": "no file",
    "go\x0bne.wav,,,piano,": "no file",
    f"{'x' * 300}.wav,,,piano,": "too long|no file",
    ",,,piano,": "no file",
    "a.wav,soon,,piano,": "start",
    "a.wav,nan,,piano,": "start",
    "a.wav,-1,,piano,": "before the beginning",
    "a.wav,0,x,piano,": "end",
    "a.wav,2,1,piano,": "does not come after",
    "a.wav,1,1,piano,": "does not come after",
    "a.wav,,,piano,dev": "split",
    "a.wav,,,piano=loud,": "loud",
    "a.wav,,,piano=1.5,": "between 0 and 1",
    "a.wav,,,=1,": "no label",
    "a.wav,,,piano;piano=0.3,": "twice",
    "a.wav,,,,": "exactly one label",
    "a.wav,,,piano;oboe,": "exactly one label",
    "a.wav,,,piano=0.5,": "exactly one label",
}


def test_each_bad_line_is_one_sentence_with_its_number(tmp_path: Path) -> None:
    head = "path,start,end,labels,split\na.wav,,,oboe,\na.wav,,,piano,\n"
    collection = read_table(table(tmp_path, head + "\n".join(BAD)), task="single")
    assert len(collection.items) == 2
    assert len(collection.problems) == len(BAD)
    for number, (problem, reason) in enumerate(zip(collection.problems, BAD.values(), strict=True), 4):
        assert f"t.csv, line {number}, was left out: " in problem
        assert any(word in problem for word in reason.split("|"))
        assert problem.endswith(".")
        assert problem.isprintable()


def test_lines_are_counted_through_cells_of_many_lines(tmp_path: Path) -> None:
    text = 'path,labels,note\na.wav,piano,"one\ntwo"\nx.wav,oboe,"a\nb\nc"\n'
    assert "line 4" in read_table(table(tmp_path, text), task="multi").problems[0]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "does not name the columns"),
        ("file,label\na.wav,piano\n", "does not name the columns"),
        ("path,labels\n", "has none"),
        ("path,labels\nx.wav,piano\n", "line 2.*no file"),
        ("path,labels\na.wav,piano\n", "too few"),
        ("path,labels\na.wav,\n", "too few"),
    ],
)
def test_useless_tables_are_refused(tmp_path: Path, text: str, reason: str) -> None:
    with pytest.raises(TrainingError, match=reason):
        read_table(table(tmp_path, text))


def test_a_table_without_labels_is_about_those_that_are_asked_for(tmp_path: Path) -> None:
    nothing = table(tmp_path, "path,labels\na.wav,\na.wav,\n")
    collection = read_table(nothing, default_labels=("oboe", "flute"))
    assert (collection.labels, collection.task) == (("flute", "oboe"), "multi")
    assert [dict(item.labels) for item in collection.items] == [{}, {}]
    something = table(tmp_path, "path,labels\na.wav,\na.wav,piano\n")
    assert read_table(something, default_labels=("oboe", "flute")).labels == ("piano",)


def test_other_encodings_and_tasks_are_refused(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="UTF-8"):
        read_table(table(tmp_path, "path,labels\na.wav,flöte\n", "latin-1"))
    with pytest.raises(TrainingError, match="in time"):
        read_table(table(tmp_path, "path,labels\na.wav,a\n"), task="frame")
    with pytest.raises(TrainingError, match="cannot be read"):
        read_table(tmp_path / "none.csv")


@pytest.mark.parametrize("label", ["a;b", " a", ""])
def test_labels_that_would_be_read_differently_are_not_written(tmp_path: Path, label: str) -> None:
    with pytest.raises(TrainingError, match="rename"):
        write_table(tmp_path / "t.csv", Collection((label,), "multi", (Item(tmp_path / "a.wav", {label: 1.0}),)))
    assert not (tmp_path / "t.csv").exists()


def test_a_table_in_no_folder_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="cannot be written"):
        write_table(tmp_path / "none" / "t.csv", Collection((), "multi", ()))


def test_files_elsewhere_are_written_in_full(tmp_path: Path) -> None:
    make(tmp_path)
    (tmp_path / "tables").mkdir()
    found = tuple(Item(tmp_path / "a.wav", {label: 1.0}, group="g") for label in ("x", "y"))
    write_table(tmp_path / "tables" / "t.csv", Collection(("x", "y"), "single", found))
    assert read_table(tmp_path / "tables" / "t.csv").items == found
