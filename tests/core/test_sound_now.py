import numpy as np
import pytest

from timbrescope.core import picture
from timbrescope.core.sound_now import SILENCE_DB, Sound, decibels, describe_sound
from timbrescope.core.voice import COLUMNS, F0

NO_PEAKS = np.empty((0, 2), np.int16)
NO_VOICE = np.empty((0, COLUMNS), np.float32)


def column(hz: float, level_db: float) -> np.ndarray[tuple[int, int], np.dtype[np.uint8]]:
    """Return a column of the picture in which one frequency sounds."""
    mel = np.zeros((1, picture.N_MELS), np.uint8)
    mel[0, int(picture.band_of(hz))] = picture.quantise(level_db)
    return mel


def test_level_and_peak_are_in_decibels_of_full_scale() -> None:
    sound = describe_sound(np.full(25, 0.1), np.array([[-16384, 3000]], np.int16), column(440.0, -20.0), NO_VOICE)
    assert sound.rms_db == pytest.approx(-20.0)
    assert sound.peak_db == pytest.approx(-6.02, abs=0.01)


@pytest.mark.parametrize("hz", [55.0, 440.0, 8000.0])
def test_one_tone_is_as_bright_as_it_is_high(hz: float) -> None:
    assert describe_sound(np.empty(0), NO_PEAKS, column(hz, -20.0), NO_VOICE).brightness_hz == pytest.approx(
        hz, rel=0.05
    )


def test_what_is_louder_counts_more() -> None:
    low = describe_sound(np.empty(0), NO_PEAKS, np.maximum(column(100.0, -10.0), column(4000.0, -30.0)), NO_VOICE)
    high = describe_sound(np.empty(0), NO_PEAKS, np.maximum(column(100.0, -30.0), column(4000.0, -10.0)), NO_VOICE)
    assert low.brightness_hz is not None
    assert high.brightness_hz is not None
    assert low.brightness_hz < 500
    assert high.brightness_hz > 3500


def test_of_silence_and_of_nothing_there_is_no_brightness() -> None:
    silent = np.zeros((25, picture.N_MELS), np.uint8)
    assert describe_sound(np.zeros(25), np.zeros((25, 2), np.int16), silent, NO_VOICE) == Sound()
    assert describe_sound(np.empty(0), NO_PEAKS, silent[:0], NO_VOICE) == Sound(SILENCE_DB, SILENCE_DB, None)
    assert decibels(0.0) == SILENCE_DB


def test_the_pitch_is_that_of_what_is_voiced() -> None:
    voice = np.zeros((25, COLUMNS), np.float32)
    assert describe_sound(np.empty(0), NO_PEAKS, column(440.0, -20.0), voice).pitch_hz is None
    voice[10:, F0] = 220.0
    voice[12, F0] = 440.0
    assert describe_sound(np.empty(0), NO_PEAKS, column(440.0, -20.0), voice).pitch_hz == 220.0
