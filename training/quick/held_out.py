"""How good quick training is on recordings that it has not heard: every group of recordings is held out once."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, softmax

from timbrescope.recognition.spec import ModelSpec
from training.calibration import best_thresholds, fit_scale_and_shift
from training.collection import UNKNOWN, Collection, Task
from training.evaluation.aggregate import mean as mean_of_windows
from training.evaluation.predict import Predictions
from training.progress import HeldOut, Report
from training.quick.head import NEVER, Floats, Head, learn, temperature
from training.quick.vectors import Vectors
from training.splits import folds
from training.validation import Confusion, confusion

_FOLDS = 5
_FEWEST_GROUPS = 3


@dataclass(frozen=True, slots=True)
class Lesson:
    """What the last layer learns from.

    Attributes:
        labels: of the layer's outputs.
        task: of the collection.
        features: shape (windows, features).
        targets: shape (windows, labels), nan where nobody knows.
        weights: of the windows, shape (windows,); they add up to one for each piece.
        rows: which window of the collection's each one is; -1 for background, which is always learnt from.
    """

    labels: tuple[str, ...]
    task: Task
    features: Floats
    targets: Floats
    weights: Floats
    rows: NDArray[np.int64]

    @property
    def exclusive(self) -> bool:
        """Whether exactly one label applies to each window."""
        return self.task != "multi"

    def learn(self, chosen: NDArray[np.bool_]) -> Head:
        """Learn from some of the windows."""
        return learn(self.features[chosen], self.targets[chosen], self.weights[chosen], exclusive=self.exclusive)


def make_lesson(
    collection: Collection, vectors: Vectors, features: Floats, extra: Floats, background: str | None
) -> Lesson:
    """Return what there is to learn from a collection.

    Args:
        collection: its labels and task.
        vectors: of its pieces.
        features: of their windows.
        extra: of sounds that are no label.
        background: the label of those; None where labels are independent, and none applies to them.
    """
    labels = collection.labels
    if background is not None and background not in labels:
        labels = (*labels, background)
    targets = window_targets(vectors, labels, collection.task, background)
    nothing = np.zeros((len(extra), len(labels)), np.float32)
    if background is not None:
        nothing[:, labels.index(background)] = 1
    heard = vectors.weights + np.float32(1e-3)  # of a silent piece all windows count alike
    shares = heard / np.bincount(vectors.item_of, heard)[vectors.item_of]
    if collection.task == "frame":
        shares = np.ones_like(shares)  # each window has a label of its own
    known = ~np.isnan(targets).all(axis=1)
    return Lesson(
        labels,
        collection.task,
        np.concatenate([features[known], extra]),
        np.concatenate([targets[known], nothing]),
        np.concatenate([shares[known], np.full(len(extra), shares.mean())]).astype(np.float32),
        np.concatenate([np.flatnonzero(known), np.full(len(extra), -1)]),
    )


def window_targets(vectors: Vectors, labels: Sequence[str], task: Task, background: str | None) -> Floats:
    """Return the targets of windows, shape (windows, labels): of their piece, or of their middle for labels in time."""
    column = {label: index for index, label in enumerate(labels)}
    if task != "frame":
        rows = np.zeros((len(vectors.items), len(labels)), np.float32)
        for row, item in zip(rows, vectors.items, strict=True):
            for label, value in item.labels.items():
                row[column[label]] = value
        return rows[vectors.item_of]
    targets = np.full((len(vectors.values), len(labels)), UNKNOWN, np.float32)
    for index, item in enumerate(vectors.items):
        mine = np.flatnonzero(vectors.item_of == index)
        middles = vectors.times[mine] + vectors.window_seconds / 2
        if background is not None:
            targets[mine] = np.eye(len(labels))[column[background]]
        for segment in item.segments:
            inside = mine[(segment.start <= middles) & (middles < segment.end)]
            targets[inside] = np.eye(len(labels))[column[segment.label]]
    return targets


def judge(
    collection: Collection, vectors: Vectors, lesson: Lesson, seed: int, report: Report = lambda _: None
) -> NDArray[np.float64] | None:
    """Return logits of all windows from layers that did not learn from their group, shape (windows, labels).

    nan where a window was not held out; None where there are too few groups to hold any out.
    """
    logits = np.full((len(lesson.features), len(lesson.labels)), np.nan)
    own = lesson.rows >= 0
    item_of = vectors.item_of[lesson.rows]
    turns = list(_held_out(replace(collection, items=vectors.items), seed))
    for turn, tested in enumerate(turns, start=1):
        chosen = own & tested[item_of]
        if chosen.any() and not chosen[own].all():
            logits[chosen] = lesson.learn(~chosen).logits(lesson.features[chosen])
            report(HeldOut(turn, len(turns), _confusion(vectors, lesson, logits)))
    return None if np.isnan(logits).all() else logits


def _confusion(vectors: Vectors, lesson: Lesson, logits: NDArray[np.float64]) -> Confusion:
    """Return what was taken for what so far: pieces by the mean of their windows, or windows that have labels each."""
    held = np.flatnonzero(~np.isnan(logits).any(axis=1))
    scores = softmax(logits[held], axis=1) if lesson.exclusive else expit(logits[held])
    targets = lesson.targets[held]
    if lesson.task != "frame":
        items, first, clips = np.unique(vectors.item_of[lesson.rows[held]], return_index=True, return_inverse=True)
        scores, targets = mean_of_windows(scores, clips, len(items)), targets[first]
    return confusion(scores, targets, exclusive=lesson.exclusive)


def calibrate(lesson: Lesson, logits: NDArray[np.float64] | None) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return scale and shift of each label's logit that make scores read as probabilities on what was held out.

    What a layer could not know, because all that there is of a label was held out, does not count.
    """
    n_labels = len(lesson.labels)
    if logits is None:
        return np.ones(n_labels), np.zeros(n_labels)
    unlearnt = logits == NEVER
    held = ~np.isnan(logits).any(axis=1)
    if lesson.exclusive:
        held &= ~(unlearnt & (lesson.targets > 0.5)).any(axis=1)
        if not held.any():
            return np.ones(n_labels), np.zeros(n_labels)
        factor = temperature(logits[held], lesson.targets[held], lesson.weights[held])
        return np.full(n_labels, factor), np.zeros(n_labels)
    targets = np.where(unlearnt, np.nan, lesson.targets)
    return fit_scale_and_shift(logits[held], targets[held], together=True)


def predictions(
    spec: ModelSpec, vectors: Vectors, lesson: Lesson, logits: NDArray[np.float64], problems: Sequence[str]
) -> Predictions:
    """Return what the held-out layers say about the pieces that they did not learn from, ready to be judged."""
    held = np.flatnonzero(~np.isnan(logits).any(axis=1))
    scores = softmax(logits[held], axis=1) if lesson.exclusive else expit(logits[held])
    rows, targets = lesson.rows[held], lesson.targets[held]
    kept, first, clips = np.unique(vectors.item_of[rows], return_index=True, return_inverse=True)
    return Predictions(
        spec=spec,
        task=lesson.task,
        items=tuple(vectors.items[index] for index in kept),
        clips=clips.astype(np.intp),
        times=vectors.times[rows],
        weights=vectors.weights[rows].astype(np.float64),
        labels=lesson.labels,
        thresholds=spec.thresholds,
        scores=scores.astype(np.float32),
        targets=targets if lesson.task == "frame" else targets[first],
        label_vectors=None,
        unread=len(vectors.problems),
        problems=tuple(problems),
    )


def thresholds_of(lesson: Lesson, logits: NDArray[np.float64] | None) -> tuple[float, ...]:
    """Return from which score on each label is best said to apply; none where exactly one does."""
    if lesson.exclusive or logits is None:
        return ()
    held = ~np.isnan(logits).any(axis=1)
    return best_thresholds(expit(logits[held]), lesson.targets[held])


def _held_out(collection: Collection, seed: int) -> Iterator[NDArray[np.bool_]]:
    """Yield which items are held out in each turn: those that the collection names, or each group once."""
    given = np.array([item.split == "test" for item in collection.items])
    if given.any():
        yield given
        return
    groups = {item.group or str(item.path) for item in collection.items}
    if len(groups) >= _FEWEST_GROUPS:
        for fold in folds(collection, min(_FOLDS, len(groups)), seed):
            yield np.array([item.split == "test" for item in fold.items])
