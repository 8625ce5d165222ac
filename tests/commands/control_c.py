"""Ctrl-C at the worst moments."""

import signal

import pytest

from timbrescope.audio import compressed_decoder


def press_control_c_while_libav_reads(monkeypatch: pytest.MonkeyPatch, moment: int, presses: int = 1) -> list[str]:
    """Press Ctrl-C in that call, from 1, in which libav reads a file or jumps in it; return the list of all calls."""
    calls: list[str] = []

    def press(name: str) -> None:
        calls.append(name)
        if moment <= len(calls) < moment + presses:
            signal.raise_signal(signal.SIGINT)

    class Pressed(compressed_decoder._Bytes):
        def read(self, size: int | None = -1, /) -> bytes:
            press("read")
            return super().read(size) or b""

        def seek(self, offset: int, whence: int = 0, /) -> int:
            press("seek")
            return super().seek(offset, whence)

    monkeypatch.setattr(compressed_decoder, "_Bytes", Pressed)
    return calls
