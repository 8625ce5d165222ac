from itertools import pairwise

import numpy as np
import pytest

from timbrescope.core.now_playing import Active, Hysteresis, NowPlaying

TICK = 0.2


def playing(*, smoothing: float = 0.5, hold: float = 0.8, labels: tuple[str, ...] = ("a", "b", "c")) -> NowPlaying:
    return NowPlaying(labels, Hysteresis(smoothing, enter=0.5, leave=0.3, hold_seconds=hold))


def names(active: list[Active]) -> list[str]:
    return [entry.label for entry in active]


@pytest.mark.parametrize("threshold", [0.5, 0.3])
@pytest.mark.parametrize("smoothing", [0.0, 0.5])
def test_scores_that_jitter_around_one_threshold_do_not_flicker(
    threshold: float, smoothing: float, rng: np.random.Generator
) -> None:
    now = playing(smoothing=smoothing, hold=0.0, labels=("a",))
    now.update(0.0, [0.9])
    scores = threshold + rng.uniform(-0.15, 0.15, 400)
    shown = [bool(now.update((tick + 1) * TICK, [score])) for tick, score in enumerate(scores)]
    assert sum(before != after for before, after in pairwise(shown)) <= 1


def test_without_hysteresis_the_same_scores_would_flicker(rng: np.random.Generator) -> None:
    now = NowPlaying(("a",), Hysteresis(0.0, enter=0.5, leave=0.5, hold_seconds=0.0))
    shown = [bool(now.update(tick * TICK, [score])) for tick, score in enumerate(rng.uniform(0.35, 0.65, 400))]
    assert sum(before != after for before, after in pairwise(shown)) > 50


def test_what_stays_never_changes_places(rng: np.random.Generator) -> None:
    now = playing()
    before: list[str] = []
    changes = 0
    for tick in range(600):
        after = names(now.update(tick * TICK, rng.uniform(0, 1, 3) ** 0.7))
        assert [label for label in before if label in after] == after[: len([x for x in before if x in after])]
        changes += after != before
        before = after
    assert changes > 5


def test_labels_that_enter_together_stand_in_the_order_of_strength() -> None:
    assert playing().update(0.0, [0.6, 0.1, 0.9]) == [Active("c", 0.9), Active("a", 0.6)]


@pytest.mark.parametrize("smoothing", [0.1, 0.5, 2.0])
@pytest.mark.parametrize("score", [0.6, 0.9])
def test_the_delay_is_that_of_the_smoothing(smoothing: float, score: float) -> None:
    now = playing(smoothing=smoothing, labels=("a",))
    now.update(0.0, [0.0])
    tick = 0
    while not now.update((tick := tick + 1) * TICK, [score]):
        assert tick < 1000
    due = -smoothing * np.log(1 - 0.5 / score)
    assert due <= tick * TICK + 1e-9
    assert tick * TICK < due + TICK


def test_how_often_it_is_asked_makes_no_difference() -> None:
    seldom, often = playing(), playing()
    for now, ticks in ((seldom, 5), (often, 50)):
        now.update(0.0, [0.0, 1.0, 0.5])
        for tick in range(ticks):
            last = now.update((tick + 1) / ticks, [1.0, 0.0, 0.5])
        if now is seldom:
            expected = last
    assert names(last) == names(expected)
    assert [entry.level for entry in last] == pytest.approx([entry.level for entry in expected])


def test_a_short_sound_stays_long_enough_to_be_read() -> None:
    now = playing(smoothing=0.0, hold=0.8, labels=("a",))
    shown = [bool(now.update(tick * TICK, [1.0 if tick == 5 else 0.0])) for tick in range(15)]
    assert shown.count(True) == 4
    assert shown[5:9] == [True] * 4


def test_seeking_back_starts_anew() -> None:
    now = playing()
    for tick in range(20):
        now.update(10 + tick * TICK, [1.0, 1.0, 0.0])
    assert now.update(3.0, [0.0, 0.2, 0.7]) == [Active("c", 0.7)]


def test_the_same_time_again_changes_nothing() -> None:
    for smoothing in (0.0, 0.5):
        now = playing(smoothing=smoothing)
        first = now.update(1.0, [0.9, 0.1, 0.6])
        assert now.update(1.0, [0.0, 1.0, 0.0]) == first


def test_nothing_sounds_in_silence() -> None:
    now = playing()
    now.update(0.0, [0.9, 0.9, 0.9])
    assert now.update(30.0, [0.01, 0.0, 0.1]) == []


def test_a_threshold_for_leaving_above_that_for_entering_counts_as_equal() -> None:
    now = NowPlaying(("a",), Hysteresis(0.0, enter=0.5, leave=0.9, hold_seconds=0.0))
    assert all(now.update(tick * TICK, [0.6]) for tick in range(10))


def test_each_label_enters_and_leaves_by_its_own_threshold() -> None:
    hysteresis = Hysteresis(0.0, enter=0.6, leave=0.4, hold_seconds=0.0)
    now = NowPlaying(("rare", "plain", "sure"), hysteresis, thresholds=(0.2, 0.5, 0.7))
    assert names(now.update(0.0, [0.23, 0.59, 0.83])) == []
    assert names(now.update(1.0, [0.25, 0.61, 0.85])) == ["sure", "plain", "rare"]
    assert names(now.update(2.0, [0.17, 0.41, 0.57])) == ["sure", "plain", "rare"]
    assert names(now.update(3.0, [0.15, 0.39, 0.55])) == []


def test_no_threshold_is_beyond_reach() -> None:
    now = NowPlaying(("a",), Hysteresis(0.0, enter=0.95, leave=0.9, hold_seconds=0.0), thresholds=(0.8,))
    assert names(now.update(0.0, [0.98])) == []
    assert names(now.update(1.0, [1.0])) == ["a"]
