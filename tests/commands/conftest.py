"""The sound devices of tests/audio."""

from tests.audio.conftest import card, fake

__all__ = ["card", "fake"]
