"""The index of a feature cache: which rows of its data file belong to which sound."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

_LOCK_SECONDS = 600.0  # for which another process may be writing
_TABLES = """
CREATE TABLE IF NOT EXISTS spectra (content BLOB, augmentation TEXT, version INTEGER, first INTEGER, frames INTEGER,
    problem TEXT, PRIMARY KEY (content, augmentation, version)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS files (path TEXT PRIMARY KEY, size INTEGER, modified INTEGER, content BLOB) WITHOUT ROWID;
"""


class FileState(NamedTuple):
    """What tells that a file has not changed: size in bytes and time of its last change in nanoseconds."""

    size: int
    modified: int

    @classmethod
    def of(cls, path: Path) -> "FileState":
        """Look at a file.

        Raises:
            OSError: it is not there, or may not be looked at.
        """
        found = path.stat()
        return cls(found.st_size, found.st_mtime_ns)


class Place(NamedTuple):
    """Where the spectra of a sound lie.

    Attributes:
        first: row in the data file.
        frames: number of rows.
        problem: what of the recording could not be read, in a sentence; empty for nothing.
    """

    first: int
    frames: int
    problem: str = ""


class CacheIndex:
    """The open index of one cache; close it. A content is the SHA-256 of an audio file's bytes.

    Raises:
        sqlite3.Error: it cannot be opened or is damaged, as from every method.
    """

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(path, timeout=_LOCK_SECONDS, isolation_level=None)
        try:
            self._connection.executescript(_TABLES)
        except sqlite3.Error:
            self.close()
            raise

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Let no other process write, and keep all changes or none."""
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._connection.execute("COMMIT")
        except BaseException:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise

    def content_of(self, path: Path) -> bytes | None:
        """Return the content of a file that is as it was when its spectra were made."""
        try:
            state = FileState.of(path)
        except OSError:
            return None
        row = self._connection.execute(
            "SELECT content FROM files WHERE path = ? AND size = ? AND modified = ?", (str(path.absolute()), *state)
        ).fetchone()
        return None if row is None else bytes(row[0])

    def places(self, content: bytes, augmentation: str) -> dict[int, Place]:
        """Return where the versions of a sound lie; version 0 is the sound itself, whatever the augmentation."""
        rows = self._connection.execute(
            "SELECT version, first, frames, problem FROM spectra WHERE content = ? AND augmentation IN ('', ?)",
            (content, augmentation),
        )
        return {version: Place(*place) for version, *place in rows}

    def end(self) -> int:
        """Return the first row that belongs to nobody."""
        (end,) = self._connection.execute("SELECT MAX(first + frames) FROM spectra").fetchone()
        return int(end or 0)

    def add_file(self, path: Path, state: FileState, content: bytes) -> None:
        """Remember a file's content."""
        self._connection.execute(
            "INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?)", (str(path.absolute()), *state, content)
        )

    def add_place(self, content: bytes, augmentation: str, version: int, place: Place) -> None:
        """Remember where a version of a sound lies."""
        self._connection.execute(
            "INSERT INTO spectra VALUES (?, ?, ?, ?, ?, ?)",
            (content, augmentation if version else "", version, *place),
        )

    def forget_beyond(self, rows: int) -> None:
        """Forget what would lie beyond so many rows: the data file was cut or deleted."""
        self._connection.execute("DELETE FROM spectra WHERE first + frames > ?", (rows,))
