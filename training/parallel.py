"""Work on many files in as many processes as there are cores."""

import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from typing import Final, TypeVar

_THREADS: Final = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
"""What holds libraries to one thread in each process: together they would be more than there are cores."""

Task = TypeVar("Task")
Result = TypeVar("Result")


def in_processes(
    work: Callable[[Task], Result],
    tasks: Sequence[Task],
    workers: int,
    lost: Callable[[Task], Result],
    prepare: Callable[[], None] | None = None,
) -> Iterator[Result]:
    """Yield what comes of each task as it is ready, in no fixed order.

    A task that brings its process to its end, as a damaged file may, costs that process and nothing more.

    Args:
        work: a function of a module, done in the processes.
        tasks: its arguments.
        workers: processes; 0 works in this one.
        lost: what stands for the result of a task whose process ended.
        prepare: called first in each process.
    """
    workers = min(workers, len(tasks))
    if workers == 0 or len(tasks) == 1:
        yield from map(work, tasks)
        return
    waiting = deque(tasks)
    running: dict[Future[Result], Task] = {}
    while waiting:
        pool = _pool(workers, prepare)
        try:
            while waiting or running:
                while waiting and len(running) < 2 * workers:  # no more, because results wait in memory
                    running[pool.submit(work, waiting[0])] = waiting[0]
                    waiting.popleft()
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    result = future.result()
                    del running[future]
                    yield result
        except BrokenProcessPool:
            suspects = list(running.values())
            running.clear()
            for task in suspects:
                yield _alone(work, task, lost, prepare)
        finally:
            pool.shutdown(cancel_futures=True)


def _alone(
    work: Callable[[Task], Result], task: Task, lost: Callable[[Task], Result], prepare: Callable[[], None] | None
) -> Result:
    with _pool(1, prepare) as pool:
        try:
            return pool.submit(work, task).result()
        except BrokenProcessPool:
            return lost(task)


def _pool(workers: int, prepare: Callable[[], None] | None) -> ProcessPoolExecutor:
    return ProcessPoolExecutor(workers, multiprocessing.get_context("spawn"), _start_worker, (prepare,))


def _start_worker(prepare: Callable[[], None] | None) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C is for the parent, which ends its pool
    threading.Thread(target=_end_with_parent, daemon=True).start()
    for name in _THREADS:  # heeded by libraries that are loaded from here on
        os.environ[name] = "1"
    if prepare is not None:
        prepare()


def _end_with_parent() -> None:
    """Wait for the death of a parent that was killed and could not end its pool."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
