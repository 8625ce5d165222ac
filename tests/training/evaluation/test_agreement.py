import numpy as np
import pytest

from training.evaluation.agreement import (
    error_rates,
    estimated_positives,
    label_vector_similarity,
    rank_correlation,
    tagability,
)


def test_label_vector_similarity_is_the_dot_product() -> None:
    vectors = np.array([[1.0, 2.0], [0.0, 3.0], [-1.0, 0.5]])
    similarity = label_vector_similarity(vectors)
    np.testing.assert_array_equal(similarity, [[5.0, 6.0, 0.0], [6.0, 9.0, 1.5], [0.0, 1.5, 1.25]])


def test_rank_correlation_of_equal_and_of_opposite_rankings() -> None:
    pairs = np.array([[1.0, 0.1, 0.5], [0.05, 1.0, 0.3], [0.2, 0.3, 1.0]])
    same = np.array([[1.0, 10, 50], [10, 1.0, 30], [50, 30, 1.0]])
    assert rank_correlation(pairs, same) == pytest.approx(1.0)
    assert rank_correlation(pairs, -same) == pytest.approx(-1.0)
    assert np.isnan(rank_correlation(pairs, np.ones((3, 3))))


# Table I of Choi 2017: per cent of wrong tags and of missing ones, recall, occurrences, estimate.
TABLE = {
    "female vocalists": (4, 24, 80.0, 17_840, 71_127),
    "male vocalists": (2, 64, 60.5, 3_026, 156_448),
    "instrumental": (6, 12, 88.7, 8_424, 36_048),
    "guitar": (2, 70, 58.3, 3_311, 170_916),
}


@pytest.mark.parametrize("label", TABLE)
def test_the_papers_table(label: str) -> None:
    wrong, missing, recall, occurrences, estimate = TABLE[label]
    tagged = np.repeat([1.0, 0.0], 50)[:, None]
    true = np.concatenate([np.arange(50) >= wrong / 2, np.arange(50) < missing / 2]).astype(np.float64)[:, None]
    positive_errors, negative_errors = error_rates(tagged, true)
    assert positive_errors[0] == pytest.approx(wrong / 100)
    assert negative_errors[0] == pytest.approx(missing / 100)
    assert 100 * tagability(tagged, true)[0] == pytest.approx(recall, abs=0.05)
    counted = estimated_positives(np.array([float(occurrences)]), 242_842, positive_errors, negative_errors)
    assert counted[0] == pytest.approx(estimate, abs=1.0)  # the paper cuts decimals off
