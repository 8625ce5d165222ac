import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn import metrics as sklearn

from training.evaluation.metrics import (
    THRESHOLDS,
    among_top,
    areas,
    confusion_matrix,
    count,
    decide,
    group_draws,
    interval,
    mean_known,
    reliability,
    scan_thresholds,
    top_hits,
)

ROWS, LABELS = 200, 5


@pytest.fixture
def scores(rng: np.random.Generator) -> NDArray[np.float64]:
    return np.round(rng.random((ROWS, LABELS)), 2)  # with ties


@pytest.fixture
def tags(rng: np.random.Generator) -> NDArray[np.float64]:
    return (rng.random((ROWS, LABELS)) < 0.3).astype(np.float64)


@pytest.fixture
def classes(rng: np.random.Generator) -> NDArray[np.float64]:
    return np.eye(LABELS)[rng.integers(LABELS, size=ROWS)]


def one_group(rows: int) -> NDArray[np.intp]:
    return np.zeros(rows, np.intp)


def whole_areas(
    scores: NDArray[np.float64], targets: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    return areas(scores, targets, one_group(len(scores)), np.ones((1, 1), np.int64))


def test_accuracy_and_confusion_are_scikit_learns(scores: NDArray[np.float64], classes: NDArray[np.float64]) -> None:
    true, found = classes.argmax(axis=1), scores.argmax(axis=1)
    assert top_hits(scores, classes).mean() == pytest.approx(sklearn.accuracy_score(true, found))
    matrix = confusion_matrix(scores, classes)
    assert matrix.sum() == ROWS
    assert np.trace(matrix) == top_hits(scores, classes).sum()
    assert matrix[1, 2] == ((true == 1) & (found == 2)).sum()


@pytest.mark.parametrize("threshold", [0.2, 0.5, 0.9])
def test_precision_recall_and_f1_are_scikit_learns(
    scores: NDArray[np.float64], tags: NDArray[np.float64], threshold: float
) -> None:
    decisions = decide(scores, threshold)
    counts = count(decisions, tags, one_group(ROWS), 1)
    precision, recall, f1, _ = sklearn.precision_recall_fscore_support(tags, decisions)
    np.testing.assert_allclose(counts.precision[0], precision)
    np.testing.assert_allclose(counts.recall[0], recall)
    np.testing.assert_allclose(counts.f1[0], f1)
    assert counts.micro().f1[0, 0] == pytest.approx(sklearn.f1_score(tags, decisions, average="micro"))
    assert mean_known(counts.f1)[0] == pytest.approx(sklearn.f1_score(tags, decisions, average="macro"))


def test_precision_recall_and_f1_by_hand() -> None:
    decisions = np.array([[True, False], [True, False], [False, False], [True, False]])
    targets = np.array([[1.0, 0.0], [0.0, 0.0], [1.0, 0.0], [np.nan, 0.0]])
    counts = count(decisions, targets, one_group(4), 1)
    np.testing.assert_array_equal(counts.precision[0], [0.5, np.nan])
    np.testing.assert_array_equal(counts.recall[0], [0.5, np.nan])
    np.testing.assert_array_equal(counts.f1[0], [0.5, np.nan])
    assert counts.micro().f1[0, 0] == 0.5


def test_the_threshold_scan_is_each_threshold_by_itself(scores: NDArray[np.float64], tags: NDArray[np.float64]) -> None:
    scan = scan_thresholds(scores, tags)
    for index in (0, 19, 49, 98):
        counts = count(decide(scores, float(THRESHOLDS[index])), tags, one_group(ROWS), 1)
        assert scan.micro_f1[index] == pytest.approx(counts.micro().f1[0, 0])
        assert scan.macro_f1[index] == pytest.approx(mean_known(counts.f1)[0])
    thresholds, f1 = scan.best
    np.testing.assert_allclose(f1, scan.f1.max(axis=0))
    for label in range(LABELS):
        counts = count(decide(scores, float(thresholds[label])), tags, one_group(ROWS), 1)
        assert counts.f1[0, label] == pytest.approx(f1[label])


def test_areas_are_scikit_learns_with_ties_and_weights(
    scores: NDArray[np.float64], tags: NDArray[np.float64], rng: np.random.Generator
) -> None:
    groups = rng.permutation(np.arange(ROWS) % 60)
    weights = rng.integers(0, 4, size=(3, 60))
    roc, pr = areas(scores, tags, groups, weights)
    for draw in range(3):
        for label in range(LABELS):
            known = tags[:, label], scores[:, label]
            expected = sklearn.roc_auc_score(*known, sample_weight=weights[draw, groups])
            assert roc[draw, label] == pytest.approx(expected)
            expected = sklearn.average_precision_score(*known, sample_weight=weights[draw, groups])
            assert pr[draw, label] == pytest.approx(expected)


def test_areas_cannot_be_told_without_both_kinds_of_rows() -> None:
    scores = np.array([[0.1, 0.2, 0.3], [0.3, 0.2, 0.1]])
    roc, pr = whole_areas(scores, np.array([[1.0, 0.0, np.nan], [1.0, 0.0, 1.0]]))
    assert np.isnan(roc).all()
    assert np.isnan(pr).all()


def test_perfect_and_reversed_scores(tags: NDArray[np.float64]) -> None:
    roc, pr = whole_areas(tags, tags)
    np.testing.assert_allclose(roc, 1.0)
    np.testing.assert_allclose(pr, 1.0)
    np.testing.assert_allclose(whole_areas(1 - tags, tags)[0], 0.0)


def test_chance_is_a_half(rng: np.random.Generator) -> None:
    targets = (rng.random((4000, 3)) < 0.4).astype(np.float64)
    roc, pr = whole_areas(rng.random((4000, 3)), targets)
    np.testing.assert_allclose(roc, 0.5, atol=0.05)
    np.testing.assert_allclose(pr, 0.4, atol=0.05)


def test_what_is_unknown_changes_nothing(
    scores: NDArray[np.float64], tags: NDArray[np.float64], classes: NDArray[np.float64]
) -> None:
    more = np.concatenate([scores, np.ones((50, LABELS))])
    unknown = np.full((50, LABELS), np.nan)
    for targets in (tags, classes):
        longer = np.concatenate([targets, unknown])
        np.testing.assert_array_equal(whole_areas(more, longer), whole_areas(scores, targets))
        np.testing.assert_array_equal(scan_thresholds(more, longer).f1, scan_thresholds(scores, targets).f1)
        assert reliability(more, longer).error == reliability(scores, targets).error
        assert np.nanmean(top_hits(more, longer)) == top_hits(scores, targets).mean()
        np.testing.assert_array_equal(confusion_matrix(more, longer), confusion_matrix(scores, targets))
        whole = count(decide(scores, 0.5), targets, one_group(ROWS), 1)
        longer_counts = count(decide(more, 0.5), longer, one_group(ROWS + 50), 1)
        np.testing.assert_array_equal(longer_counts.f1, whole.f1)


def test_the_order_of_the_rows_changes_nothing(
    scores: NDArray[np.float64], tags: NDArray[np.float64], rng: np.random.Generator
) -> None:
    order = rng.permutation(ROWS)
    np.testing.assert_allclose(whole_areas(scores[order], tags[order]), whole_areas(scores, tags))
    np.testing.assert_array_equal(scan_thresholds(scores[order], tags[order]).f1, scan_thresholds(scores, tags).f1)
    assert reliability(scores[order], tags[order]).error == pytest.approx(reliability(scores, tags).error)


def test_groups_counted_once_each_are_the_whole(
    scores: NDArray[np.float64], tags: NDArray[np.float64], rng: np.random.Generator
) -> None:
    groups = rng.integers(7, size=ROWS)
    decisions = decide(scores, 0.5)
    parts = count(decisions, tags, groups, 7)
    whole = parts.weighted(np.ones((1, 7), np.int64))
    np.testing.assert_array_equal(whole.f1, count(decisions, tags, one_group(ROWS), 1).f1)


def test_calibration_of_honest_and_of_boastful_scores(rng: np.random.Generator) -> None:
    confidence = rng.random(20_000)
    honest = reliability(confidence, (rng.random(20_000) < confidence).astype(np.float64))
    assert honest.error < 0.02
    assert honest.rows.sum() == 20_000
    assert reliability(np.ones(10), np.array([1.0] * 7 + [0.0] * 3)).error == pytest.approx(0.3)
    by_hand = reliability(np.array([0.52, 0.9]), np.array([1.0, 0.0]))
    assert by_hand.error == pytest.approx((0.48 + 0.9) / 2)
    np.testing.assert_allclose(by_hand.confidence, [0.52, 0.9])


def test_the_interval_covers_the_truth(rng: np.random.Generator) -> None:
    # 60 groups of 5 equal rows with a true accuracy of 0.7: 95 intervals of 100 should hold it.
    covered = 0
    for seed in range(100):
        right = (rng.random(60) < 0.7) * 5.0
        low, high = interval(group_draws(60, 400, seed) @ right / 300)
        covered += low <= 0.7 <= high
    assert covered >= 86


def test_groups_are_drawn_and_not_rows(rng: np.random.Generator) -> None:
    right = (rng.random(20) < 0.6).astype(np.float64)
    few = interval(group_draws(20, 1000, 1) @ right / 20)
    as_if_independent = interval(group_draws(2000, 1000, 1) @ np.repeat(right, 100) / 2000)
    assert few[1] - few[0] > 5 * (as_if_independent[1] - as_if_independent[0])


def test_draws_follow_the_seed() -> None:
    np.testing.assert_array_equal(group_draws(9, 50, 3), group_draws(9, 50, 3))
    assert (group_draws(9, 50, 3) != group_draws(9, 50, 4)).any()
    assert (group_draws(9, 50, 3).sum(axis=1) == 9).all()


def test_a_true_label_among_the_highest_counts_once_and_none_known_counts_not_at_all() -> None:
    scores = np.array([[0.9, 0.8, 0.1, 0.2], [0.1, 0.2, 0.3, 0.4], [0.4, 0.3, 0.2, 0.1], [0.1, 0.2, 0.3, 0.4]])
    targets = np.array([[1, 1, 0, 0], [1, np.nan, np.nan, np.nan], [np.nan] * 4, [0, 0, 1, 0]], np.float32)
    np.testing.assert_array_equal(among_top(scores, targets, 2), [1, 0, np.nan, 1])
    np.testing.assert_array_equal(among_top(scores, targets, 4), [1, 1, np.nan, 1])
