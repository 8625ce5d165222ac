import numpy as np
import pytest
from numpy.typing import NDArray

from timbrescope.core.voice import cents_of, notes, vibrato, voice_track

TIMES = np.arange(100) * 0.01


def swinging(rate: float, cents: float, hz: float = 440.0) -> NDArray[np.float64]:
    return np.asarray(hz * 2 ** (cents * np.sin(2 * np.pi * rate * TIMES + 0.4) / 1200))


@pytest.mark.parametrize(("rate", "cents"), [(4.5, 60.0), (5.5, 30.0), (6.0, 100.0), (7.2, 20.0)])
def test_rate_and_extent_of_a_vibrato(rate: float, cents: float) -> None:
    noise = np.random.default_rng(1).normal(0, 2, 100)
    found = vibrato(swinging(rate, cents) * 2 ** (noise / 1200))
    assert found is not None
    assert found.rate_hz == pytest.approx(rate, abs=0.15)
    assert found.extent_cents == pytest.approx(cents, rel=0.1, abs=1.5)


def test_a_glide_does_not_hide_a_vibrato_and_is_none() -> None:
    glide = 2 ** (TIMES * 150 / 1200)
    found = vibrato(swinging(5.5, 50.0) * glide)
    assert found is not None
    assert found.extent_cents == pytest.approx(50, rel=0.1)
    assert vibrato(440 * glide) is None


def test_steady_noisy_short_and_broken_tones_have_no_vibrato() -> None:
    noise = np.random.default_rng(2).normal(0, 30, 100)
    assert vibrato(np.full(100, 440.0)) is None
    assert vibrato(440 * 2 ** (noise / 1200)) is None
    assert vibrato(np.zeros(100)) is None
    paused = swinging(5.5, 50.0)
    paused[80] = 0
    assert vibrato(paused) is None


def test_notes_with_vibrato_stay_whole_and_tell_how_far_off_they_are() -> None:
    low, high = swinging(5.5, 60.0, 440.0 * 2 ** (15 / 1200)), swinging(6.0, 40.0, 493.88)
    pause = np.zeros(20)
    found = notes(np.concatenate([low, pause, high]), 10.0)
    assert [note.midi for note in found] == [69, 71]
    assert found[0].cents == pytest.approx(15, abs=6)
    assert (found[0].start, found[0].end) == pytest.approx((10.0, 11.0), abs=0.1)
    assert (found[1].start, found[1].end) == pytest.approx((11.2, 12.2), abs=0.1)


def test_notes_that_follow_at_once_are_told_apart() -> None:
    found = notes(np.repeat([261.63, 293.66, 329.63], 50), 0.0)
    assert [note.midi for note in found] == [60, 62, 64]
    assert [note.start for note in found] == pytest.approx([0.0, 0.5, 1.0], abs=0.08)


def test_no_pitch_has_no_cents_and_an_octave_has_1200() -> None:
    cents = cents_of(np.array([0.0, 440.0, 880.0]))
    assert np.isnan(cents[0])
    assert list(cents[1:]) == [6900.0, 8100.0]


def test_a_screenful_of_pitch_holds_real_values_only() -> None:
    track = voice_track()
    rows = np.zeros((20_000, 4), np.float32)
    rows[:, 0] = np.where(np.arange(20_000) // 1000 % 2, 440.0, 0.0)
    track.append(rows)
    seen = track.columns(0.0, 200.0, 500).frames[:, 0]
    assert set(np.unique(seen)) == {0.0, 440.0}
    track.close()
