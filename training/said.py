"""What a model says of each piece of a collection, and where it is mistaken."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path

import numpy as np
import torch

from timbrescope.audio.file import AudioFile
from timbrescope.core.errors import ModelError
from timbrescope.recognition.checkpoint import read_fingerprint, read_spec
from timbrescope.recognition.recogniser import Recogniser
from training.collection import Collection, Item
from training.errors import TrainingError
from training.evaluation.matching import Matching, match
from training.file_store import Arrays, FileStore, Progress
from training.quick.listener import hear
from training.quick.vectors import hear_all

_PRESENT = 0.5  # the score from which a label applies where the model has no threshold of its own


@dataclass(frozen=True, slots=True)
class Said:
    """The labels that a model gives a piece, and whether that is wrong; None where nobody knows."""

    labels: tuple[str, ...]
    wrong: bool | None


def what_is_said(
    collection: Collection, model: Path, cache: Path, progress: Progress, *, workers: int | None = None
) -> list[Said | None]:
    """Return what a model says of each item; None where the item could not be heard.

    The scores of all windows of a piece count by their loudness. Of exactly one label the highest score decides, else
    each label's threshold. What the model says of a recording is kept until that changes.

    Args:
        collection: of the task ``single`` or ``multi``.
        model: a checkpoint that knows some of the labels.
        cache: folder for what it says.
        progress: told about every file.
        workers: as in ``FileStore.add``.

    Raises:
        TrainingError: it knows none of the labels, or labels in time are asked for, or nothing can be read.
        ModelError: the model cannot be read.
    """
    spec = read_spec(model)
    if collection.task == "frame" or spec.look_ahead_frames is not None:
        raise TrainingError(f"{spec.name} cannot be judged here: labels in time have no place on a map.")
    matching = match(spec, collection)
    store = FileStore(cache / f"scores-{read_fingerprint(model)[:16]}.sqlite3", partial(_score, model.absolute()))
    heard = hear_all(collection.items, store, spec, progress, workers=workers)
    weights = heard.weights.astype(np.float64) + 1e-6  # where all is silent, all windows count alike
    scores = matching.scores(heard.values)
    number = {id(item): index for index, item in enumerate(collection.items)}
    said: list[Said | None] = [None] * len(collection.items)
    for index, item in enumerate(heard.items):
        rows = slice(*np.searchsorted(heard.item_of, [index, index + 1]))
        mean = np.average(scores[rows], axis=0, weights=weights[rows])
        said[number[id(item)]] = _said(item, mean.tolist(), matching, single=collection.task == "single")
    return said


def _said(item: Item, scores: Sequence[float], matching: Matching, *, single: bool) -> Said:
    labels = list(matching.outputs)
    if single:
        chosen = [int(np.argmax(scores))]
    else:
        least = matching.thresholds or [_PRESENT] * len(labels)
        chosen = [column for column, score in enumerate(scores) if score >= least[column]]
    known = {matching.columns[label]: value for label, value in item.labels.items() if label in matching.columns}
    told = tuple(labels[column] for column in chosen)
    if any(np.isnan(value) for value in known.values()) or (single and not known):
        return Said(told, None)
    return Said(told, {column for column, value in known.items() if value > _PRESENT} != set(chosen))


def _score(model: Path, path: Path) -> tuple[Arrays, str]:
    torch.set_num_threads(1)  # one process a core, and the same sums in each
    heard = hear(_recogniser(model), AudioFile(path))
    return {"vectors": heard.vectors, "weights": heard.weights}, heard.problem


@lru_cache(maxsize=1)
def _recogniser(model: Path) -> Recogniser:
    try:
        return Recogniser.load(model, torch.device("cpu"))
    except ModelError as error:
        raise TrainingError(str(error)) from error
