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


@torch.no_grad()
def validate(
    model: Model, examples: Material, spec: ModelSpec, task: Task, metric: Metric, loss_of: LossFunction
) -> tuple[float, float]:
    """Return the mean loss of all windows and the metric of clips (of frames, for the task ``frame``).

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
    return loss, loss if metric == "loss" else _value(metric, by_row, wanted_of, exclusive=task != "multi")


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
