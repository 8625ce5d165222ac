"""Work on a stream beside whoever brings it, who never waits for it."""

from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Generic, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

AT_LEAST_SECONDS = 0.04
AT_MOST_SECONDS = 30.0

Samples = Mapping[int, NDArray[np.float32]]
T = TypeVar("T")


class Beside(Generic[T]):
    """Calls a function with stretches of sound, one after the other, in a thread of its own.

    What comes while it works waits and is one stretch the next time. Where more than ``AT_MOST_SECONDS`` wait,
    ``push`` waits as well, so that the memory does not fill.

    Args:
        work: takes a stretch at all its sample rates.
    """

    def __init__(self, work: Callable[[Samples], T]) -> None:
        self._work = work
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="recognition")
        self._running: Future[T] | None = None
        self._waiting: list[Samples] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.shutdown()

    def push(self, samples: Samples) -> T | None:
        """Take the next stretch; return what has come of an earlier one, if that is done."""
        self._waiting.append(samples)
        if self._running is not None and not self._running.done() and self._seconds() <= AT_MOST_SECONDS:
            return None
        done = None if self._running is None else self._running.result()
        self._running = self._pool.submit(self._work, self._joined()) if self._seconds() >= AT_LEAST_SECONDS else None
        return done

    def finish(self) -> list[T]:
        """Wait for all that is left, and return what comes of it."""
        results = [] if self._running is None else [self._running.result()]
        self._running = None
        if self._waiting:
            results.append(self._pool.submit(self._work, self._joined()).result())
        return results

    def _seconds(self) -> float:
        """Return how much sound waits."""
        return max(
            (sum(len(samples[rate]) for samples in self._waiting) / rate for rate in self._waiting[0]), default=0.0
        )

    def _joined(self) -> Samples:
        waiting, self._waiting = self._waiting, []
        return {rate: np.concatenate([samples[rate] for samples in waiting]) for rate in waiting[0]}
