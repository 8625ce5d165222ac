"""What a model says about a collection: the scores of all windows beside what is true."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from collections.abc import Collection as Rates
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from timbrescope.audio.file import AudioFile
from timbrescope.core.blocks import Block, Source
from timbrescope.core.errors import AudioError
from timbrescope.core.loudness import row_weights
from timbrescope.recognition.label_vectors import label_vectors
from timbrescope.recognition.pipeline import analyse
from timbrescope.recognition.recogniser import Recogniser
from timbrescope.recognition.spec import ModelSpec
from training.collection import UNKNOWN, Collection, Item, Task
from training.errors import TrainingError
from training.evaluation.matching import Matching, match

Progress = Callable[[int, int, Path], None]
"""Told how many files are done, how many there are, and which one is done."""

_BLOCK_SECONDS = 10  # of a piece that goes through the pipeline at a time


@dataclass(frozen=True, slots=True)
class Predictions:
    """The scores of a model for a collection.

    Attributes:
        spec: the model.
        task: of the collection.
        items: those that could be scored.
        clips: number of each window's item, shape (windows,).
        times: where each window begins, in seconds from the beginning of its file, shape (windows,).
        weights: how much each window counts by its loudness, in 0..1, shape (windows,).
        labels: what is judged: those of the collection that the model knows. It is not asked for others, so that where
            one label applies the highest score among these decides.
        thresholds: the model's own of these labels; empty where it has none.
        scores: in 0..1, float32, shape (windows, labels).
        targets: as in ``Item.labels``, nan where unknown to the collection or to everybody: shape (items, labels), for
            the task ``frame`` (windows, labels).
        label_vectors: of the model's last dense layer, shape (labels, features); None where it has none, or none of
            its own for a label.
        unread: how many files could not be read to their end.
        problems: a sentence for each thing that was left out or is worth knowing.
    """

    spec: ModelSpec
    task: Task
    items: tuple[Item, ...]
    clips: NDArray[np.intp]
    times: NDArray[np.float64]
    weights: NDArray[np.float64]
    labels: tuple[str, ...]
    thresholds: tuple[float, ...]
    scores: NDArray[np.float32]
    targets: NDArray[np.float32]
    label_vectors: NDArray[np.float64] | None
    unread: int
    problems: tuple[str, ...]


def predict(
    model: Path,
    collection: Collection,
    *,
    device: torch.device,
    batch: int | None = None,
    progress: Progress = lambda _done, _total, _path: None,
) -> Predictions:
    """Score every item of a collection as the program would score it if it were a recording of its own.

    Each file is decoded once. An item shorter than a window is filled up with silence, as the pipeline does.

    Args:
        model: a checkpoint.
        collection: its labels are matched with the model's, see ``training.evaluation.matching``.
        device: where to compute.
        batch: windows scored at a time; None takes what suits the device.
        progress: called after each file.

    Raises:
        ModelError: the checkpoint is missing or damaged.
        TrainingError: the two have no label in common, or nothing could be scored.
    """
    recogniser = Recogniser.load(model, device)
    spec = recogniser.spec
    matching = match(spec, collection)
    known = [item for item in collection.items if _is_known(item, collection.task, matching.columns)]
    problems = [*collection.problems, *matching.notices(collection)]
    if missing := len(collection.items) - len(known):
        problems.append(
            f"{missing} of {len(collection.items)} pieces have no label that {spec.name} knows and are left out."
        )
    by_file: dict[Path, list[Item]] = {}
    for item in known:
        by_file.setdefault(item.path, []).append(item)

    hop_seconds = recogniser.score_spec.hop_seconds
    scored: list[tuple[Item, NDArray[np.float32]]] = []
    weights: list[NDArray[np.float64]] = []
    notices: Counter[str] = Counter()
    unread = 0
    for done, (path, items) in enumerate(by_file.items(), start=1):
        try:
            for item, source in _sources(path, items, spec.front_end.sample_rate):
                chunks = list(analyse(source, [recogniser], batch=batch, draw=False))
                scores = matching.scores(np.concatenate([chunk.scores[spec.name] for chunk in chunks]))
                sound = np.concatenate([chunk.levels for chunk in chunks])
                weights.append(row_weights(sound, len(scores), hop_seconds, spec.window_seconds))
                scored.append((item, scores))
                notices.update(notice for chunk in chunks for notice in chunk.notices)
        except AudioError as error:
            unread += 1
            problems.append(str(error))
        progress(done, len(by_file), path)
    if not scored:
        raise TrainingError(
            f"There is nothing to judge {spec.name} by: {problems[0] if problems else 'the collection is empty'}"
        )
    problems += [f"{notice} ({times} times)" if times > 1 else notice for notice, times in notices.items()]

    times = [item.start + np.float64(hop_seconds) * np.arange(len(scores), dtype=np.float64) for item, scores in scored]
    if collection.task == "frame":
        rows = [_frame_targets(item, at, matching) for (item, _), at in zip(scored, times, strict=True)]
    else:
        rows = [_clip_targets(item, collection.task, matching) for item, _ in scored]
    return Predictions(
        spec=spec,
        task=collection.task,
        items=tuple(item for item, _ in scored),
        clips=np.repeat(np.arange(len(scored)), [len(scores) for _, scores in scored]),
        times=np.concatenate(times),
        weights=np.concatenate(weights),
        labels=tuple(matching.outputs),
        thresholds=matching.thresholds,
        scores=np.concatenate([scores for _, scores in scored]),
        targets=np.concatenate(rows),
        label_vectors=matching.vectors(label_vectors(recogniser.network, len(spec.labels))),
        unread=unread,
        problems=tuple(problems),
    )


def _class_of(item: Item) -> str | None:
    """Return the one label of an item; None where nobody knows it."""
    certain = [label for label, value in item.labels.items() if value > 0.5]
    return certain[0] if len(certain) == 1 else None


def _is_known(item: Item, task: Task, columns: Mapping[str, int]) -> bool:
    match task:
        case "single":
            return _class_of(item) in columns
        case "multi":
            return any(not np.isnan(item.labels.get(label, 0.0)) for label in columns)
        case "frame":
            return any(segment.label in columns for segment in item.segments)


def _clip_targets(item: Item, task: Task, matching: Matching) -> NDArray[np.float32]:
    """Return the targets of an item, shape (1, labels)."""
    if task == "single":
        label = _class_of(item)
        return np.eye(len(matching.outputs), dtype=np.float32)[[matching.columns[label or ""]]]
    targets = np.full((1, len(matching.outputs)), UNKNOWN, np.float32)
    for label, column in matching.columns.items():
        targets[0, column] = item.labels.get(label, 0.0)
    return targets


def _frame_targets(item: Item, times: NDArray[np.float64], matching: Matching) -> NDArray[np.float32]:
    """Return the targets of windows that begin at some times, shape (windows, labels): the label of the middle frame.

    A model that tells of every frame is judged by the middle of the time that its row stands for. A window whose middle
    has no label is silence, where the model knows silence; otherwise its targets are unknown.
    """
    spec, n_labels = matching.spec, len(matching.outputs)
    middle = spec.window_frames // 2 if spec.look_ahead_frames is None else 0.5
    middles = times + middle * spec.front_end.hop_seconds
    found = np.full(len(times), matching.silence)
    for segment in item.segments:
        found[(segment.start <= middles) & (middles < segment.end)] = matching.columns.get(segment.label, -1)
    table = np.concatenate([np.eye(n_labels), np.full((1, n_labels), UNKNOWN)])  # the last row is -1
    return np.asarray(table[found], np.float32)


@dataclass(frozen=True, slots=True)
class _Piece:
    """Samples in memory as a source of the pipeline."""

    samples: NDArray[np.float32]
    sample_rate: int

    @property
    def duration(self) -> float:
        return len(self.samples) / self.sample_rate

    def blocks(self, rates: Rates[int]) -> Iterator[Block]:
        size = _BLOCK_SECONDS * self.sample_rate
        for start in range(0, len(self.samples), size):
            block = self.samples[start : start + size]
            yield Block((start + len(block)) / self.sample_rate, dict.fromkeys(rates, block))


def _sources(path: Path, items: Sequence[Item], rate: int) -> Iterator[tuple[Item, Source]]:
    """Yield the sound of each item of a file, which is read once and not kept in memory beyond what is still needed.

    Raises:
        AudioError: the file cannot be read any further, or ends before an item begins.
    """
    file = AudioFile(path)
    if len(items) == 1 and items[0].start <= 0 and items[0].end is None:
        yield items[0], file
        return
    waiting = sorted(items, key=lambda item: item.start)
    kept, first = np.zeros(0, np.float32), 0  # samples, and the number of the first of them

    def piece(item: Item, stop: int) -> _Piece:
        start = min(max(round(item.start * rate), 0), stop)
        if start == stop:
            raise AudioError(f"{path} has no sound from {item.start:g} s on, where a labelled piece begins.")
        return _Piece(kept[start - first : stop - first], rate)

    for block in file.blocks({rate}):
        kept = np.concatenate([kept, block.samples[rate]])
        complete = [item for item in waiting if item.end is not None and round(item.end * rate) <= first + len(kept)]
        for item in complete:
            yield item, piece(item, round((item.end or 0.0) * rate))
        waiting = [item for item in waiting if item not in complete]
        if not waiting:
            return
        drop = min(max(round(waiting[0].start * rate) - first, 0), len(kept))
        kept, first = kept[drop:], first + drop
    for item in waiting:
        yield item, piece(item, first + len(kept))
