"""Spectra of recordings on disk: made once, shared by every experiment with the same spectrum.

A folder for each spectrum holds ``spectra.bin``, the rows of all recordings one after another, and ``index.sqlite``,
which says where each begins. Rows are written and flushed before the index names them, so that rows of a run that was
killed are nobody's and the next run writes over them; SQLite's write lock lets one process append at a time.
"""

import hashlib
import json
import os
import sqlite3
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict
from pathlib import Path

import numpy as np

from timbrescope.recognition.spec import FrontEnd
from training.errors import TrainingError
from training.spectra.augment import Augmentation
from training.spectra.cache_index import CacheIndex, Place
from training.spectra.codes import Codes, decode
from training.spectra.extract import Extracted, Request, extract_all

__all__ = ["FeatureCache", "decode"]

_FORMAT = 1  # another one makes other folders; what an older version wrote stays untouched
_COMMIT_BYTES = 2**24  # what a killed run loses at most


class FeatureCache:
    """Spectra of recordings on disk, up to the filter bank; compression and what follows is left to who reads them.

    Reading keeps no file open and no map between calls, so that resident memory does not grow with what has been read,
    and the cache may be used by threads and travel to other processes.

    Args:
        folder: for all caches; each front end has its own folder in it.
        front_end: only its ``spectral`` part counts.

    Raises:
        TrainingError: the folder cannot be made.
    """

    def __init__(self, folder: Path, front_end: FrontEnd) -> None:
        self.front_end = front_end.spectral
        described = json.dumps({"format": _FORMAT, **asdict(self.front_end)}, sort_keys=True)
        self.folder = folder / hashlib.sha256(described.encode()).hexdigest()[:16]
        self.dtype: np.dtype[np.uint16 | np.int16] = np.dtype(
            np.int16 if self.front_end.representation == "waveform" else np.uint16
        )
        self._row_bytes = self.front_end.n_bands * self.dtype.itemsize
        self._data = self.folder / "spectra.bin"
        self._index = self.folder / "index.sqlite"
        self._places: dict[tuple[str, int], Place] = {}
        self._problems: dict[str, str] = {}
        with self._told_to_the_user():
            self.folder.mkdir(parents=True, exist_ok=True)
            (self.folder / "front_end.json").write_text(described, encoding="utf-8")
            self._data.touch()

    def add(
        self,
        paths: Sequence[Path],
        *,
        versions: int = 0,
        augmentation: Augmentation | None = None,
        workers: int | None = None,
        progress: Callable[[int, int], None] | None = None,
    ) -> list[str]:
        """Make the spectra that are missing; afterwards these recordings can be read.

        A file is known by its content, under any name. What has been made stays when this is interrupted or killed.

        Args:
            paths: audio files; of a damaged one counts what can be read.
            versions: how many augmented ones of each file; they are numbered from 1.
            augmentation: how they are made. ``read`` gives those of the last call.
            workers: processes that decode; 0 computes in this one, None takes one for each core.
            progress: called with the number of files done and of all.

        Returns:
            One sentence for each file that could not be read, or not wholly; those are known in every run.

        Raises:
            TrainingError: the disk is full, or the cache cannot be written or is damaged.
        """
        wanted = range(versions + 1 if augmentation is not None else 1)
        files = list(dict.fromkeys(paths))
        with closing(self._fill(files, wanted, augmentation or Augmentation(), workers)) as steps:
            for done in steps:
                if progress is not None:
                    progress(done, len(files))
        return [self._problems[str(path)] for path in files if str(path) in self._problems]

    def __contains__(self, key: tuple[Path, int]) -> bool:
        path, version = key
        return (str(path), version) in self._places

    def frames(self, path: Path, version: int = 0) -> int:
        """Return the number of frames of a recording that was added.

        A version that was stretched in time has ``frames(path, version) / frames(path)`` times as many.

        Raises:
            KeyError: it was not added, or could not be read.
        """
        return self._places[str(path), version].frames

    def read(self, path: Path, first: int, count: int, version: int = 0) -> Codes:
        """Return a copy of the codes of frames ``first`` to ``first + count``, shape (count, n_bands), for ``decode``.

        Before the beginning and after the end of the recording there is silence.

        Raises:
            KeyError: it was not added, or could not be read.
            TrainingError: the disk does not give what was written to it.
        """
        start, frames, _ = self._places[str(path), version]
        low, high = max(first, 0), min(first + count, frames)
        codes = np.zeros((count, self.front_end.n_bands), self.dtype)
        if low < high:
            rows = codes[low - first : high - first]
            try:
                with self._data.open("rb") as data:
                    data.seek((start + low) * self._row_bytes)
                    whole = data.readinto(rows.data) == rows.nbytes
            except OSError as error:
                raise TrainingError(f"{self._data} cannot be read ({error.strerror}); look after its disk.") from error
            if not whole:
                raise TrainingError(f"{self._data} has lost its end; start again, which makes it anew.")
        return codes

    def _fill(
        self, files: Sequence[Path], wanted: Sequence[int], made_by: Augmentation, workers: int | None
    ) -> Generator[int, None, None]:
        """Make and store what is missing, and yield how many files are done."""
        with self._told_to_the_user(), closing(CacheIndex(self._index)) as index:
            with index.writing():
                index.forget_beyond(self._data.stat().st_size // self._row_bytes)
            missing = [path for path in files if not self._locate(index, path, wanted, made_by)]
            requests = [Request(path, self.front_end, wanted, made_by, self._index) for path in missing]
            waiting: list[Extracted] = []
            size = 0
            try:
                for done, extracted in enumerate(extract_all(requests, workers), len(files) - len(missing) + 1):
                    waiting.append(extracted)
                    size += extracted.bytes
                    if size >= _COMMIT_BYTES:
                        self._store(index, waiting, made_by)
                        waiting.clear()
                        size = 0
                    yield done
            finally:
                self._store(index, waiting, made_by)
            for path in missing:
                self._locate(index, path, wanted, made_by)

    def _locate(self, index: CacheIndex, path: Path, wanted: Sequence[int], made_by: Augmentation) -> bool:
        """Learn where the versions of a file lie; return False where some must be made."""
        name = str(path)
        if name in self._problems and (name, 0) not in self._places:
            return True  # cannot be read: once a run is enough
        content = index.content_of(path)
        if content is None:
            return False
        places = index.places(content, made_by.digest)
        self._places.update({(name, version): places[version] for version in wanted if version in places})
        if 0 in places and places[0].problem:
            self._problems[name] = places[0].problem
        return all(version in places for version in wanted)

    def _store(self, index: CacheIndex, waiting: Sequence[Extracted], made_by: Augmentation) -> None:
        with index.writing(), self._data.open("r+b") as data:
            first = index.end()
            data.seek(first * self._row_bytes)  # rows beyond are nobody's
            for extracted in waiting:
                if extracted.content is None or extracted.state is None:
                    self._problems[str(extracted.path)] = extracted.problem
                    continue
                there = index.places(extracted.content, made_by.digest)  # under another name, or by another process
                for version in extracted.codes.keys() - there.keys():
                    codes = extracted.codes[version]
                    data.write(np.ascontiguousarray(codes).data)
                    place = Place(first, len(codes), extracted.problem)
                    index.add_place(extracted.content, made_by.digest, version, place)
                    first += len(codes)
                index.add_file(extracted.path, extracted.state, extracted.content)
            data.flush()
            os.fsync(data.fileno())

    @contextmanager
    def _told_to_the_user(self) -> Iterator[None]:
        try:
            yield
        except (OSError, sqlite3.OperationalError) as error:
            reason = error.strerror if isinstance(error, OSError) else error
            raise TrainingError(
                f"The feature cache in {self.folder} cannot be written ({reason}); make room there, let yourself write "
                "to it, or choose another folder."
            ) from error
        except sqlite3.DatabaseError as error:
            raise TrainingError(
                f"The feature cache in {self.folder} is damaged ({error}); delete that folder and start again."
            ) from error
