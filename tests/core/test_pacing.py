import numpy as np
import pytest

from timbrescope.core.pacing import Pacing

FRAME = 1 / 60


def run(arrivals: list[tuple[float, float]], seconds: float, start: float = 1000.0) -> np.ndarray:
    """Return what is shown at each frame; arrivals are (moment, end of the sound), the first moment is ``start``."""
    pacing, shown, waiting = Pacing(), [], list(arrivals)
    for moment in start + np.arange(0, seconds, FRAME):
        while waiting and waiting[0][0] <= moment:
            pacing.arrive(*waiting.pop(0))
        shown.append(pacing.now(float(moment)))
    return np.array(shown)


def regular(seconds: float, late: np.ndarray | float = 0.0) -> list[tuple[float, float]]:
    ends = np.arange(0.25, seconds, 0.25)
    moments = 1000 + ends + late
    return list(zip(moments.tolist(), ends.tolist(), strict=True))


def test_portions_at_a_steady_pace_become_an_even_motion() -> None:
    shown = run(regular(20), 20)
    steps = np.diff(shown)[300:]
    assert steps == pytest.approx(np.full(len(steps), FRAME), rel=0.2)
    ends = np.arange(0, 20, FRAME)
    assert np.median(ends[300:] - shown[300:]) < 0.6  # and not much later than need be


def test_uneven_portions_do_not_stop_it(rng: np.random.Generator) -> None:
    late = rng.uniform(0, 0.4, len(regular(30)))
    shown = run(sorted(regular(30, late)), 30)
    steps = np.diff(shown)[600:]
    assert np.mean(steps < 0.25 * FRAME) < 0.02
    assert steps.max() < 4 * FRAME


def test_it_never_runs_back_nor_ahead_of_what_is_there(rng: np.random.Generator) -> None:
    arrivals = sorted(regular(20, rng.uniform(0, 1.5, len(regular(20)))))
    shown = run(arrivals, 25)
    assert (np.diff(shown) >= 0).all()
    for moment, value in zip(1000 + np.arange(0, 25, FRAME), shown, strict=True):
        there = [end for arrived, end in arrivals if arrived <= moment]
        assert value <= max(there, default=0.0) + 1e-9


def test_a_long_wait_at_the_start_is_made_up_for() -> None:
    first = (1006.0, 6.0)  # the models were loaded
    late = [(1006.0 + 1.5, 6.25), *[(moment, end) for moment, end in regular(40) if end > 7.5]]
    shown = run([first, *late], 40)
    assert (40 - FRAME) - shown[-1] < 0.8


def test_a_few_late_portions_do_not_keep_the_picture_behind() -> None:
    ends = np.arange(0.02, 30, 0.02)
    held_up = (ends % 4 > 3.5) & (ends % 4 < 3.99)  # what comes then comes at once, when that is over
    arrivals = [(1000 + end + 0.04, end) for end in ends[~held_up].tolist()]
    shown = run(arrivals, 30)
    behind = np.arange(0, 30, FRAME) - shown
    assert np.median(behind[300:]) < 0.15
