import numpy as np
import pytest
from numpy.typing import NDArray

from timbrescope.core.loudness import QUIETEST, RELEASE_DB, ClipScores, row_weights, weighed_mean

HOP, WINDOW, ROWS = 0.25, 1.0, 37
SECONDS = (ROWS - 1) * HOP + WINDOW


@pytest.fixture
def levels(rng: np.random.Generator) -> NDArray[np.float32]:
    return (rng.random(round(SECONDS * 100)) ** 4).astype(np.float32)


@pytest.fixture
def rows(rng: np.random.Generator) -> NDArray[np.float32]:
    return rng.random((ROWS, 3)).astype(np.float32)


def clip_scores(
    levels: NDArray[np.float32], rows: NDArray[np.float32], step: int, *, late: int = 0
) -> tuple[NDArray[np.float64], int]:
    """Give levels in steps of 10 ms and each row as soon as its sound is over; return the mean and the most kept."""
    clip = ClipScores(rows.shape[1], HOP, WINDOW)
    given, kept = 0, 0
    for heard in range(0, len(levels) + step, step):
        clip.hear(levels[max(0, heard - step - late) : max(0, heard - late)])
        ready = max(given, int((min(heard, len(levels)) / 100 - WINDOW) // HOP + 1))
        clip.append(rows[given:ready])
        given = ready
        kept = max(kept, len(clip._levels) + len(clip._waiting))
    clip.hear(levels[max(0, heard - late) :])
    return clip.value, kept


def test_a_row_counts_by_its_energy_against_what_came_before() -> None:
    levels = np.repeat([0.0, 0.4, 0.2, 0.0], 100).astype(np.float32)
    found = row_weights(levels, 4, 1.0, 1.0)
    release = 10 ** (RELEASE_DB / 20)
    np.testing.assert_allclose(found, [0.0, 1.0, (0.5 * release) ** 2, 0.0], atol=1e-6)


def test_a_quiet_movement_counts_as_much_as_a_loud_one() -> None:
    levels = np.repeat([0.5, 0.05], 12_000).astype(np.float32)  # 20 dB apart, two minutes each
    weights = row_weights(levels, 240, 1.0, 1.0)
    assert weights[120:].mean() > 0.85 * weights[:120].mean()


def test_noise_before_a_note_hardly_counts() -> None:
    levels = np.repeat([QUIETEST / 10, 0.5], 100).astype(np.float32)
    np.testing.assert_allclose(row_weights(levels, 2, 1.0, 1.0), [0.01, 1.0], rtol=1e-5)


def test_after_the_end_there_is_silence() -> None:
    np.testing.assert_allclose(row_weights(np.full(50, 0.2, np.float32), 2, 1.0, 2.0), [1.0, 0.0], atol=1e-7)


def test_hops_that_are_no_whole_number_of_levels_do_not_drift() -> None:
    hop, rows = 0.0149, 10_000
    levels = np.zeros(round(rows * hop * 100) + 200, np.float32)
    levels[-200:] = 1.0
    loud = np.flatnonzero(row_weights(levels, rows, hop, 0.1))
    assert abs(loud[0] * hop - ((len(levels) - 200) / 100 - 0.1)) < 0.02


def test_the_mean_goes_by_loudness() -> None:
    rows = np.array([[1.0, 0.0], [0.0, 1.0]])
    np.testing.assert_allclose(weighed_mean(rows, np.array([0.3, 0.1])), [0.75, 0.25])


def test_equally_loud_rows_and_silent_ones_count_alike(rows: NDArray[np.float32]) -> None:
    for level in (0.0, 1e-4, 0.7):
        np.testing.assert_allclose(weighed_mean(rows, np.full(ROWS, level)), rows.mean(axis=0), rtol=1e-6)


@pytest.mark.parametrize("step", [1, 7, 100, 10_000])
@pytest.mark.parametrize("late", [0, 3, 60])
def test_the_mean_so_far_is_that_of_the_whole_however_it_comes(
    step: int, late: int, levels: NDArray[np.float32], rows: NDArray[np.float32]
) -> None:
    value, _ = clip_scores(levels, rows, step, late=late)
    np.testing.assert_allclose(value, weighed_mean(rows, row_weights(levels, ROWS, HOP, WINDOW)), rtol=1e-6)


def test_only_the_sound_of_rows_to_come_is_kept(levels: NDArray[np.float32], rows: NDArray[np.float32]) -> None:
    _, kept = clip_scores(np.tile(levels, 20), np.tile(rows, (22, 1)), 10)
    assert kept <= 100 * (WINDOW + HOP) + 10


def test_rows_further_apart_than_they_are_long_leave_sound_out() -> None:
    clip = ClipScores(1, 2.0, 1.0)
    for second, level in enumerate((0.1, 0.9, 0.2, 0.9, 0.4, 0.9)):  # rows describe seconds 0, 2 and 4
        clip.hear(np.full(100, level, np.float32))
        if second % 2 == 0:
            clip.append(np.array([[second]], np.float32))
    assert clip.value[0] == pytest.approx((0 + 2 + 4) / 3, rel=1e-6)


def test_silence_gives_the_plain_mean_and_nothing_gives_zeros(rows: NDArray[np.float32]) -> None:
    clip = ClipScores(3, HOP, WINDOW)
    np.testing.assert_array_equal(clip.value, np.zeros(3))
    clip.hear(np.zeros(500, np.float32))
    clip.append(rows)
    np.testing.assert_allclose(clip.value, rows.mean(axis=0), rtol=1e-6)
