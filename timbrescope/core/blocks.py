"""Blocks of sound and where they come from: a file and a microphone look the same from here on."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Block:
    """The next stretch of a recording, mono, at each sample rate that was asked for.

    Attributes:
        seconds: how far the recording has been read, from its start to the end of this block.
        samples: sample rate in Hz -> float32 samples, shape (n,). The lengths differ from rate to rate, because each
            resampler keeps a few samples back until it has seen what follows; nothing is lost over the whole recording.
        notices: sentences for the user about this stretch ("values that are no numbers are replaced ...").
    """

    seconds: float
    samples: Mapping[int, NDArray[np.float32]]
    notices: tuple[str, ...] = ()


class Source(Protocol):
    """Anything that can be listened to from its start."""

    @property
    def sample_rate(self) -> int:
        """Rate of the recording itself in Hz."""

    @property
    def duration(self) -> float | None:
        """Length in seconds as far as it is known before reading; None when it is not."""

    def blocks(self, rates: Collection[int]) -> Iterator[Block]:
        """Read from the start and yield blocks of a second or so until the end.

        Args:
            rates: sample rates in Hz; each block carries the sound at all of them.

        Raises:
            AudioError: the sound cannot be read (any further).
        """
