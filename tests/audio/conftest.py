import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.audio.fake_portaudio import FakePortAudio
from tests.sound_card import SoundCard, missing, sound_card


@pytest.fixture
def card() -> Iterator[SoundCard]:
    """A running sound card; the test is skipped where PulseAudio is not installed."""
    reason = missing()
    if reason is not None:
        pytest.skip(f"no sound card can be made: {reason}")
    folder = Path(tempfile.mkdtemp(prefix="ts"))  # pytest's own paths are too long for a socket on some systems
    try:
        with sound_card(folder) as running:
            yield running
    finally:
        shutil.rmtree(folder)


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> FakePortAudio:
    """PortAudio with a microphone, speakers and their monitor, whose sound the test pushes."""
    library = FakePortAudio()
    monkeypatch.setitem(sys.modules, "sounddevice", library)
    return library
