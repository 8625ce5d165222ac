"""Resampling of a stream to several rates at once."""

from collections.abc import Collection

import numpy as np
import soxr
from numpy.typing import NDArray


class Resampler:
    """Turn mono samples at one rate into the same sound at several rates, however the stream is cut into blocks.

    Over a whole recording each rate gets n * rate / rate_in samples, to within one, and the same samples for any sizes
    of the blocks: soxr keeps its filter's state and takes its own delay out.

    Args:
        rate_in: rate of what is pushed, in Hz.
        rates: rates wanted, in Hz; one that equals ``rate_in`` passes through untouched.
    """

    def __init__(self, rate_in: int, rates: Collection[int]) -> None:
        self._streams = {
            rate: None if rate == rate_in else soxr.ResampleStream(rate_in, rate, 1, dtype="float32", quality="HQ")
            for rate in rates
        }

    def push(self, samples: NDArray[np.float32]) -> dict[int, NDArray[np.float32]]:
        """Take the next samples, shape (n,), and return what is ready at each rate: float32, shape (m,), m may be 0."""
        return self._run(samples, last=False)

    def finish(self) -> dict[int, NDArray[np.float32]]:
        """Return at each rate the samples that were kept back; the stream is over."""
        return self._run(np.zeros(0, np.float32), last=True)

    def _run(self, samples: NDArray[np.float32], *, last: bool) -> dict[int, NDArray[np.float32]]:
        samples = np.ascontiguousarray(samples, np.float32)
        return {
            rate: samples if stream is None else stream.resample_chunk(samples, last=last)
            for rate, stream in self._streams.items()
        }
