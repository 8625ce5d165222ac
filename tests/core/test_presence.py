import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from timbrescope.core.presence import JOINED_SECONDS, Presence, presences, shares
from timbrescope.core.timeline import ScoreSpec

LABELS = ("drums", "flute", "piano")


def spec(*, hop: float = 0.5, window: float = 1.0, thresholds: tuple[float, ...] = ()) -> ScoreSpec:
    return ScoreSpec("model", "instruments", LABELS, hop, window, thresholds)


def rows(*loud: str) -> NDArray[np.float32]:
    """One string a label, one character a row."""
    return np.array([[0.9 if sign == "x" else 0.1 for sign in label] for label in loud], np.float32).T


def test_each_row_counts_for_the_middle_of_its_window_and_the_ends_belong_to_the_outer_ones() -> None:
    found = presences(spec(), rows("xx..", "...x", "...."), 3.0)
    assert [(one.label, one.stretches) for one in found] == [
        ("drums", ((0.0, 1.25),)),
        ("flute", ((1.75, 3.0),)),
        (None, ((1.25, 1.75),)),
    ]
    assert [one.share for one in found] == pytest.approx([1.25 / 3, 1.25 / 3, 0.5 / 3])


def test_where_nothing_is_present_the_whole_time_is_without() -> None:
    assert presences(spec(), rows("....", "....", "...."), 3.0) == [Presence(None, 1.0, ((0.0, 3.0),))]


def test_each_label_has_its_own_threshold() -> None:
    scores = np.full((4, 3), 0.6, np.float32)
    found = presences(spec(thresholds=(0.7, 0.6, 0.2)), scores, 3.0)
    assert [(one.label, one.share) for one in found] == [("flute", 1.0), ("piano", 1.0)]


def test_short_gaps_are_joined_and_long_ones_are_not() -> None:
    short = round(JOINED_SECONDS / 0.5)
    scores = rows("x" + "." * short + "x", "." * (short + 2), "." * (short + 2))
    assert presences(spec(), scores, 10.0)[0].stretches == ((0.0, 10.0),)
    assert presences(spec(), scores, 10.0)[1].stretches == ((0.75, 1.75),)
    scores = rows("x" + "." * (short + 1) + "x", "." * (short + 3), "." * (short + 3))
    assert len(presences(spec(), scores, 10.0)[0].stretches) == 2


@given(
    st.lists(st.tuples(st.booleans(), st.booleans(), st.booleans()), min_size=1, max_size=40),
    st.sampled_from([0.1, 0.5, 1.0, 3.0]),
)
def test_the_time_with_any_label_and_the_time_without_are_the_whole(
    pattern: list[tuple[bool, bool, bool]], hop: float
) -> None:
    scores = np.array(pattern, np.float32)
    duration = (len(scores) - 1) * hop + 1.0
    found = {one.label: one for one in presences(spec(hop=hop), scores, duration)}
    without = found[None].share if None in found else 0.0
    longest = max((found[label].share for label in LABELS if label in found), default=0.0)
    together = sum(found[label].share for label in LABELS if label in found)
    assert longest <= 1 - without + 1e-9 <= together + 2e-9
    for one in found.values():
        ends = np.ravel(one.stretches)
        assert np.all(np.diff(ends) > 0)
        assert 0 <= ends[0] < ends[-1] <= duration
        assert np.diff(ends)[::2].sum() >= one.share * duration - 1e-9


def test_a_recording_shorter_than_a_window_is_one_stretch() -> None:
    assert presences(spec(), rows("x", ".", "."), 0.3) == [Presence("drums", 1.0, ((0.0, 0.3),))]
    assert presences(spec(), rows("", "", ""), 0.3) == []


def test_a_short_sound_in_between_divides_the_time_without() -> None:
    without = presences(spec(), rows("..x..", ".....", "....."), 5.0)[1]
    assert without == Presence(None, 0.9, ((0.0, 1.25), (1.75, 5.0)))


def test_shares_are_those_of_the_presences() -> None:
    found = {one.label: one.share for one in presences(spec(), rows("xx..", "...x", "...."), 3.0)}
    np.testing.assert_allclose(
        shares(spec(), rows("xx..", "...x", "...."), 3.0), [found.get(label, 0.0) for label in LABELS]
    )
    np.testing.assert_array_equal(shares(spec(), rows("", "", ""), 3.0), np.zeros(3))
