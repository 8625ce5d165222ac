import numpy as np
import pytest
from scipy.special import expit, softmax

from training.quick.adjust import adjust
from training.quick.head import Head

FEATURES, LABELS = 12, 3
WEIGHTS = np.ones(8, np.float32)


@pytest.fixture
def head(rng: np.random.Generator) -> Head:
    return Head(rng.standard_normal((LABELS, FEATURES)), np.zeros(LABELS))


@pytest.fixture
def sounds(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Eight windows of one sound, and forty of others."""
    one = 3 * rng.standard_normal(FEATURES)
    alike = one + 0.1 * rng.standard_normal((8, FEATURES))
    return alike.astype(np.float32), rng.standard_normal((40, FEATURES)).astype(np.float32)


def verdicts(label: int, value: float) -> np.ndarray:
    targets = np.full((8, LABELS), np.nan, np.float32)
    targets[:, label] = value
    return targets


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_what_was_said_is_learnt_and_the_rest_stays(
    head: Head, sounds: tuple[np.ndarray, np.ndarray], value: float
) -> None:
    alike, others = sounds
    changed = adjust(head, alike, verdicts(1, value), WEIGHTS, others, exclusive=False)
    assert np.abs(expit(changed.logits(alike))[:, 1] - value).max() < 0.5
    assert np.allclose(changed.weights[[0, 2]], head.weights[[0, 2]], atol=1e-6)  # of which nobody has spoken
    before, after = (expit(each.logits(others))[:, 1] for each in (head, changed))
    assert np.abs(after - before).mean() < 0.25  # by chance, some are a little like it


def test_what_is_known_already_changes_little(head: Head, sounds: tuple[np.ndarray, np.ndarray]) -> None:
    alike, others = sounds
    said = (head.logits(alike)[:, 1] > 0).astype(np.float32)
    changed = adjust(head, alike, verdicts(1, float(said[0])), WEIGHTS, others, exclusive=False)
    assert np.abs(changed.weights - head.weights).max() < 0.2


def test_where_one_label_applies_a_rejected_one_gives_way(head: Head, sounds: tuple[np.ndarray, np.ndarray]) -> None:
    alike, others = sounds
    top = int(head.logits(alike).mean(axis=0).argmax())
    rejected = adjust(head, alike, verdicts(top, 0.0), WEIGHTS, others, exclusive=True)
    assert softmax(rejected.logits(alike), axis=1)[:, top].max() < 0.3
    other = (top + 1) % LABELS
    targets = verdicts(top, 0.0)
    targets[:, other] = 1.0
    named = adjust(head, alike, targets, WEIGHTS, others, exclusive=True)
    assert softmax(named.logits(alike), axis=1)[:, other].min() > 0.7


def test_the_same_input_gives_the_same_layer(head: Head, sounds: tuple[np.ndarray, np.ndarray]) -> None:
    first, second = (adjust(head, sounds[0], verdicts(0, 1.0), WEIGHTS, sounds[1], exclusive=True) for _ in range(2))
    assert np.array_equal(first.weights, second.weights)
