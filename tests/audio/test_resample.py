import numpy as np
import pytest

from timbrescope.audio.resample import Resampler

RATES = (8000, 11025, 44100, 48000, 96000, 192000)
WANTED = (8000, 16000, 44100)


@pytest.mark.parametrize("rate", RATES)
def test_any_block_size_gives_the_samples_of_the_whole(rate: int) -> None:
    sound = np.random.default_rng(rate).standard_normal(rate + 17).astype(np.float32)
    whole = _resample(rate, sound, len(sound))
    for size in (997, 4096, rate // 3):
        for wanted, samples in _resample(rate, sound, size).items():
            np.testing.assert_array_equal(samples, whole[wanted])


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("length", [1, 100, 40_001])
def test_length_is_in_proportion(rate: int, length: int) -> None:
    for wanted, samples in _resample(rate, np.ones(length, np.float32), 1024).items():
        assert samples.dtype == np.float32
        assert abs(len(samples) - length * wanted / rate) <= 1


def test_equal_rate_passes_through() -> None:
    sound = np.random.default_rng(0).standard_normal(5000).astype(np.float32)
    np.testing.assert_array_equal(_resample(44100, sound, 777)[44100], sound)


def test_a_tone_keeps_its_pitch_level_and_place() -> None:
    time = np.arange(44100) / 44100
    out = _resample(44100, np.sin(2 * np.pi * 440 * time).astype(np.float32), 5000)[16000]
    wanted = np.sin(2 * np.pi * 440 * np.arange(16000) / 16000)
    assert np.abs(out - wanted)[200:-200].max() < 1e-3


def _resample(rate: int, sound: np.ndarray, size: int) -> dict[int, np.ndarray]:
    resampler = Resampler(rate, WANTED)
    pushed = [resampler.push(sound[start : start + size]) for start in range(0, len(sound), size)]
    pushed.append(resampler.finish())
    return {wanted: np.concatenate([part[wanted] for part in pushed]) for wanted in WANTED}
