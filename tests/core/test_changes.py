from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from timbrescope.core.changes import TOGETHER_SECONDS, Change, changes
from timbrescope.core.noteworthy import Heard
from timbrescope.core.timeline import ScoreSpec

HOP = 0.5


def heard(scores: NDArray[np.float64], *labels: str, kind: str = "instruments", hop: float = HOP) -> Heard:
    return Heard(ScoreSpec(kind, kind, labels, hop, hop), scores.astype(np.float32), scores.mean(axis=0))


def rows(*courses: str) -> NDArray[np.float64]:
    """One string a label, one character a second."""
    seconds = np.array([[0.9 if sign == "x" else 0.1 for sign in course] for course in courses]).T
    return np.repeat(seconds, round(1 / HOP), axis=0)


def test_what_enters_and_leaves_is_told_with_its_time() -> None:
    found = [
        heard(rows("xxxxxxxxxx..........", "..........xxxxxxxxxx", "...............xxxxx"), "piano", "flute", "drums")
    ]
    told = changes(found, 20.0)
    assert [(change.entered, change.left) for change in told] == [
        (("piano",), ()),
        (("flute",), ("piano",)),
        (("drums",), ()),
    ]
    assert [change.seconds for change in told] == pytest.approx([0.0, 10.0, 15.0], abs=1.0)


def test_a_moment_is_no_change(rng: np.random.Generator) -> None:
    assert changes([heard(rows("....." + "x" + "....."), "piano")], 11.0) == []
    assert changes([heard(rows("xxxxxxxxx.xxxxxxxxx"), "piano")], 19.0) == [Change(0.0, ("piano",), ())]
    noise = 0.45 + rng.uniform(-0.1, 0.1, (400, 1))
    assert np.count_nonzero(np.diff(noise[:, 0] >= 0.5)) > 100
    assert len(changes([heard(noise, "piano")], 200.0)) <= 2


def test_a_tag_moves_to_the_change_of_an_instrument_beside_it() -> None:
    instruments = heard(rows("..........xxxxxxxxxx"), "drums")
    tags = heard(rows(".........xxxxxxxxxxx", "xxxxxxxxx..........."), "rock", "Classic", kind="tags")
    told = changes([tags, instruments], 20.0)
    assert [(change.entered, change.left) for change in told] == [
        (("classical",), ()),
        (("drums", "rock"), ("classical",)),
    ]
    assert told[1].seconds == changes([instruments], 20.0)[0].seconds


def test_synonyms_are_one_and_what_instruments_answer_for_is_left_out() -> None:
    tags = rows("xxxxxxxxxx..........", ".........xxxxxxxxxxx", "xxxxxxxxxx..........", "xxxxxxxxxx..........")
    found = [heard(tags, "woman", "female", "piano", "no vocals", kind="tags"), heard(rows("." * 20), "piano")]
    assert changes(found, 20.0) == [Change(0.0, ("female voice",), ())]


def test_phonemes_are_no_change() -> None:
    assert changes([heard(rows("xxxxxxxx......."), "sil", kind="phonemes")], 15.0) == []


def test_nothing_heard_is_no_change() -> None:
    assert changes([], 5.0) == []
    spec = ScoreSpec("model", "instruments", ("piano",), HOP, HOP)
    assert changes([Heard(spec, np.zeros((0, 1)), np.zeros(1))], 5.0) == []


course = st.lists(st.sampled_from([0.05, 0.3, 0.45, 0.55, 0.95]), min_size=3, max_size=120)


@given(course, course, course)
def test_changes_replay_and_keep_their_distance(first: list[float], second: list[float], third: list[float]) -> None:
    length = min(map(len, (first, second, third)))
    scores = np.array([first[:length], second[:length], third[:length]]).T
    duration = length * HOP
    found = [heard(scores[:, :2], "piano", "drums"), heard(scores[:, 2:], "loud", kind="tags")]
    told = changes(found, duration)
    sounding: set[str] = set()
    for change in told:
        assert change.entered or change.left
        assert not sounding & set(change.entered)
        assert set(change.left) <= sounding
        sounding = (sounding | set(change.entered)) - set(change.left)
    times = [change.seconds for change in told]
    assert all(later - earlier >= TOGETHER_SECONDS for earlier, later in pairwise(times))
    assert all(0 <= seconds < duration for seconds in times)
