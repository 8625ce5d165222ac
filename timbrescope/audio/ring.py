"""A ring of sound between a thread and the sound card's callback."""

import numpy as np
from numpy.typing import NDArray


class Ring:
    """Hand frames from one writing thread to one reading thread without a lock.

    Each counter has a single writer and only grows; the interpreter makes reading and writing one of them atomic.

    Args:
        frames: capacity.
        channels: samples in each frame.
    """

    def __init__(self, frames: int, channels: int) -> None:
        self._frames = np.zeros((frames, channels), np.float32)
        self._written = 0
        self._read = 0
        self._dropped = 0  # the reader skips everything written before this

    @property
    def written(self) -> int:
        """Number of frames that have ever been written."""
        return self._written

    @property
    def read(self) -> int:
        """Number of the frame after the one that was read last."""
        return self._read

    @property
    def next(self) -> int:
        """Number of the frame that is read next; the first ever written has number 0."""
        return max(self._read, self._dropped)

    def write(self, frames: NDArray[np.float32]) -> int:
        """Append as many frames as there is room for, shape (n, channels), and return how many that were."""
        size = len(self._frames)
        count = min(len(frames), size - (self._written - self._read))
        start = self._written % size
        before_end = min(count, size - start)
        self._frames[start : start + before_end] = frames[:before_end]
        self._frames[: count - before_end] = frames[before_end:count]
        self._written += count
        return count

    def drop(self) -> None:
        """Let the reader skip everything that has been written so far; only the writer calls this."""
        self._dropped = self._written

    def read_into(self, out: NDArray[np.float32]) -> int:
        """Fill the start of ``out``, shape (n, channels), with the next frames and return how many there were."""
        size = len(self._frames)
        first = self.next
        count = min(len(out), self._written - first)
        start = first % size
        before_end = min(count, size - start)
        out[:before_end] = self._frames[start : start + before_end]
        out[before_end:count] = self._frames[: count - before_end]
        self._read = first + count
        return count
