"""Ctrl-C that is never lost and never breaks off what is short."""

import _thread
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Final, NoReturn

STOP: Final = "stop"
"""The line by which another program asks on standard input for what Ctrl-C asks for at a terminal."""


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


def listen_for_stop() -> None:
    """Take the line ``stop`` on standard input for Ctrl-C from now on, on all systems alike.

    There is no other polite way on Windows, and elsewhere a signal may come before anybody is there to take it.
    """
    try:
        stdin = sys.stdin.fileno()
    except (AttributeError, OSError, ValueError):  # a windowed program without any, or a test's stand-in
        return
    if not os.isatty(stdin):  # who sits at a terminal has Ctrl-C
        threading.Thread(target=_listen, args=(stdin,), name="stop", daemon=True).start()


def _listen(stdin: int) -> None:
    """Read as long as somebody may write; not through ``sys.stdin``, whose lock would outlive the program's end."""
    line = b""
    with suppress(OSError):
        while more := os.read(stdin, 1024):
            *lines, line = (line + more).split(b"\n")
            for _ in range(sum(each.strip() == STOP.encode() for each in lines)):
                if sys.platform == "win32":
                    _thread.interrupt_main()
                else:  # wakes who waits for other processes
                    signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)


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
