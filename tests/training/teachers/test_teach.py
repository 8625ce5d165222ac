import csv
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from tests.training.teachers.test_hearing import musical, noise
from timbrescope.recognition.checkpoint import load_checkpoint, save_checkpoint
from timbrescope.recognition.model import Model
from training.errors import TrainingError
from training.sources.table import read_table
from training.teachers.audioset import CLASSES, INSTRUMENTS
from training.teachers.hearing import Teacher, hear
from training.teachers.pieces import UNLABELLED, Piece, Warn
from training.teachers.store import Choice, assemble, part_file, read_choice, store_part
from training.teachers.teach import Options, main, teach

NAMES = ["a:x", "a:y", "a:z", "b:x", "b:w"]
SCORES = np.array([[0.9, 0.05, 0.2, 0.3, 0.0], [0.8, 0.05, 0.0, 0.2, 0.5], [0.7, 0.0, 0.3, 0.0, 0.0]], np.float16)


@pytest.fixture
def corpus(tmp_path: Path, rng: np.random.Generator) -> list[Path]:
    """Write a table with labels and one without."""
    folder = tmp_path / "corpus"
    folder.mkdir()
    for name, seconds in (("a", 6.0), ("b", 4.0), ("c", 5.0)):
        noise(folder / f"{name}.wav", seconds, rng)
    labelled, unlabelled = folder / "labelled.csv", folder / "unlabelled.csv"
    labelled.write_text(
        "path,start,end,labels,group,split\na.wav,0,4,cello,one,train\na.wav,4,6,flute,one,train\nb.wav,0,4,,two,test\n",
        encoding="utf-8",
    )
    unlabelled.write_text("path,source,licence\nc.wav,s,l\n", encoding="utf-8")
    return [labelled, unlabelled]


def sure(folder: Path) -> Path:
    """Write a model that hears a trumpet in everything, perhaps a flute, and nothing else of AudioSet's instruments."""
    names = tuple(name for classes in CLASSES.values() for name in classes)
    spec = replace(load_checkpoint(musical(folder))[0], name="sure", labels=names)
    weights = Model(spec).weights()
    logits = torch.tensor([{"Trumpet": 4.0, "Flute": -3.0}.get(name, -9.0) for name in names])
    weights |= {"output.weight": torch.zeros_like(weights["output.weight"]), "output.bias": logits}
    save_checkpoint(folder / "sure.safetensors", spec, weights)
    return folder / "sure.safetensors"


def refuse(message: str) -> None:
    raise AssertionError(message)


def test_a_student_reads_what_teachers_said(corpus: list[Path], tmp_path: Path) -> None:
    output = tmp_path / "taught"
    output.mkdir()
    assert teach(corpus, [musical(tmp_path)], output, Options(), Choice(), refuse) == 8
    collection = read_table(output / "taught.csv", task="multi")
    assert collection.taught is not None
    assert collection.taught.names == ("musical:one", "musical:two", "musical:three")
    assert collection.taught.scores.shape == (8, 3)
    assert sorted(item.row for item in collection.items if item.row is not None) == list(range(8))
    found = {(item.path.stem, item.start): (dict(item.labels), item.group, item.split) for item in collection.items}
    assert found["a", 2.0] == ({"cello": 1.0}, "one", "train")
    assert found["b", 0.0] == ({}, "two", "test")
    labels, group, split = found["c", 2.0]
    assert (group, split) == ("c.wav", None)
    assert labels.keys() == {"cello", "flute"}
    assert np.isnan(list(labels.values())).all()
    described = json.loads((output / "taught.json").read_text(encoding="utf-8"))
    assert described["models"][0]["name"] == "musical"
    assert len(described["models"][0]["sha256"]) == 64


def test_a_stopped_run_goes_on_where_it_was(
    corpus: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, whole, stopped = musical(tmp_path), tmp_path / "whole", tmp_path / "stopped"
    teach(corpus, [model], whole, Options(), Choice(), refuse)
    heard: list[str] = []

    def stop_at_second(
        pieces: Sequence[Piece], teachers: Sequence[Teacher], *, batch: int, warn: Warn
    ) -> NDArray[np.float16]:
        if len(heard) == 1:
            heard.append("stopped")
            raise KeyboardInterrupt
        heard.append(pieces[0].path.stem)
        return hear(pieces, teachers, batch=batch, warn=warn)

    monkeypatch.setattr("training.teachers.teach.hear", stop_at_second)
    with pytest.raises(KeyboardInterrupt):
        teach(corpus, [model], stopped, Options(), Choice(), refuse)
    teach(corpus, [model], stopped, Options(), Choice(), refuse)
    assert sorted(heard) == ["a", "b", "c", "stopped"]
    for name in ("taught.csv", "taught.npy", "taught.json"):
        assert (stopped / name).read_bytes() == (whole / name).read_bytes()
    assert not list(stopped.rglob("*.part"))


def test_other_models_or_pieces_are_heard_anew(tmp_path: Path) -> None:
    pieces = [Piece(tmp_path / "a.wav", start, start + 2, "", "", "") for start in (0.0, 2.0)]
    first = part_file(tmp_path, pieces, [{"name": "a", "sha256": "1"}])
    assert part_file(tmp_path, pieces, [{"name": "a", "sha256": "1"}]) == first
    assert part_file(tmp_path, pieces, [{"name": "a", "sha256": "2"}]) != first
    assert part_file(tmp_path, pieces[:1], [{"name": "a", "sha256": "1"}]) != first


@pytest.mark.parametrize(
    ("choice", "kept"),
    [
        (Choice(), NAMES),
        (Choice(top=1), ["a:x", "b:x"]),
        (Choice(top=5), ["a:x", "a:z", "b:x", "b:w"]),  # no label that is never in use
        (Choice(listed=frozenset({"a:y", "w"})), ["a:y", "b:w"]),
        (Choice(listed=frozenset({"x"})), ["a:x", "b:x"]),
    ],
)
def test_some_scores_are_kept(choice: Choice, kept: list[str], tmp_path: Path) -> None:
    pieces = [Piece(tmp_path / "a.wav", float(n), n + 1.0, "", "", "") for n in range(3)]
    part = part_file(tmp_path, pieces, [])
    store_part(part, SCORES)
    assert assemble(tmp_path, [(part, pieces)], NAMES, choice, {}) == 3
    assert (tmp_path / "labels.txt").read_text(encoding="utf-8").split() == kept
    assert json.loads((tmp_path / "taught.json").read_text(encoding="utf-8"))["names"] == kept
    np.testing.assert_array_equal(np.load(tmp_path / "taught.npy"), SCORES[:, [NAMES.index(name) for name in kept]])
    assert read_choice(tmp_path / "labels.txt").columns(NAMES, SCORES) == [NAMES.index(name) for name in kept]


def test_keeping_nothing_is_an_error() -> None:
    with pytest.raises(TrainingError):
        Choice(listed=frozenset({"nothing"})).columns(NAMES, SCORES)


def test_pieces_that_were_not_heard_have_no_row(tmp_path: Path) -> None:
    pieces = [Piece(tmp_path / "a.wav", float(n), n + 1.0, "", "", "") for n in range(3)]
    part, missing = part_file(tmp_path, pieces, []), part_file(tmp_path, pieces[:1], [])
    scores = SCORES.copy()
    scores[1] = np.nan
    store_part(part, scores)
    assert assemble(tmp_path, [(missing, pieces[:1]), (part, pieces)], NAMES, Choice(), {}) == 2
    lines = (tmp_path / "taught.csv").read_text(encoding="utf-8").splitlines()
    assert lines[1:] == ["a.wav,0.0,1.0,,,,0", "a.wav,2.0,3.0,,,,1"]
    with pytest.raises(TrainingError, match="Nothing could be heard"):
        assemble(tmp_path, [(missing, pieces[:1])], NAMES, Choice(), {})


def test_only_pieces_without_labels_are_given_what_is_believed(tmp_path: Path) -> None:
    given = ["cello", "", "cello=?", UNLABELLED]
    pieces = [Piece(tmp_path / "a.wav", float(n), n + 1.0, labels, "", "") for n, labels in enumerate(given)]
    names = [name for classes in CLASSES.values() for name in classes]
    scores = np.tile(np.array([0.9 if name == "Flute" else 0.1 for name in names], np.float16), (4, 1))
    part = part_file(tmp_path, pieces, [])
    store_part(part, np.concatenate([1 - scores, scores], axis=1))
    both = [f"{model}:{name}" for model in ("other", "believed") for name in names]
    assemble(tmp_path, [(part, pieces)], both, Choice(believed="believed"), {})
    with (tmp_path / "taught.csv").open(encoding="utf-8", newline="") as file:
        assert [line["labels"] for line in csv.DictReader(file)] == ["cello", "", "cello=?", "flute=1;*=?"]
    assert np.load(tmp_path / "taught.npy").shape == (4, 2 * len(names))  # all that was said is kept as well


def test_command_believes_a_model_of_music_that_nobody_labelled(corpus: list[Path], tmp_path: Path) -> None:
    output, model = tmp_path / "taught", sure(tmp_path)
    main([*map(str, corpus), "--models", str(model), "--output", str(output), "--top", "3", "--believe", "sure"])
    collection = read_table(output / "taught.csv", task="multi")
    found = {(item.path.stem, item.start): dict(item.labels) for item in collection.items}
    assert found["a", 0.0] == {"cello": 1.0}
    assert found["b", 0.0] == {}
    for start in (0.0, 2.0):
        labels = found["c", start]
        assert {name for name, value in labels.items() if value == 1} == {"trumpet"}
        assert {name for name, value in labels.items() if np.isnan(value)} == {"flute"}
        assert labels.keys() == set(INSTRUMENTS)


def test_one_bad_recording_does_not_end_a_run(corpus: list[Path], tmp_path: Path) -> None:
    (corpus[0].parent / "b.wav").write_bytes(b"no sound")
    told: list[str] = []
    assert teach(corpus, [musical(tmp_path)], tmp_path / "taught", Options(), Choice(), told.append) == 6
    assert [message.split()[0] for message in told] == ["b.wav"]


def test_command_writes_a_part_of_it(corpus: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--models", str(musical(tmp_path)), "--output", str(tmp_path / "new" / "taught")]
    main([*map(str, corpus), *arguments, "--most-hours", str(8 / 3600), "--top", "2"])
    assert capsys.readouterr().out.startswith("4 pieces are in ")
    assert np.load(tmp_path / "new" / "taught" / "taught.npy").shape == (4, 2)


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        (["--seconds", "5"], "less than a piece of 5 s"),
        (["--labels", "missing.txt"], "missing.txt cannot be read"),
        (["--believe", "musical"], 'no class "Cello"'),
        (["--believe", "other"], "No model called other"),
        (["--models", "missing.safetensors"], "There is no model at missing.safetensors"),
    ],
)
def test_command_tells_errors_in_a_sentence(
    changed: list[str], sentence: str, corpus: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["--models", str(musical(tmp_path)), "--output", str(tmp_path / "taught")]
    with pytest.raises(SystemExit) as left:
        main([str(corpus[0]), *arguments, *changed])
    assert left.value.code == 1
    error = capsys.readouterr().err
    assert sentence in error
    assert error.count("\n") == 1
