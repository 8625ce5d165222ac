from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from timbrescope.core.segments import (
    LEAST_SECONDS,
    Segment,
    Segments,
    delete,
    in_order,
    index_at,
    insert,
    merge,
    move_edge,
    relabel,
    split,
)


@st.composite
def tiers(draw: st.DrawFn) -> Segments:
    """Return segments with and without gaps between them, on a grid of 10 ms."""
    steps = draw(st.lists(st.tuples(st.integers(0, 5), st.integers(1, 20)), min_size=1, max_size=6))
    time, found = 0, []
    for number, (gap, length) in enumerate(steps):
        found.append(Segment((time + gap) / 100, (time + gap + length) / 100, str(number), 0.5))
        time += gap + length
    return tuple(found)


TIMES = st.floats(-1, 3)


def is_sound(segments: Segments) -> bool:
    ordered = all(before.end <= after.start for before, after in pairwise(segments))
    return ordered and all(one.start >= 0 and one.seconds >= LEAST_SECONDS - 1e-12 for one in segments)


@given(tiers(), st.data(), TIMES)
def test_every_edit_keeps_the_order_and_leaves_no_overlap(segments: Segments, data: st.DataObject, time: float) -> None:
    index = data.draw(st.integers(0, len(segments) - 1))
    length = data.draw(st.floats(0, 1))
    edited = [
        move_edge(segments, index, "start", time),
        move_edge(segments, index, "end", time),
        split(segments, index, time),
        merge(segments, index),
        delete(segments, index),
        insert(segments, time, time + length, "new"),
        relabel(segments, index, "other"),
    ]
    assert all(is_sound(one) for one in edited)


@given(tiers(), st.data(), TIMES)
def test_a_moved_edge_takes_the_edge_that_touches_it_along_and_changes_nothing_else(
    segments: Segments, data: st.DataObject, time: float
) -> None:
    index = data.draw(st.integers(0, len(segments) - 1))
    moved = move_edge(segments, index, "end", time)
    touched = index + 1 < len(segments) and segments[index].end == segments[index + 1].start
    assert [one.label for one in moved] == [one.label for one in segments]
    assert moved[index].start == segments[index].start
    if touched:
        assert moved[index].end == moved[index + 1].start
        assert moved == move_edge(segments, index + 1, "start", time)
    assert moved[index + 2 :] == segments[index + 2 :]


def test_splitting_and_merging_gives_back_the_whole_without_its_score() -> None:
    whole = (Segment(0, 1, "a", 0.9), Segment(1, 2, "b", 0.8))
    assert merge(split(whole, 0, 0.4), 0) == (Segment(0, 1, "a"), whole[1])
    assert split(whole, 0, 0.999) == whole
    assert merge(whole, 1) == whole


def test_what_a_person_says_has_no_score() -> None:
    assert relabel((Segment(0, 1, "a", 0.9),), 0, "b") == (Segment(0, 1, "b"),)
    assert relabel((Segment(0, 1, "a", 0.9),), 0, "a") == (Segment(0, 1, "a", 0.9),)


def test_a_new_segment_fills_what_room_there_is() -> None:
    gap = (Segment(0, 1, "a"), Segment(1.5, 2, "b"))
    assert insert(gap, 1.2, 3, "x") == (gap[0], Segment(1.2, 1.5, "x"), gap[1])
    assert insert(gap, 0.5, 3, "x") == (gap[0], Segment(1, 1.5, "x"), gap[1])
    assert insert(gap, 1.8, 2.5, "x") == (*gap, Segment(2, 2.5, "x"))
    assert insert((Segment(0, 1, "a"), Segment(1, 2, "b")), 0.5, 2, "x") == (Segment(0, 1, "a"), Segment(1, 2, "b"))


def test_the_segment_at_a_time() -> None:
    segments = (Segment(0, 1, "a"), Segment(1.5, 2, "b"))
    assert [index_at(segments, time) for time in (-1, 0, 0.99, 1, 1.2, 1.5, 2)] == [None, 0, 0, None, None, 1, None]


def test_segments_are_sorted_and_rounded_times_mended() -> None:
    assert in_order([Segment(1.0, 2, "b"), Segment(0, 1.0004, "a"), Segment(0.5, 0.5, "click")]) == (
        Segment(0, 1.0004, "a"),
        Segment(1.0004, 2, "b"),
    )
    with pytest.raises(ValueError, match='"b" from 0'):
        in_order([Segment(0, 1, "a"), Segment(0.5, 2, "b")])
