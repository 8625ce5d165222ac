"""From audio files to coded spectra, in as many processes as there are cores."""

import hashlib
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from timbrescope.audio.file import AudioFile
from timbrescope.core.errors import AudioError
from timbrescope.recognition.features import LogMel, LogMelStream
from timbrescope.recognition.spec import FrontEnd
from training.parallel import in_processes
from training.spectra.augment import Augmentation, augment
from training.spectra.cache_index import CacheIndex, FileState
from training.spectra.codes import Codes, encode

Samples = NDArray[np.float32]

_WORTH_PROCESSES = 2**26  # bytes of sound files that take longer to read than torch takes to start elsewhere


@dataclass(frozen=True, slots=True)
class Request:
    """The spectra that a file should have.

    Attributes:
        path: the audio file.
        front_end: how they are made.
        versions: their numbers; 0 is the file itself, the others are augmented.
        augmentation: makes those.
        index: of the cache, which knows what is there already.
    """

    path: Path
    front_end: FrontEnd
    versions: Sequence[int]
    augmentation: Augmentation
    index: Path


@dataclass(frozen=True, slots=True)
class Extracted:
    """What came of a request.

    Attributes:
        path: the audio file.
        state, content: what tells that it is unchanged, and the SHA-256 of its bytes; None where it cannot be read.
        codes: of the versions that were missing, each of shape (frames, n_bands).
        problem: a sentence on what could not be read; empty for nothing.
    """

    path: Path
    state: FileState | None
    content: bytes | None
    codes: dict[int, Codes]
    problem: str = ""

    @property
    def bytes(self) -> int:
        """Size of the codes."""
        return sum(codes.nbytes for codes in self.codes.values())


def extract(request: Request) -> Extracted:
    """Make the spectra of one file that its cache lacks; of a damaged file, those of what can be read."""
    path = request.path
    try:
        recording = AudioFile(path)
        state = FileState.of(path)
        with path.open("rb") as file:
            content = hashlib.file_digest(file, "sha256").digest()
    except AudioError as error:
        return Extracted(path, None, None, {}, str(error))
    except OSError as error:
        problem = f"{path.name} cannot be read ({error.strerror}); check its disk and copy it again."
        return Extracted(path, None, None, {}, problem)
    with closing(CacheIndex(request.index)) as index:
        there = index.places(content, request.augmentation.digest)
    missing = [version for version in request.versions if version not in there]
    if not missing:
        return Extracted(path, state, content, {})

    reading = _Reading(recording, request.front_end.sample_rate)
    codes = _make(reading, request, missing, content)
    if not reading.samples or not len(codes.get(0, (1,))):
        shortest = request.front_end.n_fft / request.front_end.sample_rate
        problem = reading.problem or f"{path.name} is shorter than one frame of {shortest:.3g} s; leave it out."
        return Extracted(path, None, None, {}, problem)
    return Extracted(path, state, content, codes, reading.problem)


def extract_all(requests: Sequence[Request], workers: int | None) -> Iterator[Extracted]:
    """Make the spectra of many files and yield them as they are ready, in no fixed order.

    A file that brings the process that reads it to its end costs that process and nothing more.

    Args:
        requests: one for each file.
        workers: processes; 0 works in this one, None takes one for each core where there is enough to do.
    """
    if workers is None:
        workers = (os.cpu_count() or 1) if sum(map(_size, requests)) > _WORTH_PROCESSES else 0
    yield from in_processes(extract, requests, workers, _lost, _on_one_thread)


def _size(request: Request) -> int:
    try:
        return request.path.stat().st_size
    except OSError:  # it will be told when it is read
        return 0


def _lost(request: Request) -> Extracted:
    problem = (
        f"{request.path.name} brought the program that reads it to its end, for its damage or for want of memory; "
        "leave it out or convert it."
    )
    return Extracted(request.path, None, None, {}, problem)


def _on_one_thread() -> None:
    torch.set_num_threads(1)


class _Reading:
    """A recording that is read once at one sample rate, and what turned out on the way."""

    def __init__(self, recording: AudioFile, sample_rate: int) -> None:
        self._recording = recording
        self.sample_rate = sample_rate
        self.samples = 0
        self.problem = ""

    def __iter__(self) -> Iterator[Samples]:
        try:
            for block in self._recording.blocks({self.sample_rate}):
                samples = block.samples[self.sample_rate]
                self.samples += len(samples)
                yield samples
        except AudioError as error:
            self.problem = str(error)


def _make(reading: _Reading, request: Request, missing: Sequence[int], content: bytes) -> dict[int, Codes]:
    if tuple(missing) == (0,):
        return {0: _codes(request.front_end, reading)}  # a long recording is never whole in memory
    pieces = list(reading)
    whole = np.concatenate([*pieces, np.empty(0, np.float32)])
    made = {0: _codes(request.front_end, pieces)} if 0 in missing else {}
    for version in missing:
        if version > 0 and len(whole):
            seed = int.from_bytes(hashlib.sha256(content + version.to_bytes(8)).digest()[:8])
            changed = augment(whole, reading.sample_rate, request.augmentation, seed)
            made[version] = _codes(request.front_end, [changed])
    return made


def _codes(front_end: FrontEnd, pieces: Iterable[Samples]) -> Codes:
    """Return codes of the very frames that a recogniser is given, shape (frames, n_bands)."""
    stream = LogMelStream(_log_mel(front_end))
    waveform = front_end.representation == "waveform"
    codes = [encode(stream.push(torch.from_numpy(samples)), waveform=waveform) for samples in pieces]
    return np.concatenate([*codes, encode(stream.finish(), waveform=waveform)])


@lru_cache(maxsize=2)
def _log_mel(front_end: FrontEnd) -> LogMel:
    """Return a front end that is made once: of short files, its filter bank takes longer than the spectra."""
    return LogMel(front_end)
