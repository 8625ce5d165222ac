from pathlib import Path

import numpy as np
import pytest

from tests.encoded import encode
from timbrescope.audio.file import AudioFile
from timbrescope.audio.whole import read_whole

RATE = 22_050


@pytest.fixture
def sound(rng: np.random.Generator) -> np.ndarray:
    return rng.uniform(-0.5, 0.5, RATE).astype(np.float32)


@pytest.mark.parametrize("name", ["a.wav", "a.flac", "a.aiff"])
def test_gives_the_samples_of_the_file(tmp_path: Path, sound: np.ndarray, name: str) -> None:
    path = encode(tmp_path / name, sound, RATE)
    whole = read_whole(path)
    assert whole is not None
    assert whole[1] == RATE
    np.testing.assert_allclose(whole[0], np.concatenate(list(AudioFile(path).pcm())), atol=1e-6)


def test_leaves_what_is_damaged_missing_or_of_another_kind_to_others(tmp_path: Path, sound: np.ndarray) -> None:
    path = encode(tmp_path / "a.wav", sound, RATE)
    cut = tmp_path / "cut.wav"
    cut.write_bytes(path.read_bytes()[:-5000])
    text = tmp_path / "text.wav"
    text.write_text("no sound")
    for other in (cut, text, encode(tmp_path / "a.mp3", sound, RATE), tmp_path / "missing.wav"):
        assert read_whole(other) is None
