"""What every decoder of sound files offers: a description and stretches of samples."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Description:
    """A sound file as its header describes it.

    Attributes:
        sample_rate: in Hz.
        channels: number of channels.
        encoding: name for people, such as "MP3" or "WAV 24-bit".
        duration: best estimate in seconds; None when unknown.
        promised: length in seconds that the header vouches for, so that less means damage; None when it does not.
    """

    sample_rate: int
    channels: int
    encoding: str
    duration: float | None
    promised: float | None


@dataclass(frozen=True, slots=True)
class Stretch:
    """The next samples of a file.

    Attributes:
        samples: float32, shape (n, channels).
        lost: these samples are silence in place of sound that could not be decoded; when empty, what followed the
            stretches before is missing and nobody knows how much.
    """

    samples: NDArray[np.float32]
    lost: bool = False


class Decoder(Protocol):
    """One way to read sound files; it holds no open file between calls."""

    @property
    def description(self) -> Description:
        """The file's header."""

    def read(self, start_seconds: float) -> Iterator[Stretch]:
        """Yield everything that can be decoded from there on, in stretches of a second at most.

        Raises:
            AudioError: the file cannot be opened any more.
        """
