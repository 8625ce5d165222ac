"""From the scores of every frame to stretches of one phoneme each: the likeliest sequence in which none is too short.

The sequence is found by dynamic programming over segments (a hidden semi-Markov model with a least duration and
geometric durations from there on; Rabiner 1989, section IV-D), at once for a whole recording or, with a delay, as it
comes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from timbrescope.core.phonemes import BREATH, SILENCE, languages

Scores = NDArray[np.floating]
Path = NDArray[np.intp]

_LEAST_SCORE = 1e-6  # a network is never surer than that that something is not so


@dataclass(frozen=True, slots=True)
class Smoothing:
    """How much a change of phoneme asks for.

    Attributes:
        least_frames: how long a phoneme lasts at least.
        switch_cost: by how much, in nats, the scores of a segment must speak for it before it is believed.
    """

    least_frames: int = 3
    switch_cost: float = 3.0


class Run(NamedTuple):
    """Frames of one phoneme in a row, ``start`` up to ``stop``: its column, and the mean of its scores in 0..1."""

    start: int
    stop: int
    label: int
    score: float


class OnlineDecoder:
    """Decides frame by frame, each ``lag_frames`` after it came; None waits for ``finish``, which is best.

    What has been said stays as it is, so that with a lag a segment may come out shorter than the least duration where
    what came later changed the picture.
    """

    def __init__(self, n_classes: int, smoothing: Smoothing | None = None, *, lag_frames: int | None = None) -> None:
        self._smoothing = smoothing or Smoothing()
        self._lag = lag_frames
        self._said = 0
        self._first = 0  # frame that the lists below begin with
        # For each frame and class, of the best sequence in which a segment of that class may end with that frame:
        # its value, whether the segment has just reached its least duration, and the class before it if so.
        self._values: list[NDArray[np.float64]] = []
        self._fresh: list[NDArray[np.bool_]] = []
        self._before: list[Path] = []
        self._totals = [np.zeros(n_classes)]  # of log scores, up to each frame
        self._classes = np.arange(n_classes)

    def push(self, scores: Scores) -> Path:
        """Take the scores in 0..1 of the next frames, shape (n, classes); return the class of frames now decided."""
        for row in np.log(np.maximum(scores, _LEAST_SCORE, dtype=np.float64)):
            self._add(row)
        if self._lag is None or self._count - self._lag <= self._said:
            return np.empty(0, np.intp)
        return self._say(self._count - self._lag)

    def finish(self) -> Path:
        """Return the class of the frames still undecided."""
        return self._say(self._count)

    @property
    def _count(self) -> int:
        return self._first + len(self._values)

    def _add(self, row: NDArray[np.float64]) -> None:
        least = self._smoothing.least_frames
        self._totals.append(self._totals[-1] + row)
        at = self._count - least  # the frame before a segment that reaches its least duration now
        if at < self._first:  # the first segment costs nothing, however short it is
            value, before = self._totals[-1], self._classes
            fresh = np.ones(len(row), bool)
        else:
            ended = self._values[at - self._first]
            best = int(ended.argmax())
            before = np.full(len(row), best)
            others = ended.copy()
            others[best] = -np.inf
            before[best] = others.argmax()  # a phoneme is not followed by itself
            started = (
                ended[before] - self._smoothing.switch_cost + self._totals[-1] - self._totals[at + 1 - self._first]
            )
            longer = self._values[-1] + row
            fresh = started > longer
            value = np.where(fresh, started, longer)
        self._values.append(value)
        self._fresh.append(fresh)
        self._before.append(before)

    def _say(self, stop: int) -> Path:
        """Go back from the best end and return what it says of the frames up to ``stop`` that were not said yet."""
        path = np.empty(self._count - self._first, np.intp)
        least, end = self._smoothing.least_frames, len(path)
        index = int(self._values[-1].argmax()) if end else 0
        while end > 0:
            start = end - 1
            while start > 0 and not self._fresh[start][index]:
                start -= 1
            begin = max(0, start + 1 - least)
            path[begin:end] = index
            index, end = int(self._before[start][index]), begin
        said = path[self._said - self._first : stop - self._first]
        self._said = max(self._said, stop)
        self._forget()
        return said.copy()

    def _forget(self) -> None:
        spare = self._said - self._first - self._smoothing.least_frames
        if spare > 0:
            self._first += spare
            for kept in (self._values, self._fresh, self._before, self._totals):
                del kept[:spare]


def decode(scores: Scores, smoothing: Smoothing | None = None) -> Path:
    """Return the class of each frame of a whole recording, shape (frames,), of scores in 0..1, shape (frames, classes).

    Segments last ``least_frames`` or longer, but for the first one, which may have begun before the recording.
    """
    decoder = OnlineDecoder(scores.shape[1], smoothing)
    decoder.push(scores)
    return decoder.finish()


def voiced(scores: Scores, labels: Sequence[str]) -> NDArray[np.float32]:
    """Return how sure it is that somebody sings or speaks, in 0..1, shape (frames,): neither silence nor a breath.

    Args:
        scores: of one label at a time, which add up to one, shape (frames, classes).
        labels: of the classes.
    """
    without = [index for index, label in enumerate(labels) if label in (SILENCE, BREATH)]
    return np.asarray(1 - scores[:, without].sum(axis=1), np.float32)


def in_language(scores: Scores, labels: Sequence[str], language: str) -> NDArray[np.float32]:
    """Return scores, shape (frames, classes), as they are where it is known which language is sung.

    What does not occur in the language gets nothing, and the rest adds up to one. A model that has to guess takes the o
    of one language for that of another.

    Args:
        scores: of one label at a time, shape (frames, classes).
        labels: of the classes.
        language: a key of ``core.phonemes.languages()``.
    """
    known = languages()[language].symbols
    there = scores * np.array([label in known for label in labels], np.float32)
    return np.asarray(there / np.maximum(there.sum(axis=1, keepdims=True), _LEAST_SCORE), np.float32)


def runs(path: Path, scores: Scores) -> list[Run]:
    """Return the segments of a path, shape (frames,), with the mean of their scores, shape (frames, classes)."""
    if not len(path):
        return []
    borders = np.flatnonzero(np.diff(path)) + 1
    starts, stops = np.append(0, borders), np.append(borders, len(path))
    of_path = np.append(0.0, np.cumsum(scores[np.arange(len(path)), path], dtype=np.float64))
    means = (of_path[stops] - of_path[starts]) / (stops - starts)
    return [
        Run(int(start), int(stop), int(path[start]), float(mean))
        for start, stop, mean in zip(starts, stops, means, strict=True)
    ]
