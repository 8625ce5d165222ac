import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

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
