from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from timbrescope.core.events import Event, EventFollower, event_followers, find_events
from timbrescope.core.noteworthy import Heard
from timbrescope.core.now_playing import Hysteresis
from timbrescope.core.timeline import ScoreSpec

SHARP = Hysteresis(smoothing_seconds=0.0, enter=0.5, leave=0.3, hold_seconds=0.0)
SPEC = ScoreSpec("model", "instruments", ("flute", "drums"), hop_seconds=0.5, window_seconds=1.0)


def rows(*flute: float) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    """Return scores in which only the flute changes."""
    return np.stack([np.array(flute, np.float32), np.zeros(len(flute), np.float32)], axis=1)


def found(scores: np.ndarray[tuple[int, int], np.dtype[np.float32]], spec: ScoreSpec = SPEC) -> list[Event]:
    return find_events([Heard(spec, scores, scores.mean(axis=0))], SHARP, 10.0)


def test_an_event_tells_when_it_began_and_ended_and_how_strong_it_was() -> None:
    (event,) = found(rows(0.1, 0.2, 0.6, 0.9, 0.4, 0.1, 0.1))
    assert event == Event("model", "flute", 1.25, 2.75, event.peak)
    assert event.peak == pytest.approx(0.9)
    assert event.duration_seconds == 1.5


def test_what_is_present_at_the_end_ends_with_the_recording_and_at_the_start_begins_with_it() -> None:
    (event,) = found(rows(0.9, 0.8, 0.7))
    assert (event.start_seconds, event.end_seconds) == (0.0, 10.0)


@given(
    st.lists(st.floats(0, 1, width=32), min_size=1, max_size=60), st.lists(st.integers(0, 60), min_size=1, max_size=5)
)
def test_the_same_events_for_any_size_of_chunk(flute: list[float], cuts: list[int]) -> None:
    scores = rows(*flute)
    whole, parts = EventFollower(SPEC, SHARP), EventFollower(SPEC, SHARP)
    told = [event for part in np.split(scores, sorted(cuts)) for event in parts.follow(part)]
    assert told == list(whole.follow(scores))
    assert parts.present == whole.present


@given(st.lists(st.floats(0, 1, width=32), min_size=1, max_size=60))
def test_a_label_enters_before_it_leaves_and_never_twice(flute: list[float]) -> None:
    follower = EventFollower(SPEC, SHARP)
    told = [*follower.follow(rows(*flute)), *follower.finish(99.0)]
    assert [event.end_seconds is None for event in told] == [True, False] * (len(told) // 2)
    assert [event.seconds for event in told] == sorted(event.seconds for event in told)
    assert follower.present == ()
    for entered, left in zip(told[::2], told[1::2], strict=True):
        assert replace(left, end_seconds=None, peak=entered.peak) == entered
        assert left.peak >= entered.peak


def test_jitter_around_one_threshold_is_one_event(rng: np.random.Generator) -> None:
    assert len(found(rows(0.9, *(0.5 + rng.uniform(-0.15, 0.15, 200))))) == 1


def test_each_label_has_the_threshold_of_its_model() -> None:
    spec = replace(SPEC, thresholds=(0.8, 0.2))
    labels = [event.label for event in found(np.full((4, 2), 0.4, np.float32), spec)]
    assert labels == ["drums"]


def test_tags_that_mean_the_same_are_one_and_those_of_instruments_are_left_to_their_model() -> None:
    tags = ScoreSpec("tags", "tags", ("woman", "female vocal", "flute", "no vocals"), 1.0, 3.0, (0.5,) * 4)
    instruments, others = event_followers([SPEC, tags], SHARP)
    assert instruments.labels == ("flute", "drums")
    assert others.labels == ("female voice",)
    (event,) = others.follow(np.array([[0.1, 0.8, 0.9, 0.9]], np.float32))
    assert event.label == "female voice"
    assert event.peak == pytest.approx(0.8)
    (alone,) = event_followers([tags], SHARP)
    assert alone.labels == ("female voice", "flute")


def test_a_rare_tag_enters_from_what_is_worth_saying_for_it_and_not_from_one_half() -> None:
    labels = ("guitar", "classical", "slow", "techno", "strings", "drums", "electronic", "rock", "fast", "piano",
              "ambient", "beat", "violin", "vocal", "synth", "female", "indian", "opera", "male", "singing", "vocals",
              "no vocals", "harpsichord", "loud", "quiet", "flute", "woman", "male vocal", "no vocal", "pop", "soft",
              "sitar", "solo", "man", "classic", "choir", "voice", "new age", "dance", "male voice", "female vocal",
              "beats", "harp", "cello", "no voice", "weird", "country", "metal", "female voice", "choral")  # fmt: skip
    spec = ScoreSpec("mtt", "tags", labels, 1.0, 3.0)
    scores = np.where(np.array(labels) == "sitar", 0.3, 0.05).astype(np.float32)[None].repeat(5, axis=0)
    assert [event.label for event in found(scores, spec)] == ["sitar"]


def test_phonemes_are_no_events() -> None:
    assert found(rows(0.1, 0.9, 0.9, 0.1), replace(SPEC, kind="phonemes")) == []


def test_what_is_none_of_the_labels_is_no_event() -> None:
    assert found(rows(0.1, 0.9, 0.9, 0.1), replace(SPEC, kind="sounds", labels=("background", "drums"))) == []
