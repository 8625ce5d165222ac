"""How long things take: the median of interleaved repetitions, so that a drifting machine bends no ratio."""

import statistics
import time
from collections.abc import Callable, Mapping

import torch

REPETITIONS = 5


def interleaved(tasks: Mapping[str, Callable[[], object]], repetitions: int = REPETITIONS) -> dict[str, float]:
    """Return the median seconds of each task; the tasks take turns after a warm-up of one each."""
    for task in tasks.values():
        task()
    seconds: dict[str, list[float]] = {name: [] for name in tasks}
    for _ in range(repetitions):
        for name, task in tasks.items():
            start = time.perf_counter()
            task()
            seconds[name].append(time.perf_counter() - start)
    return {name: statistics.median(times) for name, times in seconds.items()}


def matrix_product(size: int = 2048) -> tuple[Callable[[], object], float]:
    """Return a float32 matrix product as a task, and its number of multiply-adds."""
    a, b = torch.randn(size, size), torch.randn(size, size)
    out = torch.empty(size, size)
    return lambda: torch.mm(a, b, out=out), float(size) ** 3
