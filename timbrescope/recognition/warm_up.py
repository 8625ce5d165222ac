"""Loading torch without stopping the window."""

import contextlib
import ctypes
import gc
import importlib.util
import os
import sys
from pathlib import Path

_LIBRARIES = {"linux": "libtorch_cpu.so", "darwin": "libtorch_cpu.dylib"}


def import_torch() -> None:
    """Import torch; call it from a worker thread.

    Loading its largest library takes 0.2 to 0.5 s, in which Python's import holds the interpreter lock and every other
    thread stands still. A foreign call to dlopen does the same work with the lock released; the import that follows
    finds the library loaded. The garbage collector rests meanwhile and then leaves torch's 200,000 lasting objects
    alone: a full collection over them stops all threads for 50 ms and more.
    """
    if "torch" in sys.modules:
        return
    if sys.platform in _LIBRARIES:
        found = importlib.util.find_spec("torch")
        if found is not None and found.origin is not None:
            library = Path(found.origin).parent / "lib" / _LIBRARIES[sys.platform]
            with contextlib.suppress(OSError, AttributeError):  # without dlopen the import below does it all
                ctypes.CDLL(None).dlopen(os.fsencode(library), ctypes.c_int(os.RTLD_NOW))
    gc.disable()
    try:
        import torch  # noqa: F401
    finally:
        gc.freeze()
        gc.enable()
