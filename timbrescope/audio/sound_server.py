"""Inputs of a PulseAudio or PipeWire server, which PortAudio shows as one: microphones by name, and what is played."""

import json
import logging
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

log = logging.getLogger(__name__)

PORTAUDIO_NAME = "pulse"  # under which PortAudio reaches the server
_PATIENCE_SECONDS = 3.0
_VARIABLE = "PULSE_SOURCE"  # libpulse reads it when it connects


@dataclass(frozen=True, slots=True)
class ServerSource:
    """An input of the server.

    Attributes:
        name: the server's own.
        description: for people.
        channels: samples in each frame.
        rate: in Hz.
    """

    name: str
    description: str
    channels: int
    rate: int


def server_sources() -> list[ServerSource]:
    """Return the inputs of the server; none where there is no server, or no way to ask it."""
    program = shutil.which("pactl") if sys.platform.startswith("linux") else None
    if program is None:
        return []
    try:
        answer = subprocess.run(
            [program, "--format=json", "list", "sources"],
            capture_output=True, timeout=_PATIENCE_SECONDS, check=True,
        )  # fmt: skip
        return [source for entry in json.loads(answer.stdout) if (source := _source(entry)) is not None]
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        log.info("the sound server does not tell its inputs: %s", error)
        return []


@contextmanager
def reached(source: str) -> Iterator[None]:
    """Let what is opened meanwhile under ``PORTAUDIO_NAME`` be that input; an empty name changes nothing."""
    if not source:
        yield
        return
    before = os.environ.get(_VARIABLE)
    os.environ[_VARIABLE] = source
    try:
        yield
    finally:
        if before is None:
            del os.environ[_VARIABLE]
        else:
            os.environ[_VARIABLE] = before


def _source(entry: Any) -> ServerSource | None:
    """Return what an entry of the server's answer describes; None where it makes no sense."""
    try:
        sample_format = str(entry["sample_specification"]).split()  # such as "s16le 2ch 48000Hz"
        return ServerSource(
            str(entry["name"]),
            str(entry["description"]),
            int(sample_format[1].removesuffix("ch")),
            int(sample_format[2].removesuffix("Hz")),
        )
    except (KeyError, IndexError, TypeError, ValueError):
        return None
