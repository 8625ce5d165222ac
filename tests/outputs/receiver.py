"""A program that receives Open Sound Control, for tests."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager

from pythonosc.osc_bundle import OscBundle
from pythonosc.osc_message import OscMessage


class Receiver:
    """Listens on a port of this computer."""

    def __init__(self, bound: socket.socket) -> None:
        self._socket = bound
        self.port: int = bound.getsockname()[1]

    def messages(self) -> list[OscMessage]:
        """Return what has come since the last time."""
        found: list[OscMessage] = []
        self._socket.settimeout(0.5)
        try:
            while True:
                found += list(OscBundle(self._socket.recv(65536)))
        except TimeoutError:
            return found


@contextmanager
def receiver() -> Iterator[Receiver]:
    """Yield a receiver."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as bound:
        bound.bind(("127.0.0.1", 0))
        yield Receiver(bound)
