"""Changing a last layer as little as what people said of it asks for, instead of learning it anew."""

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from training.quick.head import STRENGTH, Floats, Head

_ITERATIONS = 100
_LEAST = 1e-6
ANCHOR = 1.0
"""How much all that nobody has corrected weighs beside what somebody has."""


def adjust(head: Head, features: Floats, targets: Floats, weights: Floats, others: Floats, *, exclusive: bool) -> Head:
    """Return a layer that says what is known and, of everything else, what it has said before.

    Logistic regression on what is to be added to the logits, with the penalty of ``learn``: where nothing is known of
    a label and no other label's scores depend on it, its weights stay. Other sounds are learnt with the layer's own
    scores as their targets, after Li and Hoiem, "Learning without forgetting", ECCV 2016, section 3.

    Args:
        head: the layer.
        features: of windows somebody has spoken of, shape (windows, features).
        targets: 1 where a label applies, 0 where not, nan where nobody knows, shape (windows, labels).
        weights: of these windows, shape (windows,).
        others: features of other windows, shape (m, features).
        exclusive: whether exactly one label applies to each window, as a softmax says it.
    """
    everything = np.concatenate([features, others])
    middle = everything.mean(axis=0, dtype=np.float64)
    scale = max(float((everything - middle).std()), 1e-9)

    def prepared(values: Floats) -> tuple[Tensor, Tensor]:
        return torch.from_numpy((values - middle) / scale), torch.from_numpy(head.logits(values))

    x, logits = prepared(features)
    x_others, before = prepared(others)
    wanted, known = torch.from_numpy(np.nan_to_num(targets)).double(), torch.from_numpy(~np.isnan(targets))
    # A window weighs as one does in ``learn``, however many of a piece there are.
    share = torch.from_numpy(weights / weights.mean()).double()
    share_others = ANCHOR * len(features) / max(1, len(others))
    change = torch.zeros(head.weights.shape, dtype=torch.float64, requires_grad=True)
    shift = torch.zeros(len(head.biases), dtype=torch.float64, requires_grad=True)
    optimiser = torch.optim.LBFGS([change, shift], max_iter=_ITERATIONS, line_search_fn="strong_wolfe")

    def loss() -> Tensor:
        losses = _losses(logits + x @ change.T + shift, wanted, known, exclusive=exclusive)
        kept = _divergence(before + x_others @ change.T + shift, before, exclusive=exclusive)
        size = change.square().sum() + shift.square().sum()
        return 0.5 * size + STRENGTH * ((share * losses).sum() + share_others * kept.sum())

    def closure() -> Tensor:
        optimiser.zero_grad()
        value = loss()
        value.backward()  # type: ignore[no-untyped-call]  # torch's
        return value

    optimiser.step(closure)  # type: ignore[no-untyped-call]  # torch's
    added = change.detach().numpy() / scale
    return Head(head.weights + added, head.biases + shift.detach().numpy() - added @ middle)


def _losses(logits: Tensor, wanted: Tensor, known: Tensor, *, exclusive: bool) -> Tensor:
    """Return how wrong logits are by what is known, shape (windows,)."""
    if not exclusive:
        losses = F.binary_cross_entropy_with_logits(logits, wanted, reduction="none")
        return (losses * known).sum(dim=1)
    right = -(wanted * known * logits.log_softmax(dim=1)).sum(dim=1)
    # What one label is not, one of the others is; where it is known which, that says it all.
    none = -((1 - logits.softmax(dim=1)).clamp(min=_LEAST).log() * (known & (wanted == 0))).sum(dim=1)
    return torch.where((wanted * known).sum(dim=1) > 0, right, none)


def _divergence(logits: Tensor, before: Tensor, *, exclusive: bool) -> Tensor:
    """Return how far scores are from those before, in cross-entropy, shape (windows,)."""
    if exclusive:
        return -(before.softmax(dim=1) * logits.log_softmax(dim=1)).sum(dim=1)
    return F.binary_cross_entropy_with_logits(logits, before.sigmoid(), reduction="none").sum(dim=1)
