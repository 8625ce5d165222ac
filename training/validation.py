"""How good a model is on the validation part while it learns."""

import numpy as np
import torch
from numpy.typing import NDArray

from timbrescope.recognition.features import compress
from timbrescope.recognition.model import Model
from timbrescope.recognition.spec import ModelSpec
from training.collection import Task
from training.config import Metric
from training.evaluation import metrics
from training.evaluation.aggregate import mean as mean_of_windows
from training.examples import Material
from training.losses import LossFunction

_BATCH = 64
_MOST_LABELS = 60  # of which a table of confusions can still be looked at

Confusion = tuple[tuple[int, ...], ...]
"""True labels down, found ones across; of several labels a row (found, missed, false alarms) each; () of very many."""


@torch.no_grad()
def validate(
    model: Model, examples: Material, spec: ModelSpec, task: Task, metric: Metric, loss_of: LossFunction
) -> tuple[float, float, Confusion]:
    """Return the mean loss of all windows, the metric of clips (of frames, for the task ``frame``), their confusion.

    A clip's scores are the mean of its windows'. Decisions are the label with the highest score, or for several labels
    those above 0.5.
    """
    model.eval()
    device = next((tensor.device for tensor in model.weights().values()), torch.device("cpu"))
    losses, scores, targets = [], [], []
    for power, wanted_of_batch in examples.batches(_BATCH):
        logits = model(compress(spec.front_end, power).to(device)).float().cpu().flatten(0, -2)
        wanted = wanted_of_batch.flatten(0, -2)  # of every frame, a row each
        losses.append(float(loss_of(logits, wanted)) * len(wanted))
        scores.append((logits.sigmoid() if spec.activation == "sigmoid" else logits.softmax(dim=1)).double().numpy())
        targets.append(wanted.numpy())
    loss = sum(losses) / sum(map(len, targets))
    by_row, wanted_of = np.concatenate(scores), np.concatenate(targets)
    if task != "frame":
        items, first, clips = np.unique(examples.item_of, return_index=True, return_inverse=True)
        by_row, wanted_of = mean_of_windows(by_row, clips, len(items)), wanted_of[first]
    exclusive = task != "multi"
    value = loss if metric == "loss" else _value(metric, by_row, wanted_of, exclusive=exclusive)
    return loss, value, confusion(by_row, wanted_of, exclusive=exclusive)


def confusion(scores: NDArray[np.floating], targets: NDArray[np.floating], *, exclusive: bool) -> Confusion:
    """Return what was taken for what, of scores and targets of shape (rows, labels)."""
    if scores.shape[1] > _MOST_LABELS:
        return ()
    if exclusive:
        return tuple(map(tuple, metrics.confusion_matrix(scores, targets).tolist()))
    whole = metrics.count(metrics.decide(scores, 0.5), targets, np.zeros(len(targets), np.intp), 1)
    columns = (whole.hits[0], whole.misses[0], whole.false_alarms[0])
    return tuple((int(hits), int(misses), int(alarms)) for hits, misses, alarms in zip(*columns, strict=True))


def is_better(metric: Metric, value: float, than: float | None) -> bool:
    """Tell whether a value of a metric is better than the best so far; nan never is."""
    if than is None:
        return True
    return value < than if metric == "loss" else value > than


def _value(metric: Metric, scores: NDArray[np.float64], targets: NDArray[np.float32], *, exclusive: bool) -> float:
    if metric == "accuracy":
        return float(np.nanmean(metrics.top_hits(scores, targets)))
    if metric == "macro-f1":
        decisions = metrics.decide(scores, None if exclusive else 0.5)
        counts = metrics.count(decisions, targets, np.zeros(len(targets), np.intp), 1)
        return float(metrics.mean_known(counts.f1)[0])
    once = np.ones((1, len(targets)), np.int64)
    roc, pr = metrics.areas(scores, targets, np.arange(len(targets)), once)
    return float(metrics.mean_known(roc if metric == "roc-auc" else pr)[0])
