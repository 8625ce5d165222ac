"""An index on disk of what recordings sound like as a whole: one vector each, kept until the recording changes."""

import os
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from timbrescope.core.files import replaced_when_done
from timbrescope.core.loudness import weighed_mean
from training.errors import TrainingError
from training.file_store import FileStore, Progress
from training.spectra.cache_index import FileState

_BETWEEN = b"\0"  # which no path has in it
_UNKNOWN = -1


@dataclass(frozen=True, slots=True)
class Clips:
    """Recordings, the mean vector of each, float32, shape (recordings, embedding size), and what is amiss."""

    paths: list[Path]
    vectors: NDArray[np.float32]
    problems: list[str]


@dataclass(frozen=True, slots=True)
class _Index:
    """States, shape (n, 2), and vectors, shape (n, embedding size), of the files whose rows are named."""

    rows: Mapping[bytes, int]
    states: NDArray[np.int64]
    vectors: NDArray[np.float16]

    def row(self, path: Path) -> int:
        """Return the row of a file as it is now."""
        row = self.rows.get(_name(path), _UNKNOWN)
        try:
            return row if row == _UNKNOWN or tuple(self.states[row]) == FileState.of(path) else _UNKNOWN
        except OSError:
            return _UNKNOWN

    def grown(self, heard: Mapping[Path, tuple[FileState, NDArray[np.float16]]]) -> "_Index":
        """Return the index with more files, and others in place of those that have changed."""
        stale = {_name(path) for path in heard}
        kept = {name: row for name, row in self.rows.items() if name not in stale}
        states, vectors = zip(*heard.values(), strict=True)
        names = [*kept, *map(_name, heard)]
        if not kept:
            return _Index(dict(zip(names, range(len(names)), strict=True)), np.array(states), np.array(vectors))
        rows = list(kept.values())
        return _Index(
            dict(zip(names, range(len(names)), strict=True)),
            np.concatenate([self.states[rows], np.array(states)]),
            np.concatenate([self.vectors[rows], np.array(vectors)]),
        )


def mean_vectors(
    paths: Sequence[Path], store: FileStore, file: Path, progress: Progress, *, workers: int | None = None
) -> Clips:
    """Return the mean of each recording's windows, weighed by loudness; only new and changed recordings are heard.

    Args:
        paths: sound files.
        store: of the encoder, as ``training.quick.vectors.vector_store`` gives it.
        file: the index, which grows; it must belong to the same encoder.
        progress: told about every recording that is heard.
        workers: as in ``FileStore.add``.

    Raises:
        TrainingError: the store or the index cannot be written.
    """
    index = _read(file)
    rows = [index.row(path) for path in paths]
    fresh = [path for path, row in zip(paths, rows, strict=True) if row == _UNKNOWN]
    store.add(fresh, progress, workers=workers)
    heard: dict[Path, NDArray[np.float16]] = {}
    whole: dict[Path, tuple[FileState, NDArray[np.float16]]] = {}
    problems: list[str] = []
    for path, (arrays, problem) in store.read_all(fresh):
        if problem:
            problems.append(problem)
        if arrays:
            heard[path] = weighed_mean(arrays["vectors"], arrays["weights"].astype(np.float64)).astype(np.float16)
            if not problem:  # others are told of every time
                whole[path] = (FileState.of(path), heard[path])
    if whole:
        _write(file, index.grown(whole))
    kept = [(path, row) for path, row in zip(paths, rows, strict=True) if row != _UNKNOWN or path in heard]
    vectors = [heard[path] if row == _UNKNOWN else index.vectors[row] for path, row in kept]
    return Clips([path for path, _ in kept], np.array(vectors, np.float32), problems)


def _name(path: Path) -> bytes:
    return os.fsencode(path.absolute())


def _read(file: Path) -> _Index:
    """Return what is on the disk; nothing where there is none, or where it is damaged: it can be made again."""
    try:
        with np.load(file, allow_pickle=False) as arrays:
            names = arrays["names"].tobytes().split(_BETWEEN)
            return _Index(dict(zip(names, range(len(names)), strict=True)), arrays["states"], arrays["vectors"])
    except (OSError, ValueError, KeyError, zipfile.BadZipFile):
        return _Index({}, np.empty((0, 2), np.int64), np.empty((0, 0), np.float16))


def _write(file: Path, index: _Index) -> None:
    names = np.frombuffer(_BETWEEN.join(index.rows), np.uint8)
    try:
        with replaced_when_done(file) as out:
            np.savez(out, names=names, states=index.states, vectors=index.vectors)
    except OSError as error:
        raise TrainingError(
            f"{file} cannot be written ({error.strerror}); make room there, or choose another folder with --cache."
        ) from error
