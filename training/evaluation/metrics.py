"""Figures that say how well scores meet their targets.

Scores and targets are arrays of shape (rows, labels); a row is a clip or a frame. A target is 1 where the label applies
and 0 where it does not; targets that are ``UNKNOWN`` (nan) are left out everywhere. Figures that cannot be told, as the
recall of a label that never applies, are nan. Counts may have leading axes, such as one for the draws of a bootstrap.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import confusion_matrix as count_pairs

Floats = NDArray[np.float64]
Threshold = float | tuple[float, ...]
"""From which score on a label applies: one for all labels, or one a label."""

THRESHOLDS: Floats = np.arange(1, 100) / 100
CALIBRATION_BINS = 15
_ELEMENTS_AT_ONCE = 2**21  # of rows x draws: what is made on the way stays below some 100 MB


def top_hits(scores: NDArray[np.floating], targets: NDArray[np.floating]) -> Floats:
    """Tell for each row whether the label with the highest score applies: 1, 0 or nan, shape (rows,).

    The mean is the top-1 accuracy (Segal 2016, chapter 5) of clips and the frame accuracy (Pons 2017, III-A) of frames.
    """
    best = np.argmax(scores, axis=1)
    right = targets[np.arange(len(targets)), best] > 0.5
    return np.where(np.isnan(targets).any(axis=1), np.nan, right.astype(np.float64))


def among_top(scores: NDArray[np.floating], targets: NDArray[np.floating], count: int) -> Floats:
    """Tell for each row whether a label that applies is among so many with the highest scores, shape (rows,).

    1 or 0, or nan where no label is known to apply. What is not known counts as not applying.
    """
    best = np.argsort(-scores, axis=1, kind="stable")[:, :count]
    right = (np.take_along_axis(targets, best, axis=1) > 0.5).any(axis=1)
    return np.where((targets > 0.5).any(axis=1), right.astype(np.float64), np.nan)


def confusion_matrix(scores: NDArray[np.floating], targets: NDArray[np.floating]) -> NDArray[np.int64]:
    """Count how often each label (rows) was taken for each label (columns), shape (labels, labels)."""
    known = ~np.isnan(targets).any(axis=1)
    n_labels = scores.shape[1]
    if not known.any():
        return np.zeros((n_labels, n_labels), np.int64)
    true, found = targets[known].argmax(axis=1), scores[known].argmax(axis=1)
    return np.asarray(count_pairs(true, found, labels=range(n_labels)), np.int64)


def decide(scores: NDArray[np.floating], threshold: Threshold | None) -> NDArray[np.bool_]:
    """Return which labels are said to apply: those that reach a threshold, or with None the one with the top score."""
    if threshold is not None:
        return np.asarray(scores >= np.asarray(threshold))
    decisions = np.zeros(scores.shape, np.bool_)
    decisions[np.arange(len(scores)), scores.argmax(axis=1)] = True
    return decisions


@dataclass(frozen=True, slots=True)
class Counts:
    """Hits, false alarms and misses of each label, shape (..., labels)."""

    hits: Floats
    false_alarms: Floats
    misses: Floats

    def weighted(self, weights: NDArray[np.integer]) -> "Counts":
        """Return the counts with each row taken so often: shape (rows, labels) and (draws, rows) to (draws, labels)."""
        factors = weights.astype(np.float64)
        return Counts(factors @ self.hits, factors @ self.false_alarms, factors @ self.misses)

    def micro(self) -> "Counts":
        """Return the counts of all labels together, shape (..., 1)."""
        return Counts(
            self.hits.sum(axis=-1, keepdims=True),
            self.false_alarms.sum(axis=-1, keepdims=True),
            self.misses.sum(axis=-1, keepdims=True),
        )

    @property
    def precision(self) -> Floats:
        """The share of what was found that is right: 0 where nothing was found, nan where there is nothing to find."""
        return self._known(_ratio(self.hits, self.hits + self.false_alarms, empty=0.0))

    @property
    def recall(self) -> Floats:
        """The share of what there is that was found; nan where there is nothing to find."""
        return self._known(_ratio(self.hits, self.hits + self.misses))

    @property
    def f1(self) -> Floats:
        """The harmonic mean of precision and recall; nan where there is nothing to find."""
        return self._known(_ratio(2 * self.hits, 2 * self.hits + self.false_alarms + self.misses))

    def _known(self, values: Floats) -> Floats:
        return np.where(self.hits + self.misses > 0, values, np.nan)


def count(
    decisions: NDArray[np.bool_], targets: NDArray[np.floating], groups: NDArray[np.intp], n_groups: int
) -> Counts:
    """Count hits, false alarms and misses within groups of rows, shape (n_groups, labels).

    Args:
        decisions: which labels are said to apply, shape (rows, labels).
        targets: which do.
        groups: number of each row's group.
        n_groups: how many there are.
    """
    applies, not_so = targets > 0.5, targets <= 0.5
    return Counts(
        *(
            add_up(events, groups, n_groups)
            for events in (decisions & applies, decisions & not_so, ~decisions & applies)
        )
    )


def add_up(values: NDArray[np.generic], groups: NDArray[np.intp], n_groups: int) -> Floats:
    """Return the sum of rows within groups, shape (rows, ...) to (n_groups, ...)."""
    sums = np.zeros((n_groups, *values.shape[1:]))
    np.add.at(sums, groups, values.astype(np.float64))
    return sums


@dataclass(frozen=True, slots=True)
class ThresholdScan:
    """F1 at each of ``THRESHOLDS``.

    Attributes:
        micro_f1: of all decisions together, shape (thresholds,).
        macro_f1: mean of the labels, shape (thresholds,).
        f1: of each label, shape (thresholds, labels).
    """

    micro_f1: Floats
    macro_f1: Floats
    f1: Floats

    @property
    def best(self) -> tuple[Floats, Floats]:
        """The threshold with the highest F1 of each label and that F1, nan for labels that never apply."""
        highest = np.where(np.isnan(self.f1), -1.0, self.f1).argmax(axis=0)
        f1 = self.f1[highest, np.arange(self.f1.shape[1])]
        return np.where(np.isnan(f1), np.nan, THRESHOLDS[highest]), f1


def scan_thresholds(scores: NDArray[np.floating], targets: NDArray[np.floating]) -> ThresholdScan:
    """Return the F1 scores at each of ``THRESHOLDS``, one threshold for all labels."""
    steps = np.searchsorted(THRESHOLDS, scores.astype(np.float64), side="right")  # how many thresholds a score reaches
    hits, false_alarms = _reaching(steps, targets > 0.5), _reaching(steps, targets <= 0.5)
    counts = Counts(hits, false_alarms, (targets > 0.5).sum(axis=0) - hits)
    return ThresholdScan(counts.micro().f1[:, 0], mean_known(counts.f1), counts.f1)


def _reaching(steps: NDArray[np.intp], chosen: NDArray[np.bool_]) -> Floats:
    """Count the chosen rows that reach each threshold, shape (thresholds, labels)."""
    size = len(THRESHOLDS) + 1
    reached = [
        np.bincount(column[wanted], minlength=size)[::-1].cumsum()[::-1][1:]  # k or more of them, for k = 1, 2, ...
        for column, wanted in zip(steps.T, chosen.T, strict=True)
    ]
    return np.stack(reached, axis=1).astype(np.float64)


def areas(
    scores: NDArray[np.floating],
    targets: NDArray[np.floating],
    groups: NDArray[np.intp],
    weights: NDArray[np.integer],
) -> tuple[Floats, Floats]:
    """Return the areas under the ROC and the precision-recall curve of each label, two of shape (draws, labels).

    They equal scikit-learn's ``roc_auc_score`` and ``average_precision_score``, which take one set of weights a call.
    Labels without a row where they apply, or without one where they do not, are nan.

    Args:
        scores: shape (rows, labels).
        targets: shape (rows, labels).
        groups: number of each row's group, shape (rows,).
        weights: how often each group counts in each draw, shape (draws, groups).
    """
    rows, n_labels = scores.shape
    # Whole numbers below 2**24 are exact in single precision, and the largest of them is about the number of rows.
    by_group = weights.T.astype(np.float32)  # groups, draws
    n_draws = len(weights)
    roc, pr = np.full((2, n_draws, n_labels), np.nan)
    at_once = max(1, _ELEMENTS_AT_ONCE // max(1, rows))
    for label in range(n_labels):
        known = np.flatnonzero(~np.isnan(targets[:, label]))
        if not len(known):
            continue
        order = known[np.argsort(-scores[known, label], kind="stable")]
        applies = targets[order, label] > 0.5
        steps = _steps(scores[order, label], applies)
        for first in range(0, n_draws, at_once):
            draws = slice(first, first + at_once)
            roc[draws, label], pr[draws, label] = _areas(by_group[groups[order], draws], applies, steps)
    return roc, pr


def _steps(scores: NDArray[np.floating], applies: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Return where the curves have corners: at the last of rows with equal scores, if hits are among them or follow."""
    last = np.append(np.flatnonzero(np.diff(scores)), len(scores) - 1)
    has_hits = np.diff(np.cumsum(applies)[last], prepend=0) > 0
    return np.asarray(last[has_hits | np.append(has_hits[1:], True)])


def _areas(counted: NDArray[np.float32], applies: NDArray[np.bool_], steps: NDArray[np.intp]) -> tuple[Floats, Floats]:
    """Return both areas for rows in the order of falling scores, counted (rows, draws) times: two of shape (draws,)."""
    starts = np.append(0, steps[:-1] + 1)
    found = np.cumsum(np.add.reduceat(counted, starts, axis=0), axis=0, dtype=np.float64)  # steps, draws
    positive = np.flatnonzero(applies)
    hits = np.cumsum(counted[positive], axis=0, dtype=np.float64)
    hits = np.concatenate([np.zeros((1, counted.shape[1])), hits])[np.searchsorted(positive, steps, side="right")]
    alarms = found - hits
    new_hits = np.diff(hits, axis=0, prepend=0.0)
    alarms_before = np.concatenate([np.zeros_like(alarms[:1]), alarms[:-1]])
    wrong = (new_hits * (alarms_before + alarms) / 2).sum(axis=0)  # pairs in the wrong order, ties half
    pairs = hits[-1] * alarms[-1]
    precision = _ratio(hits, found, empty=0.0)
    pr = _ratio((new_hits * precision).sum(axis=0), hits[-1])
    return _ratio(pairs - wrong, pairs), np.where(pairs > 0, pr, np.nan)


@dataclass(frozen=True, slots=True)
class Reliability:
    """How often what is said with some confidence is right, in bins of equal width; empty bins are left out.

    Attributes:
        confidence, accuracy, rows: of each bin, shape (bins,).
        error: the expected calibration error, the mean distance of the two weighted by rows.
    """

    confidence: Floats
    accuracy: Floats
    rows: NDArray[np.int64]
    error: float


def reliability(confidence: NDArray[np.floating], right: NDArray[np.floating]) -> Reliability:
    """Compare confidence in 0..1 with being right (1, 0 or nan), both of any equal shape.

    Source: Guo et al., "On calibration of modern neural networks", ICML 2017, section 2, equation 3.
    """
    known = ~np.isnan(right)
    said, true = confidence[known].astype(np.float64), (right[known] > 0.5).astype(np.float64)
    bins = np.clip(np.ceil(said * CALIBRATION_BINS).astype(np.intp) - 1, 0, CALIBRATION_BINS - 1)
    rows = np.bincount(bins, minlength=CALIBRATION_BINS)
    used = rows > 0
    mean_said = np.bincount(bins, said, CALIBRATION_BINS)[used] / rows[used]
    mean_true = np.bincount(bins, true, CALIBRATION_BINS)[used] / rows[used]
    error = float(np.average(np.abs(mean_said - mean_true), weights=rows[used])) if used.any() else np.nan
    return Reliability(mean_said, mean_true, rows[used].astype(np.int64), error)


def mean_known(values: Floats) -> Floats:
    """Return the mean over the last axis of what is not nan; nan where nothing is left."""
    known = ~np.isnan(values)
    return _ratio(np.where(known, values, 0.0).sum(axis=-1), known.sum(axis=-1).astype(np.float64))


def group_draws(n_groups: int, draws: int, seed: int) -> NDArray[np.int64]:
    """Draw groups with replacement, as many as there are: how often each was drawn, shape (draws, n_groups)."""
    chances = np.full(n_groups, 1 / n_groups)
    return np.random.default_rng(seed).multinomial(n_groups, chances, size=draws).astype(np.int64)


def interval(drawn: Floats, level: float = 0.95) -> tuple[float, float]:
    """Return the percentile interval of a bootstrap, nan and nan where nothing could be drawn.

    Source: Efron and Tibshirani, "An introduction to the bootstrap", 1993, chapter 13.
    """
    known = drawn[~np.isnan(drawn)]
    if not len(known):
        return np.nan, np.nan
    low, high = np.quantile(known, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def _ratio(part: Floats, whole: Floats, empty: float = np.nan) -> Floats:
    out: Floats = np.full(part.shape, empty)
    np.divide(part, whole, out=out, where=whole > 0)
    return out
