import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.audio.fake_portaudio import RATE, FakePortAudio
from timbrescope.audio.live import LiveInput
from timbrescope.audio.sitting import Sitting
from timbrescope.core.errors import AudioError

SOUND = (np.random.default_rng(5).integers(-(2**22), 2**22, (15 * RATE, 4)) / 2**23).astype(np.float32)


@pytest.fixture
def sitting(fake: FakePortAudio, tmp_path: Path) -> Iterator[Sitting]:
    """A sitting at a microphone that keeps three seconds."""
    assert fake.streams == []
    sitting = Sitting(LiveInput(), tmp_path / "kept" / "Heard.flac", 3.0)
    sitting.start()
    yield sitting
    sitting.close()


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline, "too late"
        time.sleep(0.005)


def hear(sitting: Sitting, fake: FakePortAudio, start: float, stop: float) -> None:
    piece = SOUND[round(start * RATE) : round(stop * RATE)]
    before = sitting.input.seconds
    for place in range(0, len(piece), RATE // 50):
        fake.streams[0].push(piece[place : place + RATE // 50])
    until(lambda: sitting.input.seconds >= before + stop - start - 1e-6)


def test_a_take_holds_the_ten_seconds_before_and_what_follows(
    sitting: Sitting, fake: FakePortAudio, tmp_path: Path
) -> None:
    hear(sitting, fake, 0, 11)
    take = sitting.record(tmp_path / "new" / "takes", ".wav", None)
    hear(sitting, fake, 11, 12)
    assert take.seconds == pytest.approx(11)
    assert take.name.startswith("Take 20")
    (file,) = take.finish()
    recorded, rate = soundfile.read(file, dtype="float32")
    assert rate == RATE
    np.testing.assert_array_equal(recorded, SOUND[RATE : 12 * RATE, :2])


def test_all_sound_is_kept_from_the_first_sample_up_to_a_length(sitting: Sitting, fake: FakePortAudio) -> None:
    kept = sitting.kept
    assert kept is not None
    full = []
    for second in range(5):
        hear(sitting, fake, second, second + 1)
        full.append(kept.is_full)
    assert full == [False, False, True, True, True]
    (file,) = kept.finish()
    np.testing.assert_array_equal(soundfile.read(file, dtype="float32")[0], SOUND[: 3 * RATE, :2])


def test_one_can_listen_where_nothing_can_be_kept(fake: FakePortAudio, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    sitting = Sitting(LiveInput(), tmp_path / "file" / "Heard.flac", 3.0)
    assert sitting.kept is None
    assert "another folder" in (sitting.kept_problem or "")
    with pytest.raises(AudioError, match="another folder"):
        sitting.record(tmp_path / "file", ".flac", None)
    sitting.close()
    assert fake.streams[0].closed


def test_closing_makes_every_file_whole(sitting: Sitting, fake: FakePortAudio, tmp_path: Path) -> None:
    hear(sitting, fake, 0, 1)
    sitting.record(tmp_path, ".flac", None)
    listening = threading.Thread(target=lambda: list(sitting.blocks({8000})))
    listening.start()
    sitting.close()
    listening.join(30)
    assert not listening.is_alive()
    assert list(tmp_path.rglob("*.part")) == []
    assert len(list(tmp_path.rglob("*.flac"))) == 2
