"""What is recognised, as Open Sound Control messages for lights, visuals and synthesisers."""

import ipaddress
import math
import re
import socket
import time
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from pythonosc.osc_bundle_builder import IMMEDIATELY, OscBundleBuilder
from pythonosc.osc_message_builder import OscMessageBuilder
from pythonosc.udp_client import UDPClient

from timbrescope.audio.meter import Level
from timbrescope.commands.listening import Turn
from timbrescope.core.errors import TimbrescopeError
from timbrescope.core.timeline import ScoreSpec

PREFIX = "/timbrescope"
PER_SECOND = 10  # rounds of scores of a model, and of levels
LARGEST_BUNDLE = 24  # messages, so that a bundle fits into one packet of 1500 bytes
LOCALHOST = "127.0.0.1"
_SILENCE_DB = -120.0
_RESERVED = re.compile(r"[^A-Za-z0-9._-]+")


def address(text: str) -> tuple[str, int]:
    """Return host and port of "HOST:PORT", ":PORT" or "PORT"; without a host it is this computer.

    Raises:
        TimbrescopeError: it is neither.
    """
    host, _, port = text.rpartition(":")
    host = host.strip("[]") or LOCALHOST
    if not port.isdecimal() or not 0 < int(port) < 2**16:
        raise TimbrescopeError(f"--osc {text} names no port; give HOST:PORT, such as {LOCALHOST}:9000.")
    try:
        found = socket.getaddrinfo(host, int(port), type=socket.SOCK_DGRAM)
    except OSError as error:
        raise TimbrescopeError(f"--osc {text}: {host} is not known; check the name or give its address.") from error
    return str(found[0][4][0]), int(port)


class OscReport:
    """Sends messages to one address; what nobody receives is lost without a word, as UDP has it.

    Args:
        text: the address as ``address`` takes it.
        level: tells how loud the input is.

    Raises:
        TimbrescopeError: the address is none.
    """

    def __init__(self, text: str, level: Callable[[], Level]) -> None:
        host, port = address(text)
        family = socket.AF_INET6 if ipaddress.ip_address(host).version == 6 else socket.AF_INET
        self._client = UDPClient(host, port, family=family)
        self._level = level
        self._sent: dict[str, float] = {}  # what -> when

    def begin(self, device: str, rate: int, specs: Sequence[ScoreSpec]) -> None:
        """Send nothing."""

    def rows(self, spec: ScoreSpec, first: int, scores: NDArray[np.float32]) -> None:  # noqa: ARG002 - as Report has it
        """Send the newest score of each label, and how loud it is in dB of full scale: RMS and peak."""
        if len(scores) and self._is_due(spec.name):
            place = f"{PREFIX}/score/{_part(spec.name)}"
            newest = zip(spec.labels, scores[-1].tolist(), strict=True)
            self._send([(f"{place}/{_part(label)}", (score,)) for label, score in newest])
        if self._is_due("level"):
            level = self._level()
            self._send([(f"{PREFIX}/level", (_decibels(level.rms), _decibels(level.peak)))])

    def turns(self, spec: ScoreSpec, turns: Sequence[Turn]) -> None:
        """Send at once what enters and leaves: model, label and second."""
        self._send(
            [
                (f"{PREFIX}/{'entered' if turn.enters else 'left'}", (spec.name, turn.label, turn.seconds))
                for turn in turns
            ]
        )

    def notice(self, sentence: str) -> None:
        """Send it."""
        self._send([(f"{PREFIX}/notice", (sentence,))])

    def end(self, seconds: float, dropouts: int, lost_seconds: float, takes: Sequence[str]) -> None:
        """Send nothing."""

    def close(self) -> None:
        """Give the socket back."""
        self._client.close()

    def _is_due(self, what: str) -> bool:
        """Tell whether something may be sent again: ten times a second at most."""
        now = time.monotonic()
        if now - self._sent.get(what, -1.0) < 1 / PER_SECOND:
            return False
        self._sent[what] = now
        return True

    def _send(self, messages: Sequence[tuple[str, Sequence[str | float]]]) -> None:
        for start in range(0, len(messages), LARGEST_BUNDLE):
            bundle = OscBundleBuilder(IMMEDIATELY)
            for place, values in messages[start : start + LARGEST_BUNDLE]:
                message = OscMessageBuilder(place)
                for value in values:
                    message.add_arg(value, "s" if isinstance(value, str) else "f")
                bundle.add_content(message.build())
            try:
                self._client.send(bundle.build())
            except OSError:
                return  # nobody listens, or the network is gone; the next round tries again


def _part(name: str) -> str:
    """Return a name as a part of an address, in which OSC allows neither blanks nor some signs."""
    return _RESERVED.sub("_", name).strip("_") or "_"


def _decibels(amplitude: float) -> float:
    return max(_SILENCE_DB, 20 * math.log10(amplitude)) if amplitude > 0 else _SILENCE_DB
