"""How often a model says that something is there where nothing is."""

import numpy as np
from numpy.typing import NDArray

from training.collection import Item
from training.evaluation.cases import group_name
from training.evaluation.metrics import Floats, Threshold, add_up, decide
from training.evaluation.predict import Predictions


def false_alarms(
    predictions: Predictions, threshold: Threshold, group_names: tuple[str, ...], weights: NDArray[np.integer]
) -> Floats:
    """Return the share of windows with a false alarm when each group counts so often, shape (draws,).

    Windows of items to which no label applies count, each for itself; an alarm is that at least one label reaches its
    threshold. The share is nan where there is no such item.

    Args:
        predictions: of a model, for the task ``multi``.
        threshold: from which score on a label applies to a window.
        group_names: all groups in order.
        weights: how often each group counts in each draw, shape (draws, groups).
    """
    number = {name: index for index, name in enumerate(group_names)}
    groups = np.array([number[group_name(item)] for item in predictions.items], np.intp)[predictions.clips]
    empty = np.array([_has_no_label(item) for item in predictions.items], np.bool_)[predictions.clips]
    wrong = decide(predictions.scores, threshold) & (predictions.targets[predictions.clips] <= 0.5)  # nan is not wrong
    counted = np.stack([wrong.any(axis=1) & empty, empty], axis=1)  # windows, (alarms, all)
    alarms, windows = (weights.astype(np.float64) @ add_up(counted, groups, len(group_names))).T
    return np.asarray(np.divide(alarms, windows, out=np.full_like(alarms, np.nan), where=windows > 0))


def _has_no_label(item: Item) -> bool:
    """Tell whether no label applies to an item for sure: one of which nobody knows might."""
    return all(value == 0 for value in item.labels.values())
