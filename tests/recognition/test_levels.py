from itertools import pairwise

import numpy as np
import pytest

from tests.conftest import sine
from timbrescope.recognition.levels import LevelStream


@pytest.mark.parametrize("rate", [8000, 11_025, 22_050, 44_100])
def test_levels_are_the_rms_of_each_10_ms(rate: int, rng: np.random.Generator) -> None:
    samples = rng.standard_normal(rate + rate // 300).astype(np.float32)
    stream = LevelStream(rate)
    levels = np.concatenate([stream.push(samples), stream.finish()])
    assert len(levels) == 101  # the last is that of a rest
    assert levels.dtype == np.float32
    borders = [*np.rint(np.arange(101) * rate / 100).astype(int), len(samples)]
    expected = [np.sqrt(np.mean(samples[start:stop].astype(float) ** 2)) for start, stop in pairwise(borders)]
    np.testing.assert_allclose(levels, expected, rtol=1e-6)


@pytest.mark.parametrize("rate", [11_025, 16_000])
def test_any_cut_gives_the_same(rate: int, rng: np.random.Generator) -> None:
    samples = rng.standard_normal(3 * rate + 17).astype(np.float32)
    whole, cut = LevelStream(rate), LevelStream(rate)
    pieces = [cut.push(piece) for piece in np.array_split(samples, np.sort(rng.integers(len(samples), size=150)))]
    np.testing.assert_allclose(
        np.concatenate([*pieces, cut.finish()]), np.concatenate([whole.push(samples), whole.finish()]), rtol=1e-6
    )


def test_a_full_scale_sine_and_silence() -> None:
    loud = LevelStream(16_000).push(sine(1000.0, 0.5, 16_000, level=1.0))
    np.testing.assert_allclose(loud[5:-5], np.sqrt(0.5), rtol=1e-3)
    np.testing.assert_array_equal(LevelStream(16_000).push(np.zeros(800, np.float32)), np.zeros(5))
