"""How much each row of scores counts where rows become one score for the whole.

A note tells what plays it while it is loud, with its attack, and hardly in its long decay; silence before and after it
tells nothing. Each row therefore counts by the energy of its sound against the loudest sound shortly before. That
reference falls slowly, so that the quiet movement of a symphony counts as much as the loud one before it.
"""

import numpy as np
from numpy.typing import NDArray

from timbrescope.core.picture import HOP_SECONDS

Floats = NDArray[np.float64]

RELEASE_DB = 1.0
"""By how much the reference falls in a second. On single notes anything up to 3 dB serves as well."""
QUIETEST = 0.003
"""Full scale is 1: what is quieter than 50 dB below it counts less, whatever came before."""


def row_weights(levels: NDArray[np.float32], rows: int, hop_seconds: float, window_seconds: float) -> Floats:
    """Return how much each row counts, in 0..1, shape (rows,); after the end there is silence.

    Args:
        levels: RMS of each ``HOP_SECONDS`` of the whole recording, shape (n,).
        rows: how many there are; row i describes the sound from i * hop_seconds on.
        hop_seconds: distance of neighbouring rows.
        window_seconds: how much sound a row describes.
    """
    return _weights(_rms(levels, *_bounds(0, rows, hop_seconds, window_seconds)), hop_seconds, 0.0)[0]


def weighed_mean(rows: NDArray[np.floating], weights: Floats) -> Floats:
    """Return the weighed mean of rows: (rows, labels) and (rows,) to (labels,).

    Where all is silent, each row counts alike.
    """
    return np.asarray(np.average(rows, axis=0, weights=weights if weights.sum() > 0 else None), np.float64)


class ClipScores:
    """The weighed mean of one recogniser's rows so far, which keeps only the sound of rows still to come."""

    def __init__(self, labels: int, hop_seconds: float, window_seconds: float) -> None:
        self._hop_seconds = hop_seconds
        self._window_seconds = window_seconds
        self._levels = np.empty(0, np.float32)
        self._first_level = 0
        self._waiting = np.empty((0, labels), np.float32)  # rows whose sound is not all there: levels may lag behind
        self._settled = 0
        self._reference = 0.0
        self._weighed_sum, self._weight_sum, self._sum = np.zeros(labels), 0.0, np.zeros(labels)

    def hear(self, levels: NDArray[np.float32]) -> None:
        """Take the RMS of what sounded next, shape (n,)."""
        self._levels = np.concatenate([self._levels, levels])

    def append(self, rows: NDArray[np.float32]) -> None:
        """Take the next rows, shape (n, labels)."""
        self._waiting = np.concatenate([self._waiting, rows])
        starts, stops = self._places(len(self._waiting))
        ready = int(np.count_nonzero(stops <= len(self._levels)))
        rms = _rms(self._levels, starts[:ready], stops[:ready])
        weights, self._reference = _weights(rms, self._hop_seconds, self._reference)
        self._weighed_sum += weights @ self._waiting[:ready]
        self._weight_sum += float(weights.sum())
        self._sum += self._waiting[:ready].sum(axis=0)
        self._settled += ready
        self._waiting = self._waiting[ready:]
        past = min(int(self._places(1)[0][0]), len(self._levels))
        self._levels = self._levels[past:].copy()
        self._first_level += past

    @property
    def value(self) -> Floats:
        """The mean so far, shape (labels,); zeros before the first row. What has not been heard counts as silence."""
        rms = _rms(self._levels, *self._places(len(self._waiting)))
        weights, _ = _weights(rms, self._hop_seconds, self._reference)
        if (whole := self._weight_sum + weights.sum()) > 0:
            return np.asarray((self._weighed_sum + weights @ self._waiting) / whole)
        return np.asarray((self._sum + self._waiting.sum(axis=0)) / max(1, self._settled + len(self._waiting)))

    def _places(self, rows: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Return where in ``_levels`` the sound of each of the next rows begins and ends."""
        starts, stops = _bounds(self._settled, rows, self._hop_seconds, self._window_seconds)
        return starts - self._first_level, stops - self._first_level


def _bounds(
    first: int, rows: int, hop_seconds: float, window_seconds: float
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    starts = np.rint(np.arange(first, first + rows) * (hop_seconds / HOP_SECONDS)).astype(np.intp)
    return starts, starts + max(1, round(window_seconds / HOP_SECONDS))


def _weights(rms: Floats, hop_seconds: float, reference: float) -> tuple[Floats, float]:
    """Return the weights of rows and the reference after them, which stood at ``reference`` before them."""
    if not len(rms):
        return rms, reference
    release = RELEASE_DB * hop_seconds * np.arange(1, len(rms) + 1)
    decibels = 20 * np.log10(np.maximum(rms, QUIETEST))
    before = 20 * np.log10(max(reference, QUIETEST))
    loudest = np.maximum(np.maximum.accumulate(decibels + release), before) - release
    references = np.maximum(10 ** (loudest / 20), QUIETEST)
    return np.square(rms / references), float(references[-1])


def _rms(levels: NDArray[np.float32], starts: NDArray[np.intp], stops: NDArray[np.intp]) -> Floats:
    energy = np.append(0.0, np.cumsum(np.square(levels, dtype=np.float64)))
    heard = energy[np.minimum(stops, len(levels))] - energy[np.minimum(starts, len(levels))]
    return np.asarray(np.sqrt(heard / (stops - starts)))
