"""Recordings that sound alike: the nearest by what an encoder makes of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.neighbors import NearestNeighbors

from training.errors import TrainingError
from training.file_store import Arrays, FileStore, Progress


@dataclass(frozen=True, slots=True)
class Alike:
    """A recording and how much it sounds like the one that was asked for: 1 is the same, 0 nothing in common.

    ``seconds`` says where in it the most similar window begins.
    """

    path: Path
    similarity: float
    seconds: float


@dataclass(frozen=True, slots=True)
class _Clips:
    paths: list[Path]
    vectors: NDArray[np.float32]


def most_similar(
    query: Path,
    paths: Sequence[Path],
    store: FileStore,
    hop_seconds: float,
    progress: Progress,
    *,
    count: int = 10,
    workers: int | None = None,
) -> tuple[list[Alike], list[str]]:
    """Return the recordings that sound most like one, the most similar first, and what could not be read.

    Recordings are compared by the mean of their windows' vectors, weighed by loudness, after the mean of all recordings
    has been taken away: what all have in common does not tell them apart.

    Args:
        query: the recording to be like; it is not in the result itself.
        paths: those to choose from.
        store: of the encoder, as ``training.quick.vectors.vector_store`` gives it.
        hop_seconds: distance of the encoder's windows.
        progress: told about every file.
        count: how many to return.
        workers: as in ``FileStore.add``.

    Raises:
        TrainingError: the query, or all of the others, cannot be read.
    """
    others = sorted({path for path in paths if path.resolve() != query.resolve()})
    store.add([query, *others], progress, workers=workers)
    ((_, (asked, problem)),) = store.read_all([query])
    if not asked:
        raise TrainingError(problem)
    clips, problems = _means(store, others)
    if not clips.paths:
        reason = problems[0] if problems else "there is none."
        raise TrainingError(f"None of the recordings to choose from can be read; the first reason: {reason}")
    centre = clips.vectors.mean(axis=0)
    if len(clips.paths) == 1:
        centre = np.zeros_like(centre)
    index = NearestNeighbors(n_neighbors=min(count, len(clips.paths)), metric="cosine")
    distances, nearest = index.fit(_unit(clips.vectors - centre)).kneighbors(_unit(_mean(asked)[None] - centre))
    found = []
    chosen = [clips.paths[place] for place in nearest[0]]
    windows = _unit(asked["vectors"].astype(np.float32) - centre)
    for (path, (arrays, _)), distance in zip(store.read_all(chosen), distances[0].tolist(), strict=True):
        likeness = _unit(arrays["vectors"].astype(np.float32) - centre) @ windows.T
        found.append(Alike(path, 1.0 - distance, float(likeness.max(axis=1).argmax()) * hop_seconds))
    return found, problems


def _means(store: FileStore, paths: Sequence[Path]) -> tuple[_Clips, list[str]]:
    kept, vectors, problems = [], [], []
    for path, (arrays, problem) in store.read_all(paths):
        if problem:
            problems.append(problem)
        if arrays:
            kept.append(path)
            vectors.append(_mean(arrays))
    return _Clips(kept, np.array(vectors, np.float32)), problems


def _mean(arrays: Arrays) -> NDArray[np.float32]:
    """Return the mean vector of a recording's windows, weighed by loudness."""
    weights = arrays["weights"].astype(np.float64)
    rows = arrays["vectors"].astype(np.float64)
    return np.average(rows, axis=0, weights=weights if weights.sum() > 0 else None).astype(np.float32)


def _unit(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.maximum(lengths, 1e-9), np.float32)
