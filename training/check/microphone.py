"""Whether a class was recorded with other equipment than the rest: what is not in its sound would give it away."""

import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import balanced_accuracy_score
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures, StandardScaler

from training.check.measure import Measures
from training.collection import Item

TOO_GOOD = 0.9
"""Balanced accuracy from which on noise and bandwidth alone tell a class: one half is chance."""
FEWEST = 10  # recordings of the class, and of the rest
_FOLDS = 5


def told_by_equipment(
    items: Sequence[Item], measures: Mapping[Path, Measures], labels: Sequence[str]
) -> dict[str, float]:
    """Return the labels that a classifier on noise floor and bandwidth alone tells from all others, and how well.

    The accuracy is that on recordings which the classifier has not seen, balanced between the label and the rest.
    """
    usable = [item for item in items if item.path in measures and not measures[item.path].is_silent]
    found = {}
    x = np.array([_equipment(measures[item.path]) for item in usable]).reshape(len(usable), -1)
    for label in labels:
        applies = np.array([_has(item, label) for item in usable], np.bool_)
        if min(applies.sum(), (~applies).sum()) < FEWEST:
            continue
        accuracy = _accuracy(x, applies)
        if accuracy >= TOO_GOOD:
            found[label] = accuracy
    return found


def _equipment(measures: Measures) -> tuple[float, float]:
    return measures.noise_db, np.log2(max(measures.bandwidth, 100.0))


def _has(item: Item, label: str) -> bool:
    return item.labels.get(label, 0.0) > 0.5 or any(segment.label == label for segment in item.segments)


def _accuracy(x: NDArray[np.float64], applies: NDArray[np.bool_]) -> float:
    model = make_pipeline(StandardScaler(), PolynomialFeatures(2), LogisticRegression(class_weight="balanced"))
    folds = StratifiedKFold(_FOLDS, shuffle=True, random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        said = cross_val_predict(model, x, applies, cv=folds)
    return float(balanced_accuracy_score(applies, said))
