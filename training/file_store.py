"""What is worked out about sound files, kept on disk until a file changes."""

import os
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load, save

from timbrescope.core.errors import AudioError
from training.errors import TrainingError
from training.parallel import in_processes
from training.spectra.cache_index import FileState

Arrays = Mapping[str, NDArray[Any]]
Work = Callable[[Path], tuple[Arrays, str]]
"""Takes a sound file; returns arrays and a sentence on what could not be read, empty for nothing.

Raises AudioError where nothing can be read.
"""
Progress = Callable[[int, int], None]
"""Told how many files are done and how many there are."""

_TABLE = """
CREATE TABLE IF NOT EXISTS files (
    path BLOB PRIMARY KEY,  -- as the system writes it, which need not be text
    size INTEGER, modified INTEGER, problem TEXT, arrays BLOB
)"""
_LOCK_SECONDS = 600.0  # for which another process may be writing
_COMMIT_FILES = 64  # what a killed run loses at most
_WORTH_PROCESSES = 2**24  # bytes of sound that take longer than starting Python elsewhere


@dataclass(frozen=True, slots=True)
class _Done:
    path: Path
    state: FileState | None  # None where the file cannot be read
    problem: str
    arrays: bytes = b""


class FileStore:
    """Arrays for each of many sound files in one SQLite file; what was made before a kill stays.

    Args:
        file: on disk; its name must change whenever ``work`` does.
        work: a function of a module, done in several processes.

    Attributes:
        file: on disk.

    Raises:
        TrainingError: the file cannot be made or is damaged.
    """

    def __init__(self, file: Path, work: Work) -> None:
        self.file = file
        self._work = work
        self._lost: dict[Path, str] = {}
        with self._told_to_the_user():
            file.parent.mkdir(parents=True, exist_ok=True)
            with closing(self._open()) as base:
                base.execute(_TABLE)

    def add(self, paths: Sequence[Path], progress: Progress, *, workers: int | None = None) -> None:
        """Work on the files that are not here, or have changed since.

        Args:
            paths: sound files.
            progress: told about every file.
            workers: processes; 0 works in this one, None takes one a core where there is enough to do.

        Raises:
            TrainingError: the disk is full, or the store cannot be written or is damaged.
        """
        files = list(dict.fromkeys(paths))
        with self._told_to_the_user(), closing(self._open()) as base:
            missing = [path for path in files if not self._is_known(base, path)]
            if workers is None:
                workers = (os.cpu_count() or 1) if sum(map(_size, missing)) > _WORTH_PROCESSES else 0
            done = len(files) - len(missing)
            progress(done, len(files))
            waiting: list[_Done] = []
            try:
                for made in in_processes(partial(_make, self._work), missing, workers, _ended):
                    waiting.append(made)
                    if len(waiting) == _COMMIT_FILES:
                        self._keep(base, waiting)
                    done += 1
                    progress(done, len(files))
            finally:
                self._keep(base, waiting)

    def read_all(self, paths: Sequence[Path]) -> Iterator[tuple[Path, tuple[Arrays, str]]]:
        """Yield what was made of files that were added: arrays, none where it cannot be read, and what is amiss.

        Raises:
            TrainingError: the store cannot be read.
        """
        with self._told_to_the_user(), closing(self._open()) as base:
            for path in paths:
                if path in self._lost:
                    yield path, ({}, self._lost[path])
                    continue
                row = base.execute("SELECT arrays, problem FROM files WHERE path = ?", (_key(path),)).fetchone()
                yield path, (({}, f"{path.name} was not read.") if row is None else (load(row[0]), str(row[1])))

    def _is_known(self, base: sqlite3.Connection, path: Path) -> bool:
        try:
            state = FileState.of(path)
        except OSError:
            return False
        row = base.execute("SELECT size, modified FROM files WHERE path = ?", (_key(path),)).fetchone()
        return row is not None and tuple(row) == tuple(state)

    def _keep(self, base: sqlite3.Connection, waiting: list[_Done]) -> None:
        self._lost.update({made.path: made.problem for made in waiting if made.state is None})
        rows = [(_key(made.path), *made.state, made.problem, made.arrays) for made in waiting if made.state is not None]
        waiting.clear()
        base.execute("BEGIN IMMEDIATE")
        base.executemany("INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?, ?)", rows)
        base.execute("COMMIT")

    def _open(self) -> sqlite3.Connection:
        return sqlite3.connect(self.file, timeout=_LOCK_SECONDS, isolation_level=None)

    @contextmanager
    def _told_to_the_user(self) -> Iterator[None]:
        try:
            yield
        except (OSError, sqlite3.OperationalError) as error:
            reason = error.strerror if isinstance(error, OSError) else error
            raise TrainingError(
                f"{self.file} cannot be written ({reason}); make room there, or choose another folder with --cache."
            ) from error
        except (sqlite3.DatabaseError, SafetensorError) as error:
            raise TrainingError(f"{self.file} is damaged ({error}); delete it and start again.") from error


def _key(path: Path) -> bytes:
    return os.fsencode(path.absolute())


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:  # it will be told when it is read
        return 0


def _make(work: Work, path: Path) -> _Done:
    try:
        state = FileState.of(path)
        arrays, problem = work(path)
    except AudioError as error:
        return _Done(path, None, str(error))
    except OSError as error:
        return _Done(path, None, f"{path.name} cannot be read ({error.strerror}); check its disk and copy it again.")
    return _Done(path, state, problem, save(dict(arrays)))


def _ended(path: Path) -> _Done:
    problem = f"{path.name} ended the program that read it, for its damage or for want of memory; leave it out."
    return _Done(path, None, problem)
