"""What is judged, one row a decision, and the figures that any choice of groups of rows gives."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from training.collection import Item, Task
from training.evaluation.aggregate import Rule, relative_weights
from training.evaluation.metrics import (
    Counts,
    Floats,
    Threshold,
    add_up,
    among_top,
    areas,
    count,
    decide,
    mean_known,
    top_hits,
)
from training.evaluation.predict import Predictions

_FEW_LABELS = 10  # of which the five highest would be too many to tell anything
MAIN_FIGURE: dict[Task, str] = {"single": "accuracy", "multi": "roc_auc", "frame": "accuracy"}


@dataclass(frozen=True, slots=True)
class Cases:
    """Rows of scores and targets, each a clip, or a window where windows are judged by themselves.

    Attributes:
        task: of the collection.
        scores: shape (rows, labels).
        targets: shape (rows, labels), nan where unknown.
        items: number of each row's item.
        starts, ends: of each row in seconds from the beginning of its file; an unknown end is nan.
        groups: number of each row's group.
        group_names: what must not be torn apart when rows are drawn: ``Item.group``, or the file where it is empty.
    """

    task: Task
    scores: Floats
    targets: NDArray[np.float32]
    items: NDArray[np.intp]
    starts: Floats
    ends: Floats
    groups: NDArray[np.intp]
    group_names: tuple[str, ...]

    def unknown_beyond(self, items: NDArray[np.bool_], columns: NDArray[np.bool_]) -> "Cases":
        """Return the same rows with everything unknown but some items and labels.

        Args:
            items: which rows stay, shape (rows,).
            columns: which labels stay, shape (labels,). A row that has exactly one label goes with it, and no row can
                be taken for it.
        """
        targets, scores = self.targets.copy(), self.scores.copy()
        targets[~items] = np.nan
        if self.task == "multi":
            targets[:, ~columns] = np.nan
        else:
            targets[(targets[:, ~columns] > 0.5).any(axis=1)] = np.nan
            scores[:, ~columns] = -np.inf
        return replace(self, targets=targets, scores=scores)


def group_name(item: Item) -> str:
    """Return what an item must not be torn apart from."""
    return item.group or str(item.path)


def cases(predictions: Predictions, rule: Rule, group_names: Sequence[str] | None = None) -> Cases:
    """Combine windows into what is judged.

    Args:
        predictions: of a model.
        rule: how windows become clips.
        group_names: all groups in order, where they are to be those of other predictions too.
    """
    of_item = [group_name(item) for item in predictions.items]
    names = tuple(sorted(set(of_item))) if group_names is None else tuple(group_names)
    number = {name: index for index, name in enumerate(names)}
    groups = np.array([number[name] for name in of_item], np.intp)
    scores = predictions.scores.astype(np.float64)
    if rule.combine is None:
        clips, starts = predictions.clips, predictions.times
        ends = starts + predictions.spec.window_seconds
        targets = predictions.targets if predictions.task == "frame" else predictions.targets[clips]
    else:
        clips = np.arange(len(predictions.items))
        if rule.by_loudness:
            scores = scores * relative_weights(predictions.weights, predictions.clips, len(clips))[:, None]
        scores = rule.combine(scores, predictions.clips, len(clips))
        starts = np.array([item.start for item in predictions.items])
        ends = np.array([np.nan if item.end is None else item.end for item in predictions.items])
        targets = predictions.targets
    return Cases(predictions.task, scores, targets, clips, starts, ends, groups[clips], names)


def counts(judged: Cases, threshold: Threshold | None) -> Counts:
    """Count hits, false alarms and misses within each group, shape (groups, labels)."""
    decisions = decide(judged.scores, threshold)
    return count(decisions, judged.targets, judged.groups, len(judged.group_names))


def figures(judged: Cases, threshold: Threshold | None, weights: NDArray[np.integer]) -> dict[str, Floats]:
    """Return the figures of the whole, by name, when each group counts so often, each of shape (draws,).

    Args:
        judged: the rows.
        threshold: from which score on a label applies; None takes the label with the highest score.
        weights: how often each group counts in each draw, shape (draws, groups).
    """
    found: dict[str, Floats] = {}
    if judged.task == "multi":
        roc, pr = areas(judged.scores, judged.targets, judged.groups, weights)
        found |= {"roc_auc": mean_known(roc), "pr_auc": mean_known(pr)}
        if judged.scores.shape[1] > _FEW_LABELS:
            found |= {"top_5": _share(judged, among_top(judged.scores, judged.targets, 5), weights)}
    else:
        accuracy = _share(judged, top_hits(judged.scores, judged.targets), weights)
        found |= {"accuracy": accuracy, "error": 1 - accuracy}
    drawn = counts(judged, threshold).weighted(weights)
    if judged.task == "multi":  # where each row has one decision and one label all of these are the accuracy
        together = drawn.micro()
        found |= {"micro_precision": together.precision[:, 0], "micro_recall": together.recall[:, 0]}
        found |= {"micro_f1": together.f1[:, 0]}
    found |= {"macro_precision": mean_known(drawn.precision), "macro_recall": mean_known(drawn.recall)}
    found |= {"macro_f1": mean_known(drawn.f1)}
    return found


def _share(judged: Cases, hits: Floats, weights: NDArray[np.integer]) -> Floats:
    """Return the share of rows that were hit (1, 0, or nan where nobody knows), shape (draws,)."""
    tried = np.stack([np.nan_to_num(hits), ~np.isnan(hits)], axis=1)  # rows, (right, known)
    right, known = (weights.astype(np.float64) @ add_up(tried, judged.groups, len(judged.group_names))).T
    share: Floats = np.divide(right, known, out=np.full_like(right, np.nan), where=known > 0)
    return share
