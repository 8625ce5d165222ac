"""What the user's own recordings scored, in one SQLite file of the data folder, so that labels can be counted.

It is the user's private history: nobody else may read the file, a setting keeps it from being written, and ``forget``
empties it. Programs may write at once, and one that is killed leaves whole analyses. Nothing depends on it: where it
cannot be written the log says so and the analysis goes on.
"""

import logging
import os
import sqlite3
import time
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from timbrescope import paths
from timbrescope.core.noteworthy import Heard
from timbrescope.core.presence import shares
from timbrescope.core.timeline import ScoreSpec

log = logging.getLogger(__name__)

AT_MOST: Final = 5000
"""How many analyses are kept, the newest ones; one is of a recording by a model."""

_VERSION: Final = 1
_WAIT_SECONDS: Final = 5.0  # for another program that is writing
_TABLE: Final = """
CREATE TABLE IF NOT EXISTS analyses (
    path BLOB NOT NULL,  -- as the system writes it, which need not be text
    size INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL,
    model TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    time_ns INTEGER NOT NULL,
    clip_scores BLOB NOT NULL,  -- little-endian float16, one a label
    shares BLOB NOT NULL,  -- the same: of the time in which a label is present
    PRIMARY KEY (path, model)
)"""
_SCORE: Final = np.dtype("<f2")


class Recalled(NamedTuple):
    """What one model found in each recording: clip scores and shares of time, both of shape (recordings, labels)."""

    clip_scores: NDArray[np.float16]
    shares: NDArray[np.float16]


def keep(path: Path, found: Iterable[Heard], seconds: float) -> None:
    """Keep what models found in a whole recording; of each model, it replaces what was kept of the same recording.

    A recording that was moved or renamed is the same one. Models without a fingerprint are left out.

    Args:
        path: of the recording.
        found: what each model said.
        seconds: length of the recording.
    """
    try:
        path = path.resolve()
        stat = path.stat()
        key = os.fsencode(path)
        rows = [
            (key, stat.st_size, stat.st_mtime_ns, spec.name, spec.fingerprint, time.time_ns(),
             _packed(clip), _packed(shares(spec, scores, seconds)))
            for spec, scores, clip in found
            if spec.fingerprint and len(scores)
        ]  # fmt: skip
        with _opened() as base:
            same = base.execute(
                "SELECT DISTINCT path FROM analyses WHERE size = ? AND mtime_ns = ? AND path <> ?",
                (stat.st_size, stat.st_mtime_ns, key),
            )
            gone = [(other,) for (other,) in same if not os.path.lexists(other)]
            base.executemany("DELETE FROM analyses WHERE path = ?", gone)
            base.executemany("INSERT OR REPLACE INTO analyses VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)
            base.execute(
                "DELETE FROM analyses WHERE rowid NOT IN (SELECT rowid FROM analyses ORDER BY time_ns DESC LIMIT ?)",
                (AT_MOST,),
            )
    except (OSError, sqlite3.Error) as error:
        log.warning("what was found in %s cannot be kept: %s", path, error)


def recall(spec: ScoreSpec) -> Recalled:
    """Return what a model, with the weights that it has now, found in the recordings; none where nothing is kept."""
    size = len(spec.labels)
    rows: list[tuple[bytes, bytes]] = []
    if paths.history().exists():
        try:
            with _opened() as base:
                query = "SELECT clip_scores, shares FROM analyses WHERE model = ? AND fingerprint = ? ORDER BY time_ns"
                rows = base.execute(query, (spec.name, spec.fingerprint)).fetchall()
        except (OSError, sqlite3.Error) as error:
            log.warning("what was found in recordings cannot be read: %s", error)
    whole = [row for row in rows if all(len(packed) == size * _SCORE.itemsize for packed in row)]
    clips, times = (b"".join(row[column] for row in whole) for column in range(2))
    return Recalled(*(np.frombuffer(packed, _SCORE).reshape(len(whole), size) for packed in (clips, times)))


def forget() -> None:
    """Remove all that was kept, so that nothing of it can be read from the disk's file either.

    Raises:
        OSError: the file can neither be written nor removed.
    """
    if not paths.history().exists():
        return
    try:
        with _opened() as base:
            base.execute("DELETE FROM analyses")
        with closing(_connected()) as base:
            base.execute("VACUUM")
    except sqlite3.Error as error:
        log.warning("%s cannot be emptied and is removed: %s", paths.history(), error)
        for place in (paths.history(), paths.history().with_name(f"{paths.history().name}-journal")):
            place.unlink(missing_ok=True)


def _packed(values: NDArray[np.floating]) -> bytes:
    return np.asarray(values, _SCORE).tobytes()


def _connected() -> sqlite3.Connection:
    base = sqlite3.connect(paths.history(), timeout=_WAIT_SECONDS, isolation_level=None)
    base.execute("PRAGMA secure_delete = ON")  # what is forgotten is overwritten
    return base


@contextmanager
def _opened() -> Iterator[sqlite3.Connection]:
    """Open the table in a transaction, which is kept whole at the end, or not at all where an error ends it."""
    place = paths.history()
    place.parent.mkdir(parents=True, exist_ok=True)
    place.touch(mode=0o600)
    with closing(_connected()) as base:
        base.execute("BEGIN IMMEDIATE")
        (version,) = base.execute("PRAGMA user_version").fetchone()
        if version not in (0, _VERSION):
            raise sqlite3.DatabaseError(f"it is of version {version}, which this program does not know")
        base.execute(_TABLE)
        base.execute(f"PRAGMA user_version = {_VERSION}")
        yield base
        base.execute("COMMIT")
