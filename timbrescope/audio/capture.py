"""One open stream from a sound input: a callback that copies into a ring and leaves."""

import sys
import threading
import time
from collections import deque
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from timbrescope.audio import portaudio
from timbrescope.audio.devices import Device
from timbrescope.audio.ring import Ring
from timbrescope.audio.sound_server import reached
from timbrescope.core.errors import AudioError

LATENCY_SECONDS = 0.25  # the callback waits for the interpreter, up to 0.12 s while the window paints
PERIODS = 16  # of that: no sound waits longer than for one of them, while there is room for all
RING_SECONDS = 20.0
PATIENCE_SECONDS = 2.0  # closing a stream whose device is gone may take for ever


class RateRefusedError(AudioError):
    """An input does not take a rate."""


@dataclass(frozen=True, slots=True)
class Beat:
    """One call of the callback.

    Attributes:
        moment: when, by ``time.monotonic()``.
        end: number of the frame in the ring after its last one.
        gap: sound of unknown length is missing before its frames.
        lost: so many frames are missing after its frames, for which the ring had no room.
    """

    moment: float
    end: int
    gap: bool
    lost: int


class Capture:
    """An input that fills a ring once it is started.

    Args:
        device: where from.
        channels: which of its channels, the first is 0.
        rate: in Hz.

    Attributes:
        ring: what has come and is not read yet.
        beats: the calls that are not looked at yet, the oldest first.

    Raises:
        AudioError: the device refuses; the sentence says why and what to do.
    """

    def __init__(self, device: Device, channels: range, rate: int) -> None:
        self.ring = Ring(round(RING_SECONDS * rate), len(channels))
        self.beats: deque[Beat] = deque()
        self._device = device
        self._columns = slice(channels.start, channels.stop)
        self._rate = rate
        self._latest = time.monotonic()
        library = portaudio.load()
        self._errors: tuple[type[Exception], ...] = (library.PortAudioError, ValueError)
        try:
            self._stream = portaudio.open_stream(partial(self._open, library, channels.stop), PERIODS)
        except self._errors as error:
            raise explain(error, device, rate) from error

    def _open(self, library: Any, channels: int) -> Any:
        with reached(self._device.source):
            return library.InputStream(
                device=self._device.index,
                channels=channels,
                samplerate=self._rate,
                dtype="float32",
                latency=LATENCY_SECONDS,
                callback=self._callback,
            )

    def start(self) -> None:
        """Begin to listen.

        Raises:
            AudioError: the device does not start.
        """
        self._latest = time.monotonic()
        try:
            self._stream.start()
        except self._errors as error:
            self.close()
            raise explain(error, self._device, self._rate) from error

    def quiet_seconds(self) -> float:
        """Return for how long it has not delivered anything; infinity when it never will."""
        try:
            active = bool(self._stream.active)
        except self._errors:
            active = False
        return time.monotonic() - self._latest if active else float("inf")

    def close(self) -> None:
        """Give the device back; a device that is gone is left to a thread of its own after a while."""
        closing = threading.Thread(
            target=portaudio.close_stream, args=(self._stream,), name="closing an input", daemon=True
        )
        closing.start()
        closing.join(PATIENCE_SECONDS)

    def _callback(self, frames: NDArray[np.float32], count: int, _times: Any, status: Any) -> None:
        self._latest = time.monotonic()
        written = self.ring.write(frames[:, self._columns])
        self.beats.append(Beat(self._latest, self.ring.written, bool(status.input_overflow), count - written))


def explain(error: Exception, device: Device, rate: int) -> AudioError:
    """Return in one sentence why an input cannot be opened and what to do, from what PortAudio says."""
    reason = " ".join(str(argument) for argument in error.args)
    code = next((argument for argument in error.args[1:] if isinstance(argument, int)), 0)
    if "denied" in reason.casefold() or "permission" in reason.casefold():
        return AudioError(f"{device.label} may not be used by this program; {_how_to_allow()}.")
    if code == _INVALID_SAMPLE_RATE:
        return RateRefusedError(
            f"{device.label} refuses {rate / 1000:g} kHz, its own rate, which often means that its use is not allowed; "
            f"{_how_to_allow()}, or set another rate in the system's sound settings."
        )
    if code == _DEVICE_UNAVAILABLE or "busy" in reason.casefold():
        return AudioError(f"{device.label} is held by another program; close that or choose another input.")
    if code == _INVALID_CHANNEL_COUNT:
        return AudioError(f"{device.label} does not have so many channels; choose another channel or another input.")
    said = str(error.args[0]).removeprefix("Error opening InputStream: ").removeprefix("Error starting stream: ")
    return AudioError(
        f"{device.label} cannot be opened ({said}); check that it is connected, switched on and known to the system's "
        "sound settings, or choose another input."
    )


_INVALID_CHANNEL_COUNT, _INVALID_SAMPLE_RATE, _DEVICE_UNAVAILABLE = -9998, -9997, -9985  # portaudio.h


def _how_to_allow() -> str:
    if sys.platform == "darwin":
        return "allow it in System Settings > Privacy & Security > Microphone and start it again"
    if sys.platform == "win32":
        return "allow desktop apps to use it in Settings > Privacy & security > Microphone"
    return "join the group “audio” and log in again, or allow it where the sandbox or the desktop asks"
