"""Recordings that sound alike: the nearest by what an encoder makes of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from timbrescope.core.loudness import weighed_mean
from training.errors import TrainingError
from training.file_store import FileStore, Progress
from training.similar_index import mean_vectors


@dataclass(frozen=True, slots=True)
class Alike:
    """A recording and how much it sounds like the one that was asked for: 1 is the same, 0 nothing in common.

    ``seconds`` says where in it the most similar window begins.
    """

    path: Path
    similarity: float
    seconds: float


def most_similar(
    query: Path,
    paths: Sequence[Path],
    store: FileStore,
    index: Path,
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
        index: file that keeps what the recordings sound like as a whole, see ``training.similar_index``.
        hop_seconds: distance of the encoder's windows.
        progress: told about every file.
        count: how many to return.
        workers: as in ``FileStore.add``.

    Raises:
        TrainingError: the query, or all of the others, cannot be read.
    """
    others = sorted({path for path in paths if path.resolve() != query.resolve()})
    store.add([query], lambda _done, _total: None, workers=0)
    ((_, (asked, problem)),) = store.read_all([query])
    if not asked:
        raise TrainingError(problem)
    clips = mean_vectors(others, store, index, progress, workers=workers)
    if not clips.paths:
        reason = clips.problems[0] if clips.problems else "there is none."
        raise TrainingError(f"None of the recordings to choose from can be read; the first reason: {reason}")
    centre = clips.vectors.mean(axis=0) if len(clips.paths) > 1 else np.zeros_like(clips.vectors[0])
    whole = weighed_mean(asked["vectors"], asked["weights"].astype(np.float64)).astype(np.float32)
    apart = clips.vectors - centre
    lengths = np.sqrt(np.einsum("ij,ij->i", apart, apart))  # with no copy of what may be 200 MB
    similarity = apart @ unit(whole[None] - centre)[0] / np.maximum(lengths, 1e-9)
    nearest = np.argsort(-similarity, kind="stable")[:count].tolist()
    found = []
    windows = unit(asked["vectors"].astype(np.float32) - centre)
    chosen = [clips.paths[place] for place in nearest]
    store.add(chosen, lambda _done, _total: None, workers=0)  # the index may know what the store has lost
    for place, (path, (arrays, _)) in zip(nearest, store.read_all(chosen), strict=True):
        likeness = unit(arrays["vectors"].astype(np.float32) - centre) @ windows.T
        found.append(Alike(path, float(similarity[place]), float(likeness.max(axis=1).argmax()) * hop_seconds))
    return found, clips.problems


def unit(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return vectors, shape (n, size), at length one."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.maximum(lengths, 1e-9), np.float32)
