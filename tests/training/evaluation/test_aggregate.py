import numpy as np
import pytest
from numpy.typing import NDArray

from timbrescope.core.loudness import weighed_mean
from training.errors import TrainingError
from training.evaluation.aggregate import RULES, mean, relative_weights, rule

SCORES = np.array([[0.6, 0.4, 0.0], [0.6, 0.4, 0.0], [0.1, 0.9, 0.0], [0.2, 0.3, 0.5]])
CLIPS = np.array([0, 0, 0, 1])


def combined(name: str) -> NDArray[np.float64]:
    combine = RULES[name].combine
    assert combine is not None
    return combine(SCORES, CLIPS, 2)


def test_mean_by_hand() -> None:
    np.testing.assert_allclose(combined("mean"), [[1.3 / 3, 1.7 / 3, 0.0], [0.2, 0.3, 0.5]])
    assert RULES["mean"].threshold == 0.2


def test_sum_normalise_by_hand() -> None:
    np.testing.assert_allclose(combined("sum-normalise"), [[1.3 / 1.7, 1.0, 0.0], [0.4, 0.6, 1.0]])


def test_majority_by_hand() -> None:
    np.testing.assert_allclose(combined("majority"), [[2 / 3, 1 / 3, 0.0], [0.0, 0.0, 1.0]], atol=1e-5)


def test_mean_and_majority_may_disagree() -> None:
    assert combined("mean")[0].argmax() == 1
    assert combined("majority")[0].argmax() == 0


def test_a_tie_of_votes_goes_to_the_higher_mean() -> None:
    combine = RULES["majority"].combine
    assert combine is not None
    votes = combine(np.array([[0.51, 0.49], [0.1, 0.9]]), np.array([0, 0]), 1)
    assert votes[0].argmax() == 1


def test_loudness_weighs_as_the_program_does(rng: np.random.Generator) -> None:
    levels = rng.random(40) ** 4
    clips = rng.integers(6, size=40)
    levels[clips == 3] = 0.0  # a silent clip
    scores = rng.random((40, 3))
    found = mean(scores * relative_weights(levels, clips, 6)[:, None], clips, 6)
    for clip in range(6):
        np.testing.assert_allclose(found[clip], weighed_mean(scores[clips == clip], levels[clips == clip]))
    assert RULES["loudness"].threshold == 0.5
    assert [name for name, known in RULES.items() if known.by_loudness] == ["loudness"]


@pytest.mark.parametrize("name", ["mean", "sum-normalise", "majority"])
def test_the_order_of_windows_changes_nothing(name: str, rng: np.random.Generator) -> None:
    combine = RULES[name].combine
    assert combine is not None
    scores, clips = rng.random((40, 4)), rng.integers(6, size=40)
    order = rng.permutation(40)
    np.testing.assert_allclose(combine(scores[order], clips[order], 6), combine(scores, clips, 6))


def test_the_usual_rule_follows_the_task() -> None:
    assert rule(None, "multi") is rule(None, "single") is RULES["loudness"]
    assert rule(None, "frame") is RULES["none"]


def test_an_unknown_rule_names_the_known_ones() -> None:
    with pytest.raises(TrainingError, match="sum-normalise"):
        rule("median", "multi")


def test_frames_are_not_combined() -> None:
    with pytest.raises(TrainingError, match="frame by frame"):
        rule("mean", "frame")
