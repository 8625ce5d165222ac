import csv
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.training.check_set import CLASSES, RATE, clean_set, sound, write
from tests.training.tiny_encoder import write_encoder
from timbrescope.audio.file import AudioFile
from timbrescope.recognition.checkpoint import read_fingerprint, read_spec
from timbrescope.recognition.pipeline import analyse
from timbrescope.recognition.recogniser import Recogniser
from training.collection import Collection
from training.progress import Evaluated, Event, HeldOut, Prepared, Problem
from training.quick.train import Quick, train_quickly
from training.sources import read_collection

Train = Callable[..., Path]


@pytest.fixture
def train(tmp_path: Path) -> Train:
    encoder = write_encoder(tmp_path / "encoder.safetensors")

    def run(
        collection: Collection, name: str = "out", cache: str = "cache", report: Callable[[Event], None] | None = None
    ) -> Path:
        quick = Quick(encoder, "mine", tmp_path / cache, workers=0)
        return train_quickly(quick, collection, tmp_path / name, report or (lambda _: None))

    return run


def scores(model: Path, path: Path) -> np.ndarray:
    recogniser = Recogniser.load(model, torch.device("cpu"))
    chunks = list(analyse(AudioFile(path), [recogniser], draw=False))
    return np.concatenate([chunk.scores[recogniser.spec.name] for chunk in chunks])


def test_a_folder_becomes_a_model_that_was_judged_by_what_it_had_not_heard(train: Train, tmp_path: Path) -> None:
    folder = clean_set(tmp_path / "sounds")
    events: list[Event] = []
    model = train(read_collection(folder), report=events.append)
    spec = read_spec(model)
    assert spec.labels == ("high", "low", "middle", "background")
    assert (spec.name, spec.kind, spec.activation) == ("mine", "sounds", "softmax")
    (judged,) = [event for event in events if isinstance(event, Evaluated)]
    assert judged.figures["accuracy"] > 0.85
    held = [event for event in events if isinstance(event, HeldOut)]
    assert [(event.done, event.total) for event in held] == [(turn, 5) for turn in range(1, 6)]
    assert sum(map(sum, held[-1].confusion)) == 36  # each piece was held out once
    assert spec.figures["held-out accuracy"] == pytest.approx(judged.figures["accuracy"], abs=1e-4)
    evaluation = json.loads((model.parent / "evaluation.json").read_text())
    assert evaluation["rows"] == 36
    assert "<html" in (model.parent / "report.html").read_text()
    for label in CLASSES:
        said = scores(model, next((folder / label).iterdir())).mean(axis=0)
        assert spec.labels[said.argmax()] == label
        assert said.sum() == pytest.approx(1, abs=1e-4)


def test_noise_and_silence_are_background(train: Train, tmp_path: Path, rng: np.random.Generator) -> None:
    model = train(read_collection(clean_set(tmp_path / "sounds")))
    for level in (0.1, 0.01, 0.0):
        path = write(tmp_path / "noise.wav", level * rng.standard_normal(2 * RATE))
        assert scores(model, path).mean(axis=0).argmax() == 3


def test_a_background_of_ones_own_is_no_second_one(train: Train, tmp_path: Path, rng: np.random.Generator) -> None:
    folder = clean_set(tmp_path / "sounds")
    for number in range(6):
        write(folder / "Background" / f"{number}.wav", 0.05 * rng.standard_normal(RATE))
    assert read_spec(train(read_collection(folder))).labels == ("Background", "high", "low", "middle")


def test_a_run_that_was_interrupted_ends_with_the_same_model(train: Train, tmp_path: Path) -> None:
    collection = read_collection(clean_set(tmp_path / "sounds"))
    whole = read_fingerprint(train(collection, "whole", "cache-1"))
    heard: list[int] = []

    def stop(event: Event) -> None:
        if isinstance(event, Prepared):
            heard.append(event.done)
            if len(heard) == 7:
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(collection, "again", "cache-2", stop)
    assert not (tmp_path / "again" / "model.safetensors").exists()
    again: list[Event] = []
    assert read_fingerprint(train(collection, "again", "cache-2", again.append)) == whole
    assert isinstance(again[0], Prepared)
    assert again[0].done > 0  # what had been heard was not heard again


def test_a_test_part_that_is_named_is_the_one_that_judges(train: Train, tmp_path: Path) -> None:
    collection = read_collection(clean_set(tmp_path / "sounds"))
    items = tuple(
        replace(item, split="test" if index % 3 == 0 else None) for index, item in enumerate(collection.items)
    )
    model = train(replace(collection, items=items))
    assert json.loads((model.parent / "evaluation.json").read_text())["rows"] == 12


def test_too_few_groups_leave_a_model_without_figures(train: Train, tmp_path: Path) -> None:
    collection = read_collection(clean_set(tmp_path / "sounds", clips=2))
    items = tuple(replace(item, group=next(iter(item.labels))[0]) for item in collection.items)
    events: list[Event] = []
    model = train(replace(collection, items=tuple(items[:2]) + tuple(items[4:])), report=events.append)
    assert read_spec(model).figures == {}
    assert any(isinstance(event, Problem) and "held out" in event.sentence for event in events)


def test_a_class_of_one_group_does_not_blur_the_others(train: Train, tmp_path: Path) -> None:
    collection = read_collection(clean_set(tmp_path / "sounds"))
    items = tuple(replace(item, group="one day") if "low" in item.labels else item for item in collection.items)
    model = train(replace(collection, items=items))
    figures = json.loads((model.parent / "evaluation.json").read_text())
    recall = {each["label"]: each["recall"] for each in figures["classes"]}
    assert recall["low"] == 0  # nobody can know what was held out whole
    assert min(recall["high"], recall["middle"]) > 0.8
    assert scores(model, next((tmp_path / "sounds" / "high").iterdir())).mean(axis=0)[0] > 0.6


def test_several_labels_a_clip_are_independent(train: Train, tmp_path: Path) -> None:
    rows = []
    for number in range(30):
        labels = [label for bit, label in enumerate(CLASSES) if (number + 1) % 8 >> bit & 1]
        mixed = sum(
            (sound(CLASSES[label], 9 * number + bit) for bit, label in enumerate(labels)), np.zeros(RATE * 3 // 2)
        )
        write(tmp_path / f"{number}.wav", mixed + 1e-4)
        rows.append((f"{number}.wav", ";".join(labels)))
    with (tmp_path / "table.csv").open("w", newline="") as file:
        csv.writer(file).writerows([("path", "labels"), *rows])
    model = train(read_collection(tmp_path / "table.csv"))
    spec = read_spec(model)
    assert (spec.activation, spec.labels) == ("sigmoid", ("high", "low", "middle"))
    assert len(spec.thresholds) == 3
    assert json.loads((model.parent / "evaluation.json").read_text())["figures"]["roc_auc"]["value"] > 0.8


def test_labels_in_time_are_learnt_window_by_window(train: Train, tmp_path: Path) -> None:
    for number in range(6):
        halves = [sound(CLASSES["low"], number, 3.0), sound(CLASSES["high"], 50 + number, 3.0)]
        write(tmp_path / "timed" / f"{number}.wav", np.concatenate(halves))
        (tmp_path / "timed" / f"{number}.txt").write_text("0.0\t3.0\tlow\n3.0\t6.0\thigh\n")
    model = train(read_collection(tmp_path / "timed"))
    assert read_spec(model).labels == ("high", "low", "background")
    found = scores(model, tmp_path / "timed" / "0.wav")
    assert found[: len(found) // 3, 1].mean() > 0.8
    assert found[-len(found) // 3 :, 0].mean() > 0.8
