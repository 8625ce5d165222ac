"""Judging a model: every figure with its confidence interval, and what lies behind it."""

import statistics
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import precision_recall_curve, roc_curve

from timbrescope.core.relations import co_occurrence
from training.errors import TrainingError
from training.evaluation import agreement
from training.evaluation.aggregate import Rule, rule
from training.evaluation.cases import MAIN_FIGURE, Cases, cases, counts, figures, group_name
from training.evaluation.false_alarms import false_alarms
from training.evaluation.matching import label_key
from training.evaluation.metrics import (
    THRESHOLDS,
    Counts,
    Threshold,
    areas,
    confusion_matrix,
    group_draws,
    interval,
    reliability,
    scan_thresholds,
    top_hits,
)
from training.evaluation.mistakes import examples, mistakes
from training.evaluation.phonemes import is_judged, phoneme_figures
from training.evaluation.predict import Predictions
from training.evaluation.results import (
    Calibration,
    ClassFigures,
    Curve,
    Difference,
    Evaluation,
    Figure,
    GroupFigure,
    Number,
    Spread,
    Tags,
    ThresholdFigures,
)

DRAWS = 1000
_CURVE_POINTS = 200


def evaluate(
    predictions: Predictions,
    *,
    aggregate: str | None = None,
    threshold: float | None = None,
    seed: int = 0,
    doubts: Sequence[str] = (),
) -> Evaluation:
    """Judge a model by its predictions.

    Args:
        predictions: of the model.
        aggregate: name of a rule in ``training.evaluation.aggregate.RULES``; None takes the usual one of the task.
        threshold: from which score on a label applies; None takes the model's own, where the rule leaves its scores
            readable as probabilities and it has some, or else that of the rule.
        seed: of the bootstrap; the same one gives the same intervals.
        doubts: why the figures cannot be trusted, a sentence each.

    Raises:
        TrainingError: the rule or the threshold does not suit the task.
    """
    chosen, applies_from = way(predictions, aggregate, threshold)
    judged = cases(predictions, chosen)
    many = judged.task == "multi"
    n_groups = len(judged.group_names)
    weights = _weights(n_groups, seed)
    values = figures(judged, applies_from, weights)
    main = MAIN_FIGURE[judged.task]
    _, alarms_from = way(predictions, "none", threshold)
    if alarms_from is not None:
        values["false_alarms"] = false_alarms(predictions, alarms_from, judged.group_names, weights)
        if np.isnan(values[main][0]) and not np.isnan(values["false_alarms"][0]):
            main = "false_alarms"  # all that can be told where no label applies to anything
    if is_judged(predictions):
        values |= phoneme_figures(predictions, judged.group_names, weights)
    by_group = counts(judged, applies_from)
    roc, pr = areas(judged.scores, judged.targets, np.zeros_like(judged.items), np.ones((1, 1), np.int64))
    return Evaluation(
        model=predictions.spec.name,
        title=predictions.spec.title,
        task=judged.task,
        aggregate=chosen.name,
        threshold=applies_from,
        seed=seed,
        rows=int((~np.isnan(judged.targets)).any(axis=1).sum()),
        groups=n_groups,
        unread=predictions.unread,
        main=main,
        figures={name: _figure(drawn) for name, drawn in values.items()},
        classes=_classes(predictions.labels, by_group.weighted(np.ones((1, n_groups), np.int64)), roc[0], pr[0]),
        without_areas=int(np.isnan(roc).sum()),
        confusion=() if many else tuple(map(tuple, confusion_matrix(judged.scores, judged.targets).tolist())),
        thresholds=_thresholds(judged) if many else None,
        roc=_roc(judged) if many else None,
        precision_recall=_precision_recall(judged) if many else None,
        calibration=_calibration(judged) if chosen.calibrated else None,
        tags=_tags(predictions) if many else None,
        breakdown=_breakdown(judged, by_group),
        mistakes=mistakes(predictions, judged, applies_from),
        examples=examples(predictions, judged, applies_from),
        problems=predictions.problems,
        doubts=tuple(doubts),
    )


def compare(
    first: Predictions,
    second: Predictions,
    *,
    aggregate: str | None = None,
    threshold: float | None = None,
    seed: int = 0,
) -> Difference:
    """Return by how much the second model is better than the first, with a paired bootstrap over groups.

    Only pieces that both could hear and labels that both know count; where one label applies, each model chooses among
    these. The rest is as in ``evaluate``.
    """
    names = sorted({group_name(item) for predictions in (first, second) for item in predictions.items})
    heard = [{(item.path, item.start, item.end) for item in predictions.items} for predictions in (first, second)]
    both = heard[0] & heard[1]
    labels = [{label_key(label) for label in predictions.labels} for predictions in (first, second)]
    common = labels[0] & labels[1]
    weights = _weights(len(names), seed)
    main = MAIN_FIGURE[first.task]
    values = []
    for predictions in (first, second):
        chosen, applies_from = way(predictions, aggregate, threshold)
        judged = cases(predictions, chosen, names)
        items = np.array([(item.path, item.start, item.end) in both for item in predictions.items])[judged.items]
        columns = np.array([label_key(label) in common for label in predictions.labels])
        values.append(figures(judged.unknown_beyond(items, columns), applies_from, weights)[main])
    return Difference(first.spec.name, second.spec.name, main, _figure(values[1] - values[0]), len(common))


def summarise_folds(folds: Sequence[Evaluation]) -> dict[str, Spread]:
    """Return mean and standard deviation of each figure over the folds of a cross-validation."""
    summary = {}
    for name in folds[0].figures:
        values = [fold.figures[name].value for fold in folds]
        known = [value for value in values if value is not None]
        mean = statistics.fmean(known) if known else None
        summary[name] = Spread(mean, statistics.stdev(known) if len(known) > 1 else None, len(known))
    return summary


def way(predictions: Predictions, aggregate: str | None, threshold: float | None) -> tuple[Rule, Threshold | None]:
    """Return the rule and the threshold; no threshold where each row has one label, which the highest score names."""
    chosen = rule(aggregate, predictions.task)
    if predictions.task == "multi":
        own = predictions.thresholds if chosen.calibrated else ()
        return chosen, threshold if threshold is not None else own or chosen.threshold
    if threshold is not None:
        raise TrainingError(
            "A threshold has no use where each piece has exactly one label, because the highest score decides; leave "
            "it out."
        )
    return chosen, None


def _number(value: float) -> Number:
    return None if np.isnan(value) else float(value)


def _numbers(values: NDArray[np.floating]) -> tuple[Number, ...]:
    return tuple(_number(value) for value in values.tolist())


def _weights(n_groups: int, seed: int) -> NDArray[np.int64]:
    """Return how often each group counts: once in the first row, as a bootstrap draws them in all others."""
    return np.concatenate([np.ones((1, n_groups), np.int64), group_draws(n_groups, DRAWS, seed)])


def _figure(values: NDArray[np.float64]) -> Figure:
    """Return the first value with the interval of all others."""
    low, high = interval(values[1:])
    return Figure(_number(values[0]), _number(low), _number(high))


def _classes(
    labels: Sequence[str], whole: Counts, roc: NDArray[np.float64], pr: NDArray[np.float64]
) -> tuple[ClassFigures, ...]:
    columns = zip(whole.precision[0], whole.recall[0], whole.f1[0], roc, pr, strict=True)
    positives, found = whole.hits[0] + whole.misses[0], whole.hits[0] + whole.false_alarms[0]
    return tuple(
        ClassFigures(label, int(there), int(said), *map(_number, values))
        for label, there, said, values in zip(labels, positives, found, columns, strict=True)
    )


def _thresholds(judged: Cases) -> ThresholdFigures:
    scan = scan_thresholds(judged.scores, judged.targets)
    curves = THRESHOLDS, scan.micro_f1, scan.macro_f1, *scan.best
    return ThresholdFigures(*map(_numbers, curves))


def _known(judged: Cases) -> tuple[NDArray[np.bool_], NDArray[np.float64]] | None:
    """Return all known targets with their scores, each of shape (n,); None if they are all alike."""
    known = ~np.isnan(judged.targets)
    applies = judged.targets[known] > 0.5
    return (applies, judged.scores[known]) if applies.any() and not applies.all() else None


def _roc(judged: Cases) -> Curve | None:
    if (known := _known(judged)) is None:
        return None
    false_alarms, hits, _ = roc_curve(*known)
    return _curve(false_alarms, hits)


def _precision_recall(judged: Cases) -> Curve | None:
    if (known := _known(judged)) is None:
        return None
    precision, recall, _ = precision_recall_curve(*known)
    return _curve(recall[::-1], precision[::-1])


def _curve(x: NDArray[np.float64], y: NDArray[np.float64]) -> Curve:
    """Return a curve with fewer points, at equal distances along it."""
    way = np.cumsum(np.abs(np.diff(x, prepend=x[0])) + np.abs(np.diff(y, prepend=y[0])))
    chosen = np.unique([0, *np.searchsorted(way, np.linspace(0, way[-1], _CURVE_POINTS)), len(x) - 1])
    return Curve(_numbers(x[chosen]), _numbers(y[chosen]))


def _calibration(judged: Cases) -> Calibration:
    if judged.task == "multi":
        found = reliability(judged.scores, judged.targets)
    else:
        found = reliability(judged.scores.max(axis=1), top_hits(judged.scores, judged.targets))
    rows = tuple(found.rows.tolist())
    return Calibration(_number(found.error), _numbers(found.confidence), _numbers(found.accuracy), rows)


def _tags(predictions: Predictions) -> Tags | None:
    if predictions.label_vectors is None:
        return None
    together = co_occurrence(predictions.targets)
    similar = agreement.label_vector_similarity(predictions.label_vectors)
    correlation = agreement.rank_correlation(together, similar)
    return Tags(tuple(map(_numbers, together)), tuple(map(_numbers, similar)), _number(correlation))


def _breakdown(judged: Cases, by_group: Counts) -> tuple[GroupFigure, ...]:
    known = (~np.isnan(judged.targets)).any(axis=1)
    rows = np.bincount(judged.groups[known], minlength=len(judged.group_names))
    values = by_group.micro()
    shown = values.f1[:, 0] if judged.task == "multi" else values.recall[:, 0]  # of one decision a row: the accuracy
    return tuple(
        GroupFigure(name, count, _number(value))
        for name, count, value in zip(judged.group_names, rows.tolist(), shown.tolist(), strict=True)
    )
