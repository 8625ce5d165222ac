"""Stands in for sounddevice: devices as a test wants them, and inputs that deliver what it pushes."""

import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy.typing import NDArray

RATE = 8000
MICROPHONE = {"name": "USB Audio: - (hw:1,0)", "max_input_channels": 4, "max_output_channels": 0}
SPEAKERS = {"name": "Speakers", "max_input_channels": 0, "max_output_channels": 2}
MONITOR = {"name": "Monitor of Speakers", "max_input_channels": 2, "max_output_channels": 0}


class PortAudioError(Exception):
    """As sounddevice raises it: a sentence and PortAudio's number."""


class Stream:
    """An input whose callback the test calls."""

    def __init__(self, callback: Callable[..., None], samplerate: int, channels: int, device: int) -> None:
        self.callback = callback
        self.rate = samplerate
        self.channels = channels
        self.device = device
        self.active = self.closed = False
        self.refusal: PortAudioError | None = None

    def start(self) -> None:
        if self.refusal is not None:
            raise self.refusal
        self.active = True

    def abort(self, *, ignore_errors: bool) -> None:
        self.active = not ignore_errors

    def close(self, *, ignore_errors: bool) -> None:
        assert ignore_errors
        assert not self.closed, "PortAudio would crash"
        self.closed = True

    def push(self, frames: NDArray[np.float32], *, overflow: bool = False) -> None:
        """Deliver frames, shape (n, channels), as PortAudio's thread does."""
        self.callback(frames, len(frames), None, SimpleNamespace(input_overflow=overflow))

    def play(self, frames: NDArray[np.float32], piece: int = RATE // 50) -> None:
        """Deliver frames at their pace."""
        begin = time.monotonic()
        for start in range(0, len(frames), piece):
            time.sleep(max(0.0, begin + (start + piece) / self.rate - time.monotonic()))
            self.push(frames[start : start + piece])


class FakePortAudio:
    """The module."""

    PortAudioError = PortAudioError

    def __init__(self, *found: dict[str, Any]) -> None:
        self.found = list(found or (MICROPHONE, SPEAKERS, MONITOR))
        self.listed = list(self.found)
        self.refusal: PortAudioError | None = None
        self.refused_rates: set[int] = set()
        self.before_opening: Callable[[], object] = lambda: None
        self.streams: list[Stream] = []

    def query_hostapis(self) -> list[dict[str, Any]]:
        return [{"name": "ALSA"}]

    def query_devices(self, *, kind: str | None = None) -> Any:
        all_devices = [
            {"hostapi": 0, "default_samplerate": float(RATE), "index": index} | device
            for index, device in enumerate(self.listed)
        ]
        if kind is None:
            return all_devices
        fitting = [device for device in all_devices if device[f"max_{kind}_channels"]]
        if not fitting:
            raise PortAudioError("Error querying device -1")
        return fitting[0]

    def check_input_settings(self, **_: Any) -> None:
        pass

    def check_output_settings(self, **_: Any) -> None:
        pass

    def InputStream(  # noqa: N802 - sounddevice's name
        self, *, callback: Callable[..., None], samplerate: int, channels: int, device: int, dtype: str, latency: float
    ) -> Stream:
        assert dtype == "float32"
        assert latency >= 0.25
        self.before_opening()
        if self.refusal is not None:
            raise self.refusal
        if samplerate in self.refused_rates:
            raise PortAudioError("Error opening InputStream: Invalid sample rate", -9997)
        stream = Stream(callback, samplerate, channels, device)
        self.streams.append(stream)
        return stream

    def _terminate(self) -> None:
        assert all(stream.closed for stream in self.streams), "PortAudio would end an open stream"

    def _initialize(self) -> None:
        self.listed = list(self.found)
