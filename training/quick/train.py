"""Quick training from the recordings to the model and its report: seconds to a minute."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from timbrescope.core.files import replaced_when_done
from timbrescope.core.labels import BACKGROUND
from timbrescope.recognition.checkpoint import SUFFIX, save_checkpoint
from timbrescope.recognition.spec import ModelSpec
from training.collection import Collection
from training.errors import TrainingError
from training.evaluation.evaluate import evaluate
from training.evaluation.report import render_html
from training.evaluation.results import Evaluation
from training.progress import Evaluated, Prepared, Problem, Report, Started
from training.quick.background import background_of, background_vectors
from training.quick.head import features_of, replaced
from training.quick.held_out import calibrate, judge, make_lesson, predictions, thresholds_of
from training.quick.listener import load_listener, parts
from training.quick.vectors import Vectors, hear_all, vector_store
from training.sources.table import write_table

MODEL = f"model{SUFFIX}"


@dataclass(frozen=True, slots=True)
class Quick:
    """How a quick training goes.

    Attributes:
        encoder: checkpoint of the model whose vectors it learns from.
        name: of the model.
        seed: of how recordings are held out, and of the background.
        cache: folder for the vectors.
        workers: processes that read recordings; None takes one a core where there is enough to do.
    """

    encoder: Path
    name: str
    cache: Path
    seed: int = 0
    workers: int | None = None


def train_quickly(
    quick: Quick, collection: Collection, folder: Path, report: Report, doubts: Sequence[str] = ()
) -> Path:
    """Teach an encoder the labels of a collection and judge it by recordings that it has not heard; return the model.

    Each group of recordings is held out once, or those that the collection names for the test. The model itself then
    learns from all, its test included. The folder gets ``model.safetensors``, ``split.csv``, ``evaluation.json`` and
    ``report.html``. Nothing is drawn but by the seed, so that a run that was killed ends with the same model when it is
    repeated; it finds what was heard before in the cache.

    Args:
        quick: how.
        collection: what to learn.
        folder: for the results.
        report: is told how it goes.
        doubts: why the figures cannot be trusted, a sentence each.

    Raises:
        TrainingError: nothing can be read, or the disk does not allow it.
    """
    _make(folder)
    listener = load_listener(quick.encoder)
    spec, n_known = listener.spec, len(listener.spec.labels)
    model = parts(spec, listener.network)[0]
    vectors = hear_all(
        collection.items,
        vector_store(quick.cache, quick.encoder),
        spec,
        lambda done, total: report(Prepared(done, total)),
        workers=quick.workers,
    )
    problems = (*collection.problems, *vectors.problems, *doubts)
    for problem in problems:
        report(Problem(problem, spoils=problem in doubts))
    background = None if collection.task == "multi" else background_of(collection.labels) or BACKGROUND
    extra = background_vectors(listener, quick.seed)
    lesson = make_lesson(
        collection,
        vectors,
        features_of(model.network, n_known, vectors.values),
        features_of(model.network, n_known, extra),
        background,
    )
    parameters = len(lesson.labels) * (lesson.features.shape[1] + 1)
    report(Started(lesson.labels, len(lesson.features), 0, parameters, "cpu", 0, lesson.exclusive))
    logits = judge(collection, vectors, lesson, quick.seed, report)
    scale, shift = calibrate(lesson, logits)
    logits = None if logits is None else logits * scale + shift
    head = lesson.learn(np.ones(len(lesson.rows), np.bool_)).scaled(scale, shift)
    spec = replace(
        spec,
        name=quick.name,
        title=quick.name,
        kind="sounds",
        labels=lesson.labels,
        activation="softmax" if lesson.exclusive else "sigmoid",
        thresholds=thresholds_of(lesson, logits),
        description=_description(spec, vectors, background),
        source="",
        citation="",
        figures={},
    )
    evaluation: Evaluation | None = None
    if logits is None:
        report(Problem("No recordings could be held out, so nobody knows how good the model is on new ones."))
    else:
        evaluation = evaluate(predictions(spec, vectors, lesson, logits, problems), seed=quick.seed, doubts=doubts)
        figures = {name: figure.value for name, figure in evaluation.figures.items() if figure.value is not None}
        spec = replace(spec, figures={f"held-out {name}": round(value, 4) for name, value in figures.items()})
        _write(folder / "evaluation.json", json.dumps(evaluation.to_dict(), indent=2))
        _write(folder / "report.html", render_html([evaluation], [], f"{quick.name}, recordings that it had not heard"))
    if collection.task != "frame":
        learnt = tuple(replace(item, split="train") for item in vectors.items)  # in the end from all of them
        write_table(folder / "split.csv", replace(collection, items=learnt))
    save_checkpoint(folder / MODEL, spec, replaced(model.weights(), model.network, n_known, head))
    if evaluation is not None:
        report(Evaluated(figures, {}, str(folder / "report.html")))
    return folder / MODEL


def _description(encoder: ModelSpec, vectors: Vectors, background: str | None) -> str:
    """Return the text of the model's card."""
    minutes = len(vectors.values) * encoder.hop_frames * encoder.front_end.hop_seconds / 60
    groups = len({item.group or str(item.path) for item in vectors.items})
    beside = f" The label {background} stands for noise, hum and silence." if background == BACKGROUND else ""
    return (
        f"Labels of your own, learnt quickly on what {encoder.title} makes of sounds.{beside}\n\n"
        f"Data: {len(vectors.items)} pieces of {groups} recordings or groups of them, {minutes:.1f} minutes.\n\n"
        "Limits: it knows these labels alone, and takes other sounds for one of them or for none."
    )


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise TrainingError(f"{folder} cannot be made ({error.strerror}); choose another with --output.") from error


def _write(path: Path, text: str) -> None:
    try:
        with replaced_when_done(path) as file:
            file.write(text.encode())
    except OSError as error:
        raise TrainingError(f"{path} cannot be written ({error.strerror}); make room there.") from error
