"""What is recognised, as Open Sound Control messages for lights, visuals and synthesisers."""

import ipaddress
import re
import socket
from collections.abc import Sequence

from pythonosc.osc_bundle_builder import IMMEDIATELY, OscBundleBuilder
from pythonosc.osc_message_builder import OscMessageBuilder
from pythonosc.udp_client import UDPClient

from timbrescope.core.errors import TimbrescopeError
from timbrescope.core.events import Event
from timbrescope.core.timeline import ScoreSpec
from timbrescope.outputs.output import Moment

PREFIX = "/timbrescope"
LARGEST_BUNDLE = 24  # messages, so that a bundle fits into one packet of 1500 bytes
LOCALHOST = "127.0.0.1"
_RESERVED = re.compile(r"[^A-Za-z0-9._-]+")


def address(text: str) -> tuple[str, int]:
    """Return host and port of "HOST:PORT", ":PORT" or "PORT"; without a host it is this computer.

    Raises:
        TimbrescopeError: it is neither.
    """
    host, _, port = text.strip().rpartition(":")
    host = host.strip("[]") or LOCALHOST
    if not port.isdecimal() or not 0 < int(port) < 2**16:
        raise TimbrescopeError(f"The OSC address “{text}” names no port; give HOST:PORT, such as {LOCALHOST}:9000.")
    try:
        found = socket.getaddrinfo(host, int(port), type=socket.SOCK_DGRAM)
    except OSError as error:
        raise TimbrescopeError(
            f"The OSC address “{text}” cannot be used because {host} is not known; check the name or give its number."
        ) from error
    return str(found[0][4][0]), int(port)


class OscOutput:
    """Sends messages to one address; what nobody receives is lost without a word, as UDP has it.

    Args:
        text: the address as ``address`` takes it.

    Raises:
        TimbrescopeError: the address is none.
    """

    def __init__(self, text: str) -> None:
        host, port = address(text)
        family = socket.AF_INET6 if ipaddress.ip_address(host).version == 6 else socket.AF_INET
        self._client = UDPClient(host, port, family=family)
        self._labels: dict[str, tuple[str, ...]] = {}

    def begin(self, specs: Sequence[ScoreSpec]) -> None:
        """Take the addresses of the labels."""
        self._labels = {
            spec.name: tuple(f"{PREFIX}/score/{_part(spec.name)}/{_part(label)}" for label in spec.labels)
            for spec in specs
        }

    def moment(self, moment: Moment) -> None:
        """Send the score of each label, RMS and peak in dB of full scale, and brightness and pitch in Hz."""
        for model, row in moment.scores.items():
            self._send([(place, (score,)) for place, score in zip(self._labels[model], row.tolist(), strict=True)])
        sound = moment.sound
        about: list[tuple[str, Sequence[float]]] = [(f"{PREFIX}/level", (sound.rms_db, sound.peak_db))]
        if sound.brightness_hz is not None:
            about.append((f"{PREFIX}/brightness", (sound.brightness_hz,)))
        if sound.pitch_hz is not None:
            about.append((f"{PREFIX}/pitch", (sound.pitch_hz,)))
        self._send(about)

    def event(self, event: Event) -> None:
        """Send model, label and second, and of what has left also how long it lasted and its highest score."""
        if event.duration_seconds is None:
            self._send([(f"{PREFIX}/entered", (event.model, event.label, event.seconds))])
        else:
            values = (event.model, event.label, event.seconds, event.duration_seconds, event.peak)
            self._send([(f"{PREFIX}/left", values)])

    def notice(self, sentence: str) -> None:
        """Send it."""
        self._send([(f"{PREFIX}/notice", (sentence,))])

    def close(self) -> None:
        """Give the socket back."""
        self._client.close()

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
