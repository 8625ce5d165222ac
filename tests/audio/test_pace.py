import numpy as np

from timbrescope.audio.pace import Pace

RATE = 1000


def beats(seconds: float, rate: float, seed: int = 0) -> list[tuple[float, int]]:
    """Return calls of 20 ms as they come: late by up to 0.1 s, as when the window paints."""
    rng = np.random.default_rng(seed)
    ends = np.arange(1, round(seconds / 0.02)) * 0.02
    moments = np.maximum.accumulate(ends + rng.exponential(0.005, len(ends)) + (rng.random(len(ends)) < 0.02) * 0.1)
    return [(50 + float(moment), round(end * rate)) for moment, end in zip(moments, ends, strict=True)]


def test_an_uneven_clock_is_no_gap_nor_is_one_that_goes_wrong() -> None:
    for rate in (RATE, RATE * 1.0003, RATE * 0.9997):
        pace = Pace(RATE)
        assert sum(pace.hear(moment, frames) for moment, frames in beats(1800.0, rate)) == 0


def test_a_loss_that_nobody_tells_of_is_noticed_once_and_measured() -> None:
    pace = Pace(RATE)
    filled = 0
    for moment, frames in beats(60.0, RATE):
        lost = 700 if frames > 20_000 else 0
        filled += pace.hear(moment, frames - lost + filled)
    assert abs(filled - 700) < 0.02 * RATE


def test_what_is_missing_after_a_gap_is_what_comes_later_than_usual() -> None:
    pace = Pace(RATE)
    for moment, frames in beats(10.0, RATE):
        pace.hear(moment, frames)
    usual = min(pace.delay(moment, frames) for moment, frames in beats(10.0, RATE))
    assert pace.missing(usual + 3000) == 3000
    assert pace.missing(usual + 2) == 0
    assert abs(pace.due(63.0) - 13_000) < 0.02 * RATE
