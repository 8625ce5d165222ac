"""Work that is done for the next step while this one is under way."""

from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Made = TypeVar("Made")


def one_ahead(make: Callable[[int], Made], numbers: Iterable[int]) -> Generator[Made, None, None]:
    """Yield ``make(number)`` of each number in order; the next is made in a thread while the caller works on this one.

    What ``make`` raises is raised here. Close it where it may not be exhausted, which ends the thread.
    """
    with ThreadPoolExecutor(1, "ahead") as pool:
        waiting: Future[Made] | None = None
        for number in numbers:
            made, waiting = waiting, pool.submit(make, number)
            if made is not None:
                yield made.result()
        if waiting is not None:
            yield waiting.result()
