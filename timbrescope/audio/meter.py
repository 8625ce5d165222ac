"""How loud a live input is."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

CLIPPED_FROM = 0.999


@dataclass(frozen=True, slots=True)
class Level:
    """How loud the last moment was.

    Attributes:
        peak: highest absolute sample in full scale.
        rms: in full scale.
        clipped: number of samples at full scale since the start.
        has_sounded: whether any sample so far was not exactly zero.
    """

    peak: float = 0.0
    rms: float = 0.0
    clipped: int = 0
    has_sounded: bool = False

    def after(self, frames: NDArray[np.float32], moment: NDArray[np.float32]) -> "Level":
        """Return the level after the next frames.

        Args:
            frames: shape (n, channels), n at least 1.
            moment: the same with some frames before them.
        """
        return Level(
            float(np.abs(moment).max()),
            float(np.sqrt(np.mean(np.square(moment, dtype=np.float64)))),
            self.clipped + int(np.count_nonzero(np.abs(frames) >= CLIPPED_FROM)),
            self.has_sounded or bool(frames.any()),
        )
