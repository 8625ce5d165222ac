import json

import numpy as np
import pytest

from timbrescope import paths
from timbrescope.core.noteworthy import LEAST, Heard, is_covered, noteworthy, thresholds, usual_scores
from timbrescope.core.timeline import ScoreSpec

LISTS = json.loads((paths.resources() / "labels.json").read_text(encoding="utf-8"))


def spec(labels: tuple[str, ...], kind: str = "tags", own: tuple[float, ...] = ()) -> ScoreSpec:
    return ScoreSpec("model", kind, labels, 1.0, 3.0, own)


@pytest.mark.parametrize("name", ["magnatagatune-50", "million-song-50"])
def test_the_rarer_a_tag_the_lower_the_score_that_is_worth_saying(name: str) -> None:
    usual, limits = usual_scores(LISTS[name]), thresholds(spec(tuple(LISTS[name])))
    assert usual is not None
    assert np.all(np.diff(usual) < 0)
    assert np.all(np.diff(limits) <= 0)
    assert np.all((usual < limits) & (limits < 0.75))
    assert limits[-1] == LEAST


def test_foreign_labels_own_thresholds_and_instruments_are_taken_at_their_word() -> None:
    labels = tuple(LISTS["magnatagatune-50"])
    assert usual_scores(("guitar", "zurna")) is None
    assert thresholds(spec(("guitar", "zurna"))).tolist() == [0.5, 0.5]
    assert thresholds(spec(("a", "b"), own=(0.2, 0.3))).tolist() == [0.2, 0.3]
    assert set(thresholds(spec(labels, own=(0.4,) * 50))) == {0.4}
    assert set(thresholds(spec(labels, kind="instruments"))) == {0.5}


def test_of_the_thresholds_of_synonyms_the_highest_holds() -> None:
    model = spec(("woman", "rock", "female"), own=(0.2, 0.5, 0.3))
    result = noteworthy(Heard(model, np.array([[0.9, 0.1, 0.4]]), np.array([0.7, 0.1, 0.8])))
    assert result.labels == ("female voice", "rock")
    assert result.thresholds.tolist() == [0.3, 0.5]
    assert result.scores.tolist() == [[0.9, 0.1]]
    assert result.clip_scores.tolist() == [0.8, 0.1]


def test_instruments_answer_for_the_wider_tags_of_themselves() -> None:
    instruments = {"electric guitar", "cello", "piano"}
    assert all(is_covered(tag, instruments) for tag in ("piano", "guitar", "strings"))
    assert not any(is_covered(tag, instruments) for tag in ("sitar", "rock", "female voice", "voice"))
