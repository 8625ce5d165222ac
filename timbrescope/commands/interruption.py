"""Ctrl-C that is never lost and never breaks off what is short."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NoReturn


class Interruption(KeyboardInterrupt, Exception):  # noqa: N818 (named as what it is a kind of)
    """Ctrl-C in a form that gets through libav.

    Where libav calls back into Python to read a file, PyAV hands an Exception on to whoever asked for the sound, and
    drops everything else with a traceback on the terminal.
    """


@contextmanager
def interruptible() -> Iterator[None]:
    """Let Ctrl-C break off whatever runs, reading a recording included."""

    def press(_number: int, _frame: object) -> NoReturn:
        raise Interruption

    with _on_control_c(press):
        yield


@contextmanager
def noticed_interruption() -> Iterator[Callable[[], None]]:
    """Yield what raises KeyboardInterrupt if the user has pressed Ctrl-C; so does the end of the block.

    Nothing is broken off by the first one: what runs between two questions is to be short, as is what is written
    meanwhile. A second one does not wait.
    """
    asked = False

    def press(_number: int, _frame: object) -> None:
        nonlocal asked
        if asked:
            raise Interruption
        asked = True

    def stop() -> None:
        if asked:
            raise Interruption

    with _on_control_c(press):
        yield stop
    stop()


@contextmanager
def _on_control_c(press: Callable[[int, object], None]) -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():  # only that one hears of signals
        yield
        return
    before = signal.signal(signal.SIGINT, press)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
