"""What training makes small. Targets are (batch, n_labels) in 0..1; nan where nobody knows counts neither way."""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from training.config import Distillation, Training

_CERTAIN = 1e-5

LossFunction = Callable[[Tensor, Tensor], Tensor]
"""Takes logits and targets, both (batch, n_labels), and returns the mean loss."""


def make_loss(training: Training, *, exclusive: bool, weights: Tensor | None = None) -> LossFunction:
    """Return the loss that a configuration asks for.

    Args:
        training: the configuration.
        exclusive: exactly one label applies at a time, which asks for cross-entropy where nothing is said.
        weights: of the classes, shape (n_labels,).
    """
    smoothing = training.label_smoothing
    match training.loss or ("cross-entropy" if exclusive else "binary-cross-entropy"):
        case "cross-entropy":
            return lambda logits, targets: cross_entropy(logits, targets, weights, smoothing)
        case "binary-cross-entropy":
            return lambda logits, targets: binary_cross_entropy(logits, targets, weights, smoothing)
        case "focal":
            return lambda logits, targets: focal(logits, targets, training.focal_gamma, weights)
        case "logit-error":
            return lambda logits, targets: logit_error(logits, targets, weights)


def cross_entropy(logits: Tensor, targets: Tensor, weights: Tensor | None = None, smoothing: float = 0.0) -> Tensor:
    """Return the categorical cross-entropy of soft targets that add up to one; rows without a target do not count."""
    known = ~targets.isnan().any(dim=1)
    logits, targets = logits[known], targets[known]
    if not len(targets):
        return logits.sum()
    targets = targets / targets.sum(dim=1, keepdim=True).clamp(min=1e-8)
    return F.cross_entropy(logits, targets, weight=weights, label_smoothing=smoothing)


def binary_cross_entropy(
    logits: Tensor, targets: Tensor, weights: Tensor | None = None, smoothing: float = 0.0
) -> Tensor:
    """Return the mean over known labels of the binary cross-entropy; ``weights`` are those of positive targets."""
    known = ~targets.isnan()
    wanted = torch.where(known, targets, 0.0) * (1 - smoothing) + smoothing / 2
    losses = F.binary_cross_entropy_with_logits(logits, wanted, pos_weight=weights, reduction="none")
    return (losses * known).sum() / known.sum().clamp(min=1)


def focal(logits: Tensor, targets: Tensor, gamma: float, weights: Tensor | None = None) -> Tensor:
    """Return the focal loss (Lin et al. 2017, eq. 4), which turns to what is still wrong."""
    known = ~targets.isnan()
    wanted = torch.where(known, targets, 0.0)
    losses = F.binary_cross_entropy_with_logits(logits, wanted, pos_weight=weights, reduction="none")
    error = (logits.sigmoid() - wanted).abs()
    return (losses * error**gamma * known).sum() / known.sum().clamp(min=1)


def logit_error(logits: Tensor, targets: Tensor, weights: Tensor | None = None) -> Tensor:
    """Return the mean square difference from the logits of soft targets (Ba and Caruana 2014, equation 1)."""
    known = ~targets.isnan()
    squares = (logits - to_logits(torch.where(known, targets, 0.5))).square()
    if weights is not None:
        squares = squares * weights
    return (squares * known).sum() / known.sum().clamp(min=1)


def to_logits(scores: Tensor) -> Tensor:
    """Return the logits of scores in 0..1, those of 0 and 1 as if they were a little less certain."""
    return scores.logit(eps=_CERTAIN)


def distil(
    logits: Tensor, teacher: Tensor, targets: Tensor, loss: LossFunction, how: Distillation, *, exclusive: bool
) -> Tensor:
    """Return the loss of the labels and of a teacher's softened scores, mixed (Hinton et al. 2015, section 2).

    Args:
        logits: the student's, shape (batch, n_labels).
        teacher: the teacher's logits, same shape.
        targets: the labels.
        loss: of the labels.
        how: share and temperature of the teacher.
        exclusive: softmax in place of sigmoids.
    """
    cool = logits / how.temperature
    if exclusive:
        soft = F.cross_entropy(cool, (teacher / how.temperature).softmax(dim=1))
    else:
        soft = F.binary_cross_entropy_with_logits(cool, (teacher / how.temperature).sigmoid())
    # The gradient of softened scores shrinks with the square of the temperature.
    return (1 - how.weight) * loss(logits, targets) + how.weight * how.temperature**2 * soft
