"""Recordings that are the same, wholly or in part: copies, other encodings, other levels, overlapping cuts."""

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from timbrescope.audio.file import AudioFile
from timbrescope.audio.resample import Resampler
from timbrescope.audio.whole import read_whole
from timbrescope.core.errors import AudioError
from training.check.fingerprint import HOP, SAMPLE_RATE, Words
from training.check.measure import Measures

LEAST_CORRELATION = 0.975
"""Of the waveforms below 2 kHz, their differences from sample to sample, so that not the lowest partial alone counts.

Of 60 notes and hits each, 55 cut elsewhere and made quieter stay above it, all at another rate, 59 as MP3 of 96 kbit/s
and 50 of 48. Of 4,000 notes and hits, eleven pairs of takes that nobody copied do so as well.
"""
_MOST_ALIKE = 24  # frames with equal words that are looked at: more are of tones that never change
_NEIGHBOURS = 8  # recordings with the same word that each is compared with; what is alike follows from one to the next
_FARTHEST = 2**19  # frames by which one recording may begin later than another: an hour
_ERRORS = 0.35  # share of wrong bits up to which Haitsma and Kalker hold two fingerprints for one sound
_LEAST_FRAMES = 12
_COMPARED_SECONDS = 4.0
_SLACK = HOP  # samples by which the frames of two copies may be off
_LAGS = np.arange(-_SLACK, _SLACK + 1)
_BETWEEN = np.sinc(
    np.arange(-0.75 * _SLACK, 0.75 * _SLACK, 0.125)[:, None] - _LAGS
)  # copies are cut between samples too
_KEPT_BYTES = 2**27  # of sound that is kept while pairs are compared

Samples = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Pair:
    """Two recordings that hold the same sound.

    Attributes:
        first, second: in the order of their names.
        kind: ``copy`` of the very same samples, or ``alike``.
        seconds: how much they share at least.
        correlation: of the waveforms there, 1 for a copy.
    """

    first: Path
    second: Path
    kind: Literal["copy", "alike"]
    seconds: float
    correlation: float


def find_pairs(measures: Mapping[Path, Measures], progress: Callable[[int, int], None] | None = None) -> list[Pair]:
    """Return the pairs of recordings that hold the same sound; silent ones are in none.

    Of many copies of one recording each is paired with the first of them only.

    Args:
        measures: of each recording.
        progress: called with the number of suspicions that were looked into, and of all.
    """
    audible = {path: found for path, found in sorted(measures.items()) if not found.is_silent}
    copies: dict[bytes, Path] = {}
    pairs = []
    for path, found in audible.items():
        first = copies.setdefault(found.content, path)
        if first != path:
            pairs.append(Pair(first, path, "copy", found.seconds, 1.0))
    paths = list(copies.values())
    suspicions = _suspicions([audible[path] for path in paths])
    sounds = _Sounds()
    for done, (first_index, second_index, offset) in enumerate(suspicions, 1):
        pair = _compare(sounds, paths[first_index], paths[second_index], offset)
        if pair is not None:
            pairs.append(pair)
        if progress is not None:
            progress(done, len(suspicions))
    return sorted(pairs, key=lambda pair: (pair.first, pair.second))


def _suspicions(measures: Sequence[Measures]) -> list[tuple[int, int, int]]:
    """Return pairs whose fingerprints agree, and by how many frames the second begins later in the first."""
    words, owners, places = _all_words(measures)
    order = np.argsort(words, kind="stable")
    words, owners, places = words[order], owners[order], places[order]
    borders = np.flatnonzero(np.concatenate([[True], words[1:] != words[:-1], [True]]))
    sizes = np.diff(borders)
    usable = np.repeat((sizes > 1) & (sizes <= _MOST_ALIKE), sizes)
    words, owners, places = words[usable], owners[usable], places[usable]
    keys: list[NDArray[np.int64]] = [np.empty(0, np.int64)]
    for step in range(1, _NEIGHBOURS + 1):
        same = (words[step:] == words[:-step]) & (owners[step:] != owners[:-step])
        first, second = owners[:-step][same], owners[step:][same]  # in the order of the recordings: the sort is stable
        offsets = np.clip(places[:-step][same] - places[step:][same], -_FARTHEST, _FARTHEST - 1)
        keys.append((first * len(measures) + second) * 2 * _FARTHEST + offsets + _FARTHEST)
    candidates, counts = np.unique(np.concatenate(keys), return_counts=True)
    which, offsets = np.divmod(candidates, 2 * _FARTHEST)
    best: dict[int, tuple[int, int]] = {}
    for number, offset, count in zip(which.tolist(), (offsets - _FARTHEST).tolist(), counts.tolist(), strict=True):
        if count > best.get(number, (0, 0))[0]:
            best[number] = count, offset
    pairs = [(*divmod(number, len(measures)), offset) for number, (_, offset) in sorted(best.items())]
    return [pair for pair in pairs if _agree(measures[pair[0]], measures[pair[1]], pair[2])]


def _all_words(measures: Sequence[Measures]) -> tuple[Words, NDArray[np.int64], NDArray[np.int64]]:
    """Return the words of all recordings that tell something, whose they are and at which frame they stand."""
    words, owners, places = [], [], []
    for index, found in enumerate(measures):
        changed = np.concatenate([[True], found.words[1:] != found.words[:-1]])[: len(found.words)]
        chosen = np.flatnonzero(found.heard & changed)
        words.append(found.words[chosen])
        owners.append(np.full(len(chosen), index, np.int64))
        places.append(chosen)
    if not words:
        return np.empty(0, np.uint32), np.empty(0, np.int64), np.empty(0, np.int64)
    return np.concatenate(words), np.concatenate(owners), np.concatenate(places)


def _agree(first: Measures, second: Measures, offset: int) -> bool:
    """Tell whether two fingerprints agree where both have sound, the second moved by so many frames."""
    start, stop = max(0, offset), min(len(first.words), len(second.words) + offset)
    if stop - start < _LEAST_FRAMES:
        return False
    both = first.heard[start:stop] & second.heard[start - offset : stop - offset]
    if both.sum() < _LEAST_FRAMES:
        return False
    wrong = np.bitwise_count(first.words[start:stop] ^ second.words[start - offset : stop - offset])[both]
    return bool(wrong.mean() <= _ERRORS * 32)


def _compare(sounds: "_Sounds", first: Path, second: Path, offset: int) -> Pair | None:
    """Return the pair if the waveforms agree where the fingerprints do."""
    a, b = (np.diff(sounds.read(path), prepend=np.float32(0)) for path in (first, second))
    start, stop = max(0, offset * HOP), min(len(a), len(b) + offset * HOP)
    if stop - start < _LEAST_FRAMES * HOP:
        return None
    length = min(stop - start, round(_COMPARED_SECONDS * SAMPLE_RATE))
    # Where the first is loudest: silence before and after would say nothing.
    energy = np.cumsum(np.square(a[start:stop], dtype=np.float64))
    if stop - start > length:
        start += int(np.argmax(energy[length:] - energy[:-length]))
    correlation = _correlation(a[start : start + length], b, start - offset * HOP)
    if correlation < LEAST_CORRELATION:
        return None
    return Pair(first, second, "alike", (stop - max(0, offset * HOP)) / SAMPLE_RATE, correlation)


def _correlation(piece: Samples, other: Samples, place: int) -> float:
    """Return the greatest normalised correlation of a piece with another recording near a place in it."""
    around = np.zeros(len(piece) + 2 * _SLACK, np.float64)
    low = place - _SLACK
    first, last = max(0, low), min(len(other), low + len(around))
    if last <= first:
        return 0.0
    around[first - low : last - low] = other[first:last]
    size = scipy.fft.next_fast_len(len(around) + len(piece), real=True)
    product = scipy.fft.irfft(
        scipy.fft.rfft(around, size) * np.conj(scipy.fft.rfft(piece.astype(np.float64), size)), size
    )[: 2 * _SLACK + 1]
    squares = np.concatenate([[0.0], np.cumsum(around**2)])
    energies = (squares[len(piece) :] - squares[: -len(piece)])[: 2 * _SLACK + 1]
    norm = np.sqrt(np.maximum(energies, 1e-12) * max(float(np.square(piece, dtype=np.float64).sum()), 1e-12))
    return float(np.abs(_BETWEEN @ (product / norm)).max())


class _Sounds:
    """Recordings at ``SAMPLE_RATE``; those that were used last are kept up to a size in memory."""

    def __init__(self) -> None:
        self._kept: OrderedDict[Path, Samples] = OrderedDict()
        self._bytes = 0

    def read(self, path: Path) -> Samples:
        """Return a recording, as far as it can be read."""
        if path in self._kept:
            self._kept.move_to_end(path)
            return self._kept[path]
        samples = _read(path)
        self._kept[path] = samples
        self._bytes += samples.nbytes
        while self._bytes > _KEPT_BYTES and len(self._kept) > 1:
            self._bytes -= self._kept.popitem(last=False)[1].nbytes
        return samples


def _read(path: Path) -> Samples:
    whole = read_whole(path)
    if whole is not None:
        resampler = Resampler(whole[1], {SAMPLE_RATE})
        mono = whole[0].mean(axis=1)
        return np.concatenate([resampler.push(mono)[SAMPLE_RATE], resampler.finish()[SAMPLE_RATE]])
    pieces = [np.empty(0, np.float32)]
    with suppress(AudioError):  # what could be read before counts
        pieces.extend(block.samples[SAMPLE_RATE] for block in AudioFile(path).blocks({SAMPLE_RATE}))
    return np.concatenate(pieces)
