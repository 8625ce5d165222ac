"""The room rings as long as it says and its direct sound comes first."""

import numpy as np
import pytest

from training.corpora.small_room import REVERBERATION_SECONDS, impulse_response


@pytest.mark.parametrize("rate", [16_000, 44_100])
def test_the_room_rings_as_long_as_it_says(rate: int) -> None:
    response = impulse_response(rate, np.random.default_rng(1))
    left = np.cumsum(response[::-1] ** 2)[::-1]  # Schroeder's integral
    decibel = 10 * np.log10(left / left[0])
    fallen = [np.argmax(decibel < level) / rate for level in (-5, -25)]
    assert 3 * (fallen[1] - fallen[0]) == pytest.approx(REVERBERATION_SECONDS, rel=0.1)


def test_early_and_late_sound_fit_together() -> None:
    rate = 44_100
    response = impulse_response(rate, np.random.default_rng(1))
    assert response[0] == np.abs(response).max() == pytest.approx(1, abs=0.01)
    early, late = (response[round(a * rate) : round(b * rate)] for a, b in ((0.019, 0.027), (0.027, 0.035)))
    fall = 10 * np.log10(np.sum(early**2) / np.sum(late**2))
    assert fall == pytest.approx(60 * 0.008 / REVERBERATION_SECONDS, abs=1.0)
