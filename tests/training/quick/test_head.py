import numpy as np
import pytest
from scipy.special import log_softmax

from training.quick.head import learn, temperature


def clouds(rng: np.random.Generator, classes: int, each: int = 40) -> tuple[np.ndarray, np.ndarray]:
    centres = 3 * rng.standard_normal((classes, 8))
    wanted = np.repeat(np.arange(classes), each)
    features = centres[wanted] + 0.5 * rng.standard_normal((len(wanted), 8))
    return features.astype(np.float32), np.eye(classes, dtype=np.float32)[wanted]


@pytest.mark.parametrize("classes", [2, 3, 7])
@pytest.mark.parametrize("exclusive", [True, False])
def test_tells_clouds_apart(rng: np.random.Generator, classes: int, exclusive: bool) -> None:
    features, targets = clouds(rng, classes)
    head = learn(features, targets, np.ones(len(features), np.float32), exclusive=exclusive)
    logits = head.logits(features)
    assert (logits.argmax(axis=1) == targets.argmax(axis=1)).mean() > 0.97
    if not exclusive:
        assert ((logits > 0) == (targets > 0.5)).mean() > 0.97


def test_a_label_without_examples_is_never_said(rng: np.random.Generator) -> None:
    features, targets = clouds(rng, 3)
    for exclusive in (True, False):
        wider = np.concatenate([targets, np.zeros((len(targets), 1), np.float32)], axis=1)
        head = learn(features, wider, np.ones(len(features), np.float32), exclusive=exclusive)
        assert (head.logits(features)[:, 3] < -5).all()


def test_what_nobody_knows_does_not_count(rng: np.random.Generator) -> None:
    features, targets = clouds(rng, 2)
    unknown = targets.copy()
    unknown[::2, 0] = np.nan
    some = learn(features, unknown, np.ones(len(features), np.float32), exclusive=False)
    alone = learn(features[1::2], targets[1::2], np.ones(len(features) // 2, np.float32), exclusive=False)
    np.testing.assert_allclose(some.weights[0] * features.std(), alone.weights[0] * features[1::2].std(), rtol=0.2)


def test_a_rare_class_weighs_as_much_as_a_common_one(rng: np.random.Generator) -> None:
    features = rng.standard_normal((220, 4)).astype(np.float32)
    targets = np.eye(2, dtype=np.float32)[np.repeat([0, 1], [200, 20])]
    said = learn(features, targets, np.ones(220, np.float32), exclusive=True).logits(features).argmax(axis=1)
    assert 0.2 < said.mean() < 0.8  # noise: neither class is preferred


def test_temperature_undoes_a_factor(rng: np.random.Generator) -> None:
    logits = rng.standard_normal((4000, 5)) * 2
    chances = np.exp(log_softmax(logits, axis=1))
    drawn = np.array([rng.choice(5, p=row) for row in chances])
    targets = np.eye(5, dtype=np.float32)[drawn]
    assert temperature(4 * logits, targets, np.ones(4000, np.float32)) == pytest.approx(0.25, rel=0.1)
