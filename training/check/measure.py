"""What can be told of one recording alone: how long, loud, quiet, clipped and bright it is, and its fingerprint."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from timbrescope.audio.file import AudioFile
from timbrescope.audio.resample import Resampler
from timbrescope.audio.whole import read_whole
from timbrescope.core.errors import AudioError
from timbrescope.recognition.levels import LevelStream
from training.check.fingerprint import SAMPLE_RATE, Words, fingerprint
from training.file_store import Arrays

SILENT = 1e-3  # -60 dB of full scale: nothing is louder than that
_RUN = 3  # equal samples at the greatest level, one after another, that no wave has
_NEAR_PEAK = 0.9995
_LOUD = 0.1  # -20 dB: quieter recordings were not clipped where they were made
_OVERSHOOT = 3  # lossy codecs make peaks of what was not clipped go beyond full scale too, but rarely
_FFT = 2048
_EDGE = 1e-11  # of full scale, squared, in a bin: beyond the last frequency above it there is nothing but rounding
_NOTHING_DB = -120.0
_TOO_SHORT = 0.02  # seconds of sound: a click
_MOSTLY, _LONG = 0.9, 10.0  # share of the time, and seconds

Samples = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Measures:
    """What was measured.

    Attributes:
        seconds: its length.
        sample_rate: in Hz.
        peak: largest level, full scale is 1.
        silence: share of the time in which it is below -60 dB.
        clipped: share of the samples that lie in flat tops; or a third of those beyond full scale.
        noise_db: level of its quietest moments in dB of full scale.
        bandwidth: highest frequency in it, in Hz.
        content: digest of its samples; equal for copies in any lossless format.
        words, heard: its fingerprint.
        problem: what could not be read, in a sentence; empty for nothing.
    """

    seconds: float
    sample_rate: int
    peak: float
    silence: float
    clipped: float
    noise_db: float
    bandwidth: float
    content: bytes
    words: Words
    heard: NDArray[np.bool_]
    problem: str = ""

    @property
    def is_silent(self) -> bool:
        """Whether there is nothing to hear."""
        return self.peak < SILENT or self.silence == 1.0

    @property
    def is_mostly_silent(self) -> bool:
        """Whether windows of it would have nothing to hear; a hit with a long tail is no such case."""
        silent = self.seconds * self.silence
        return self.seconds - silent < _TOO_SHORT or (self.silence > _MOSTLY and silent > _LONG)


_NUMBERS = ("seconds", "sample_rate", "peak", "silence", "clipped", "noise_db", "bandwidth")


def measure(path: Path) -> tuple[Arrays, str]:
    """Measure a recording, for a ``FileStore``.

    Raises:
        AudioError: it cannot be read.
    """
    stretches = _Stretches(path)
    digest = hashlib.sha256()
    count, peak, flat, beyond = 0, 0.0, 0, 0
    levels: list[Samples] = []
    slow: list[Samples] = []
    spectrum = np.zeros(_FFT // 2 + 1)
    for samples in stretches:
        if not count:
            stream, resampler = LevelStream(stretches.rate), Resampler(stretches.rate, {SAMPLE_RATE})
        count += len(samples)
        level = float(np.abs(samples).max(initial=0.0))
        peak = max(peak, level)
        flat += _flat(samples) if level > _LOUD else 0
        beyond += int(np.count_nonzero(np.abs(samples) > 1.0))
        digest.update(np.rint(samples * 32767).astype("<i4").tobytes())
        levels.append(stream.push(samples))
        slow.append(resampler.push(samples)[SAMPLE_RATE])
        spectrum += _power(samples)
    levels.append(stream.finish())
    slow.append(resampler.finish()[SAMPLE_RATE])
    level_db = 20 * np.log10(np.maximum(np.concatenate(levels), 10 ** (_NOTHING_DB / 20)))
    words, heard = fingerprint(np.concatenate(slow))
    above = np.flatnonzero(spectrum / max(1, count // _FFT) > _EDGE)
    bandwidth = 0.0 if not len(above) else float(above[-1]) * stretches.rate / _FFT
    silence = float((level_db < 20 * np.log10(SILENT)).mean())
    noise_db = float(np.quantile(level_db, 0.05))
    clipped = max(flat, beyond / _OVERSHOOT) / max(1, count)
    numbers = (count / stretches.rate, stretches.rate, peak, silence, clipped, noise_db, bandwidth)
    arrays: Arrays = {
        "numbers": np.array(numbers, np.float64),
        "content": np.frombuffer(digest.digest(), np.uint8),
        "words": words,
        "heard": heard,
    }
    return arrays, stretches.problem


def measured(arrays: Arrays, problem: str) -> Measures:
    """Return what ``measure`` has put into arrays."""
    numbers = dict(zip(_NUMBERS, arrays["numbers"].tolist(), strict=True))
    numbers["sample_rate"] = int(numbers["sample_rate"])
    content = arrays["content"].tobytes()
    return Measures(**numbers, content=content, words=arrays["words"], heard=arrays["heard"], problem=problem)


class _Stretches:
    """The mono sound of a recording in pieces: one where it is short."""

    def __init__(self, path: Path) -> None:
        self.rate = 0
        self.problem = ""
        self._path = path

    def __iter__(self) -> Iterator[Samples]:
        whole = read_whole(self._path)
        if whole is not None:
            samples, self.rate = whole
            yield samples[:, 0] if samples.shape[1] == 1 else samples.mean(axis=1)
            return
        recording = AudioFile(self._path)
        self.rate = recording.sample_rate
        try:
            for block in recording.blocks({self.rate}):
                self.problem = self.problem or " ".join(block.notices)
                yield block.samples[self.rate]
        except AudioError as error:
            self.problem = str(error)


def _flat(samples: Samples) -> int:
    """Return how many samples lie in runs of equal ones at the greatest level: what clipping leaves."""
    level = float(np.abs(samples).max())
    count = 0
    for side in (samples, -samples):
        top = np.concatenate([[False], side >= level * _NEAR_PEAK, [False]])
        borders = np.flatnonzero(top[1:] != top[:-1])
        lengths = borders[1::2] - borders[::2]
        for start, length in zip(borders[::2][lengths >= _RUN], lengths[lengths >= _RUN], strict=True):
            run = side[start : start + length]
            if np.ptp(run) <= 1e-4 * level:
                count += int(length)
    return count


def _power(samples: Samples) -> NDArray[np.float64]:
    """Return the sum of the power spectra of stretches that do not overlap."""
    whole = len(samples) // _FFT * _FFT
    frames = (samples[:whole] if whole else np.pad(samples, (0, _FFT - len(samples)))).reshape(-1, _FFT)
    spectra = np.fft.rfft(frames * np.hanning(_FFT).astype(np.float32), axis=1)
    return np.asarray((np.abs(spectra / _FFT) ** 2).sum(axis=0), np.float64)
