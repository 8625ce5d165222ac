"""The vectors of a collection: one row a window, of all its pieces."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from timbrescope.audio.file import AudioFile
from timbrescope.recognition.checkpoint import read_fingerprint
from timbrescope.recognition.spec import ModelSpec
from training.collection import Item
from training.errors import TrainingError
from training.file_store import Arrays, FileStore, Progress
from training.quick.listener import load_listener

MOST_WINDOWS = 60_000  # of all pieces: 120 MB, of which there are some copies while a layer learns


@dataclass(frozen=True, slots=True)
class Vectors:
    """What an encoder makes of pieces of recordings.

    Attributes:
        items: the pieces that could be heard.
        values: float32, shape (windows, embedding size).
        item_of: which item each window belongs to, shape (windows,).
        times: where each window begins, in seconds from the beginning of its file, shape (windows,).
        weights: how much each counts by its loudness, in 0..1, shape (windows,).
        window_seconds: how much sound a window is.
        problems: a sentence for each file that could not be read, or not wholly.
    """

    items: tuple[Item, ...]
    values: NDArray[np.float32]
    item_of: NDArray[np.int64]
    times: NDArray[np.float64]
    weights: NDArray[np.float32]
    window_seconds: float
    problems: tuple[str, ...]


def vector_store(folder: Path, encoder: Path) -> FileStore:
    """Return the store of what an encoder makes of whole recordings: ``vectors`` and ``weights`` of their windows.

    Raises:
        TimbrescopeError: the encoder cannot be read, or the store not be made.
    """
    file = folder / f"vectors-{read_fingerprint(encoder)[:16]}.sqlite3"
    return FileStore(file, partial(_hear, encoder.absolute()))


def hear_all(
    items: Sequence[Item],
    store: FileStore,
    spec: ModelSpec,
    progress: Progress,
    *,
    workers: int | None = None,
    most: int = MOST_WINDOWS,
) -> Vectors:
    """Return the vectors of all pieces; a piece has at least one window.

    Args:
        items: the pieces.
        store: of the encoder.
        spec: of the encoder.
        progress: told about every file.
        workers: as in ``FileStore.add``.
        most: windows in all; where there are more, each piece keeps equally many, evenly spread.

    Raises:
        TrainingError: nothing can be read, or the store cannot be used.
    """
    store.add([item.path for item in items], progress, workers=workers)
    hop = spec.hop_frames * spec.front_end.hop_seconds
    share = max(1, most // max(1, len(items)))
    heard: list[Item] = []
    values, times, weights = [], [], []
    problems: list[str] = []
    by_path: dict[Path, list[Item]] = {}
    for item in items:
        by_path.setdefault(item.path, []).append(item)
    for path, (arrays, problem) in store.read_all(list(by_path)):
        if problem:
            problems.append(problem)
        for item in by_path[path] if arrays else ():
            rows = _rows(item, len(arrays["vectors"]), hop, spec.window_seconds)
            rows = rows[np.linspace(0, len(rows) - 1, min(share, len(rows))).astype(np.int64)]
            heard.append(item)
            values.append(arrays["vectors"][rows].astype(np.float32))
            times.append(rows * hop)
            weights.append(arrays["weights"][rows])
    if not heard:
        raise TrainingError(f"No recording can be used; the first reason: {problems[0] if problems else 'none'}")
    return Vectors(
        tuple(heard),
        np.concatenate(values),
        np.repeat(np.arange(len(heard)), [len(rows) for rows in values]),
        np.concatenate(times).astype(np.float64),
        np.concatenate(weights).astype(np.float32),
        spec.window_seconds,
        tuple(problems),
    )


def _rows(item: Item, count: int, hop: float, window: float) -> NDArray[np.int64]:
    """Return the windows that lie in a piece; of one shorter than a window, the nearest."""
    starts = np.arange(count) * hop
    end = np.inf if item.end is None else item.end
    inside = np.flatnonzero((starts >= item.start - hop / 2) & (starts + window <= end + hop / 2))
    if len(inside):
        return inside
    middle = (item.start + min(end, count * hop)) / 2
    return np.array([np.abs(starts + window / 2 - middle).argmin()])


def _hear(encoder: Path, path: Path) -> tuple[Arrays, str]:
    torch.set_num_threads(1)  # one process a core, and the same sums in each
    heard = load_listener(encoder).hear(AudioFile(path))
    return {"vectors": heard.vectors, "weights": heard.weights}, heard.problem
