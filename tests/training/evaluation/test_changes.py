from dataclasses import replace

import numpy as np

from tests.training.evaluation.test_evaluate import multi_predictions, single_predictions
from training.evaluation.changes import changes
from training.evaluation.evaluate import evaluate


def test_a_model_does_not_differ_from_itself(rng: np.random.Generator) -> None:
    for predictions in (single_predictions(rng, 1.0), multi_predictions(rng, 1.0)):
        found = changes(predictions, predictions)
        assert found.better == ()
        assert found.worse == ()


def test_better_less_worse_is_the_difference_of_accuracies(rng: np.random.Generator) -> None:
    first, second = single_predictions(rng, 1.5), single_predictions(rng, 0.7)
    found = changes(first, second)
    accuracies = [evaluate(each).figures["accuracy"].value or 0.0 for each in (first, second)]
    assert round((accuracies[1] - accuracies[0]) * 60) == len(found.better) - len(found.worse) > 0
    assert sum(each.decisions for each in found.labels) == 60
    assert sum(each.better for each in found.labels) == len(found.better)
    for change in found.better:
        assert change.second == change.true != change.first
    for change in found.worse:
        assert change.first == change.true != change.second


def test_only_pieces_and_labels_of_both_count(rng: np.random.Generator) -> None:
    first, second = single_predictions(rng, 0.0), single_predictions(rng, 0.0, labels=("low", "high", "other"))
    some = replace(first, items=(replace(first.items[0], start=9.0), *first.items[1:]))
    found = changes(some, second)
    assert [each.label for each in found.labels] == ["low", "high"]
    assert found.labels[0].decisions == 19


def test_several_labels_are_judged_one_by_one(rng: np.random.Generator) -> None:
    first, second = multi_predictions(rng, 2.0), multi_predictions(rng, 0.0)
    found = changes(first, second, threshold=0.5)
    known = int((~np.isnan(first.targets)).sum())
    assert sum(each.decisions for each in found.labels) == known
    assert found.worse == ()
    assert {change.true == change.second for change in found.better} == {True}
    assert any(change.true.startswith("no ") for change in found.better)
