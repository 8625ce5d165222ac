"""Keeping what libraries in C write away from the terminal."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def quiet_libraries() -> Iterator[None]:
    """Drop what libraries write on standard error, on which this program's own sentences still appear.

    PortAudio writes lines about its source code there when a device vanishes, from a thread of its own.
    """
    try:
        descriptor = sys.stderr.fileno()
    except (OSError, ValueError, AttributeError):  # not a file, as in tests and notebooks
        yield
        return
    sys.stderr.flush()
    kept = os.dup(descriptor)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    before = sys.stderr
    try:
        sys.stderr = os.fdopen(os.dup(kept), "w", encoding=before.encoding, errors="backslashreplace", buffering=1)
        os.dup2(nowhere, descriptor)
        yield
    finally:
        sys.stderr.close()
        sys.stderr = before
        os.dup2(kept, descriptor)
        os.close(kept)
        os.close(nowhere)
