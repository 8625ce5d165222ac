from itertools import pairwise

import numpy as np
import pytest

from timbrescope.core.claims import LONGEST_SECONDS, claims
from timbrescope.core.timeline import ScoreSpec

SPEC = ScoreSpec("mine", "sounds", ("a", "b"), hop_seconds=0.5, window_seconds=0.5)


def test_claims_cover_the_time_in_which_a_label_reaches_its_threshold() -> None:
    scores = np.array([[0.9, 0.1], [0.7, 0.1], [0.1, 0.55], [0.1, 0.1]], np.float32)
    doubtful, sure = claims(SPEC, scores, 2.0)
    assert (doubtful.label, doubtful.start, doubtful.end) == ("b", 1.0, 1.5)
    assert (sure.label, sure.start, sure.end) == ("a", 0.0, 1.0)
    assert sure.score == pytest.approx(0.8)
    assert doubtful.margin == pytest.approx(0.05)


def test_where_one_label_applies_the_highest_claims_all_time() -> None:
    scores = np.array([[0.45, 0.55], [0.9, 0.1], [0.95, 0.05]], np.float32)
    found = claims(SPEC, scores, 1.5)
    assert [(one.label, one.start, one.end) for one in found] == [("b", 0.0, 0.5), ("a", 0.5, 1.5)]
    assert found[0].margin == pytest.approx(0.1)


def test_long_stretches_become_pieces_that_leave_nothing_out() -> None:
    scores = np.column_stack([np.full(50, 0.9), np.zeros(50)]).astype(np.float32)
    found = sorted(claims(SPEC, scores, 25.0), key=lambda one: one.start)
    assert found[0].start == 0.0
    assert found[-1].end == 25.0
    assert all(one.end == after.start for one, after in pairwise(found))
    assert max(one.end - one.start for one in found) <= LONGEST_SECONDS + SPEC.hop_seconds


def test_phonemes_and_nothing_give_no_claims() -> None:
    assert claims(ScoreSpec("p", "phonemes", ("a", "b"), 0.5, 0.5), np.ones((3, 2), np.float32), 1.5) == []
    assert claims(SPEC, np.zeros((0, 2), np.float32), 0.0) == []
