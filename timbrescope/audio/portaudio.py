"""PortAudio, which there is once in a process: loading it, opening streams, and letting it look for devices anew."""

import contextlib
import ctypes
import ctypes.util
import importlib
import sys
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from types import ModuleType
from typing import Any

from timbrescope.core.errors import AudioError

# PortAudio keeps one list of devices in a process and ends every stream when it makes a new one, so that whoever wants
# a new list must know of all streams: this is the one place that does.
# Held while a stream is opened or the list is made or read, never while one is closed: that may hang.
ALSA_PERIODS = 4
"""In how many pieces PortAudio lets ALSA deliver a buffer unless it is told otherwise."""
_opening = threading.Lock()
_streams: dict[int, Any] = {}


def load() -> ModuleType:
    """Return sounddevice, imported only when sound is wanted: it fails where PortAudio is missing.

    Raises:
        AudioError: PortAudio is missing or does not start.
    """
    _silence_alsa()
    try:
        return importlib.import_module("sounddevice")
    except Exception as error:  # OSError without the library, PortAudioError when it does not start
        raise AudioError(
            f"There is no sound because PortAudio cannot be used ({error}); install it (on Debian and Ubuntu the "
            "package is libportaudio2) and start again."
        ) from error


def open_stream(make: Callable[[], Any], periods: int = ALSA_PERIODS) -> Any:
    """Return the stream that ``make`` opens; PortAudio does not look for devices until ``close_stream`` has it.

    Args:
        make: opens it.
        periods: in how many pieces ALSA delivers its buffer; other systems choose themselves.
    """
    with _opening:
        _set_periods(periods)
        try:
            stream = make()
        finally:
            _set_periods(ALSA_PERIODS)
        _streams[id(stream)] = stream
    return stream


def listing() -> AbstractContextManager[object]:
    """Return what keeps the list of devices as it is while it is read."""
    return _opening


def close_stream(stream: Any) -> None:
    """Stop a stream at once and give its device back; does nothing when that has been done."""
    if id(stream) not in _streams:
        return  # PortAudio has freed what the stream points to
    stream.abort(ignore_errors=True)
    stream.close(ignore_errors=True)
    _streams.pop(id(stream), None)


def look_again() -> bool:
    """Let PortAudio list the devices anew, which it does only when it starts.

    Returns:
        Whether it did: it does not while a stream is open, whose sound would end.
    """
    library = sys.modules.get("sounddevice")
    if library is None:
        return True  # it will look when it is loaded
    with _opening:
        if _streams:
            return False
        with contextlib.suppress(library.PortAudioError):
            # sounddevice has no public name for these two, and no other way to notice a device.
            library._terminate()  # noqa: SLF001
            library._initialize()  # noqa: SLF001
    return True


_ALSA_HANDLER = ctypes.CFUNCTYPE(None, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p)
_QUIET = _ALSA_HANDLER(lambda *_: None)  # must outlive the library that calls it


def _silence_alsa() -> None:
    """Keep ALSA from writing to the terminal about each device that it does not find."""
    if sys.platform != "linux":
        return
    with contextlib.suppress(OSError, AttributeError):  # no ALSA, no noise
        ctypes.CDLL(ctypes.util.find_library("asound") or "libasound.so.2").snd_lib_error_set_handler(_QUIET)


def _set_periods(count: int) -> None:
    """Let ALSA cut the buffers of streams opened from now on into so many pieces."""
    library = sys.modules.get("sounddevice")
    with contextlib.suppress(OSError, AttributeError, TypeError):  # no ALSA, or no such function in this PortAudio
        # sounddevice has no public name for the PortAudio that it has loaded, and none for this (pa_linux_alsa.h).
        ctypes.CDLL(library._libname).PaAlsa_SetNumPeriods(count)  # type: ignore[union-attr]  # noqa: SLF001
