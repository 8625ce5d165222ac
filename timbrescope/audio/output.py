"""Where played sound goes: a sound card through PortAudio, or nowhere at the same pace."""

import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from timbrescope.audio import portaudio
from timbrescope.core.errors import AudioError

Pull = Callable[[NDArray[np.float32], float], None]
"""Fills a buffer, shape (n, channels), that will be heard from a moment of ``time.monotonic()`` on."""

LATENCY_SECONDS = 0.1  # long enough for a busy interpreter, short enough that a jump is heard at once
LONGEST_STALL_SECONDS = 5.0  # wireless cards take some seconds to wake up; one that asks for nothing longer is gone
TICK_SECONDS = 0.02


class Output(Protocol):
    """Something that pulls sound while it is started; one thread at a time calls it."""

    rate: int
    channels: int

    @property
    def lost(self) -> bool:
        """It was started and has stopped asking for sound."""

    def start(self) -> None:
        """Begin to pull; does nothing when started.

        Raises:
            AudioError: the card refuses.
        """

    def stop(self) -> None:
        """Stop at once, without playing what has been pulled."""

    def close(self) -> None:
        """Give the card and every thread back."""


class SoundCard:
    """The system's default output through PortAudio.

    Args:
        rate: wished rate in Hz; ``rate`` says what the card really takes.
        pull: called in PortAudio's thread.

    Raises:
        AudioError: PortAudio is missing, there is no output, or it refuses; the sentence says which.
    """

    def __init__(self, rate: int, pull: Pull) -> None:
        library = portaudio.load()
        try:
            device = library.query_devices(kind="output")
        except (library.PortAudioError, ValueError) as error:
            raise AudioError(
                "There is no sound because no output device was found; connect one and press play again."
            ) from error
        self.channels = min(2, int(device["max_output_channels"]))
        self._pull = pull
        self._pulled = 0.0  # when sound was last asked for; 0 while stopped
        self._errors = library.PortAudioError
        for self.rate in (rate, int(device["default_samplerate"])):
            try:
                self._stream = portaudio.open_stream(
                    partial(
                        library.OutputStream,
                        samplerate=self.rate,
                        channels=self.channels,
                        dtype="float32",
                        latency=LATENCY_SECONDS,
                        callback=self._callback,
                    )
                )
            except self._errors as error:
                refusal = error
            else:
                return
        raise AudioError(
            f"There is no sound because {device['name']} refuses to play ({refusal.args[0]}); close other programs "
            "that hold it and press play again."
        ) from refusal

    @property
    def lost(self) -> bool:
        """It was started and has stopped asking for sound."""
        if self._pulled == 0:
            return False
        try:
            return not self._stream.active or time.monotonic() - self._pulled > LONGEST_STALL_SECONDS
        except self._errors:
            return True

    def start(self) -> None:
        """Begin to pull; does nothing when started."""
        if self._pulled > 0:
            return
        try:
            self._pulled = time.monotonic()
            self._stream.start()
        except self._errors as error:
            raise AudioError(
                f"There is no sound because the sound card does not start ({error.args[0]}); check its connection and "
                "press play again."
            ) from error

    def stop(self) -> None:
        """Stop at once, without playing what has been pulled."""
        self._stream.abort(ignore_errors=True)
        self._pulled = 0.0

    def close(self) -> None:
        """Give the card back."""
        portaudio.close_stream(self._stream)

    def _callback(self, out: NDArray[np.float32], _frames: int, times: Any, _status: Any) -> None:
        now = time.monotonic()
        self._pulled = now
        delay = times.outputBufferDacTime - times.currentTime
        if not 0 <= delay < 5:  # some drivers leave these times empty
            delay = self._stream.latency
        self._pull(out, now + delay)


class NoCard:
    """Pulls sound at its own rate and lets it vanish, so that the playhead moves without a sound card.

    Args:
        rate: in Hz.
        channels: of the buffers.
        pull: called in a thread of its own.
    """

    lost = False

    def __init__(self, rate: int, channels: int, pull: Pull) -> None:
        self.rate = rate
        self.channels = channels
        self._pull = pull
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to pull; does nothing when started."""
        if self._thread is None:
            self._stopped.clear()
            self._thread = threading.Thread(target=self._run, name="silent playback", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Stop at once."""
        if self._thread is not None:
            self._stopped.set()
            self._thread.join()
            self._thread = None

    def close(self) -> None:
        """Give the thread back."""
        self.stop()

    def _run(self) -> None:
        due = time.monotonic()
        while not self._stopped.wait(TICK_SECONDS):
            now = time.monotonic()
            count = int((now - due) * self.rate)
            self._pull(np.empty((count, self.channels), np.float32), now)
            due += count / self.rate
