from pathlib import Path

import numpy as np
import pytest

from training.collection import Item
from training.evaluation.ensemble_agreement import agreement, clips_of

RNG = np.random.default_rng(1)
WANTED = RNG.random((40, 8))


def test_a_model_that_says_the_same_in_other_numbers_agrees_fully() -> None:
    found = agreement("m", "list", WANTED, WANTED**3 / 2)
    assert (found.clips, found.rank_correlation, found.roc_auc) == (40, 1.0, 1.0)


def test_a_model_that_says_the_contrary_does_not() -> None:
    found = agreement("m", "list", WANTED, -WANTED)
    assert (found.rank_correlation, found.roc_auc) == pytest.approx((-1.0, 0.0))


def test_a_guess_is_halfway() -> None:
    found = agreement("m", "list", WANTED, RNG.random(WANTED.shape))
    assert found.rank_correlation == pytest.approx(0, abs=0.15)
    assert found.roc_auc == pytest.approx(0.5, abs=0.1)


def test_labels_that_differ_only_in_how_usual_they_are_tell_clips_and_labels_apart() -> None:
    usual = np.linspace(0.1, 0.9, 8) + 1e-3 * RNG.random((40, 8))
    found = agreement("m", "list", usual, np.tile(usual[0], (40, 1)) + 1e-6 * RNG.random((40, 8)))
    assert found.roc_auc == 1.0  # the same three labels are on top of every clip
    assert abs(found.rank_correlation) < 0.3


def test_pieces_that_follow_one_another_are_one_clip() -> None:
    a, b = Path("a.flac"), Path("b.flac")
    items = [Item(a, {}, 0, 3), Item(a, {}, 3, 6), Item(a, {}, 9, 12), Item(b, {}, 12, 15), Item(b, {}, 15, 18)]
    assert clips_of(items).tolist() == [0, 0, 1, 2, 2]
