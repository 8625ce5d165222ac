"""How loud a recording is, as a stream."""

import numpy as np
from numpy.typing import NDArray

from timbrescope.core import picture


class LevelStream:
    """Turns samples into their RMS in full scale, one value every 10 ms."""

    def __init__(self, sample_rate: int) -> None:
        self._hop = sample_rate * picture.HOP_SECONDS  # in samples; at some rates no whole number
        self._kept = np.empty(0, np.float32)
        self._done = 0

    def push(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the levels, shape (n,), that these samples complete."""
        self._kept = np.concatenate([self._kept, samples])
        at_most = int(len(self._kept) / self._hop) + 2
        borders = np.rint(np.arange(self._done, self._done + at_most) * self._hop).astype(np.intp)
        borders -= borders[0]
        borders = borders[borders <= len(self._kept)]
        whole, self._kept = self._kept[: borders[-1]], self._kept[borders[-1] :].copy()
        self._done += len(borders) - 1
        return _rms(whole, borders[:-1])

    def finish(self) -> NDArray[np.float32]:
        """Return the level of what is left at the end of the recording."""
        rest, self._kept = self._kept, np.empty(0, np.float32)
        return _rms(rest, np.zeros(1 if len(rest) else 0, np.intp))


def _rms(samples: NDArray[np.float32], starts: NDArray[np.intp]) -> NDArray[np.float32]:
    """Return the RMS of each stretch from one start to the next or to the end."""
    lengths = np.diff(starts, append=len(samples))
    sums = np.add.reduceat(np.square(samples, dtype=np.float64), starts) if len(starts) else np.empty(0)
    return np.sqrt(sums / lengths).astype(np.float32)
