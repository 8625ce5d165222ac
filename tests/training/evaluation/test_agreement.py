import numpy as np
import pytest
import torch
from torch import nn

from training.evaluation.agreement import (
    co_occurrence,
    error_rates,
    estimated_positives,
    label_vector_similarity,
    label_vectors,
    rank_correlation,
    tagability,
)


def test_co_occurrence_by_hand() -> None:
    # rock always comes with loud; loud comes with rock half of the time; nothing is ever quiet
    targets = np.array([[1, 1, 0], [1, 1, 0], [0, 1, 0], [0, 1, 0]], np.float64)
    expected = [[1.0, 1.0, 0.0], [0.5, 1.0, 0.0], [np.nan, np.nan, np.nan]]
    np.testing.assert_array_equal(co_occurrence(targets), expected)


def test_unknown_tags_do_not_count_as_absent() -> None:
    targets = np.array([[1, 1], [1, np.nan], [1, 0]])
    assert co_occurrence(targets)[0, 1] == 0.5
    assert co_occurrence(targets)[0, 0] == 1.0


def test_label_vectors_are_those_of_the_last_dense_layer() -> None:
    network = nn.Sequential(nn.Linear(7, 3), nn.ReLU(), nn.Linear(3, 5), nn.ReLU(), nn.Linear(5, 3), nn.Sigmoid())
    vectors = label_vectors(network, 3)
    assert vectors is not None
    assert vectors.shape == (3, 5)
    last = network[4]
    assert isinstance(last, nn.Linear)
    similarity = label_vector_similarity(vectors)
    expected = (last.weight @ last.weight.T).detach()
    torch.testing.assert_close(torch.from_numpy(similarity).float(), expected)
    np.testing.assert_array_equal(similarity, similarity.T)


def test_a_network_without_a_dense_layer_has_no_label_vectors() -> None:
    assert label_vectors(nn.Conv2d(1, 3, 1), 3) is None


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
