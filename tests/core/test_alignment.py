import itertools
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from timbrescope.core import alignment
from timbrescope.core.alignment import FLOOR, AlignmentError, Placed, Slot, align

Scores = NDArray[np.float32]


def posteriors(path: list[int], labels: int, sure: float = 0.9) -> Scores:
    """Return scores that say with some certainty which label each frame has."""
    rows = np.full((len(path), labels), (1 - sure) / (labels - 1), np.float32)
    rows[np.arange(len(path)), path] = sure
    return rows


def reader(rows: Scores) -> alignment.Read:
    return lambda start, stop: rows[start:stop]


def cost_of(found: list[Placed | None], rows: Scores, slots: list[Slot]) -> float:
    total = 0.0
    for one, slot in zip(found, slots, strict=True):
        if one is None:
            total += slot.skip_cost or 0.0
        else:
            total -= float(np.log(np.maximum(rows[one.start : one.stop, slot.columns].sum(axis=1), FLOOR)).sum())
    return total


def every_way(frames: int, slots: list[Slot]) -> list[list[Placed | None]]:
    """Return every way of placing the slots, by counting through them all."""
    ways = []
    for lengths in itertools.product(range(frames + 1), repeat=len(slots)):
        fits = all(
            n >= s.least_frames or (n == 0 and s.skip_cost is not None) for n, s in zip(lengths, slots, strict=True)
        )
        if sum(lengths) == frames and fits:
            ends = np.cumsum(lengths)
            ways.append([Placed(int(e - n), int(e), 0.0) if n else None for n, e in zip(lengths, ends, strict=True)])
    return ways


SLOTS = st.lists(
    st.builds(
        Slot,
        st.sampled_from([(0,), (1,), (2,), (0, 2)]),
        st.integers(1, 3),
        st.one_of(st.none(), st.floats(0, 2)),
    ),
    min_size=1,
    max_size=4,
)


@settings(max_examples=60, deadline=None)
@given(SLOTS, st.integers(1, 7), st.integers(0, 1000))
def test_no_other_way_is_more_probable(slots: list[Slot], frames: int, seed: int) -> None:
    rows = np.random.default_rng(seed).dirichlet(np.full(3, 0.3), frames).astype(np.float32)
    ways = every_way(frames, slots)
    if not ways:
        with pytest.raises(AlignmentError):
            align(reader(rows), frames, slots)
        return
    best = min(cost_of(way, rows, slots) for way in ways)
    assert cost_of(align(reader(rows), frames, slots), rows, slots) == pytest.approx(best, rel=1e-4, abs=1e-3)


def test_a_known_path_is_found_to_the_frame_and_what_is_not_there_left_out() -> None:
    path = [0] * 7 + [1] * 12 + [2] * 5 + [1] * 9 + [0] * 4
    rows = posteriors(path, 4)
    slots = [
        Slot((0,), 1, 0.0),
        Slot((1,), 3),
        Slot((3,), 3, 1.0),  # not sung
        Slot((2,), 3),
        Slot((0,), 1, 0.0),  # no breath
        Slot((1,), 3),
        Slot((0,), 1, 0.0),
    ]
    found = align(reader(rows), len(rows), slots)
    spans = [None if one is None else (one.start, one.stop) for one in found]
    assert spans == [(0, 7), (7, 19), None, (19, 24), None, (24, 33), (33, 37)]
    assert all(one.score == pytest.approx(0.9) for one in found if one)


def test_the_way_does_not_depend_on_how_it_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(4)
    rows = rng.dirichlet(np.full(5, 0.2), 700).astype(np.float32)
    slots = [Slot((int(column),), 3, 0.5 if column == 0 else None) for column in rng.integers(0, 5, 60)]
    whole = align(reader(rows), 700, slots)
    monkeypatch.setattr(alignment, "_LEAST_STRETCH", 1)
    assert align(reader(rows), 700, slots) == whole


def test_a_long_recording_takes_little_memory() -> None:
    frames, count = 6000, 300
    path = np.repeat(np.arange(count) % 9 + 1, frames // count)
    rows = posteriors(path.tolist(), 10)
    slots = [Slot((int(label),), 3) for label in np.arange(count) % 9 + 1]
    tracemalloc.start()
    found = align(reader(rows), frames, slots)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert [one.start for one in found if one] == list(range(0, frames, frames // count))
    assert peak < frames * 3 * count / 4  # a byte for each frame and state would be four times as much


def test_a_text_that_is_too_long_is_told_in_one_sentence() -> None:
    with pytest.raises(AlignmentError, match="at least 30 frames") as error:
        align(reader(posteriors([0] * 5, 2)), 5, [Slot((0,), 10)] * 3)
    assert "\n" not in str(error.value)
