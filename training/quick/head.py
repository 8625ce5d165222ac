"""The new last layer: regularised logistic regression on what an encoder makes of windows."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from torch import Tensor, nn

from timbrescope.recognition.label_vectors import last_dense
from timbrescope.recognition.networks.embedding import Embedder
from training.errors import TrainingError

STRENGTH = 0.3
"""Inverse of the penalty: found on other data, where anything from 0.1 to 1 serves as well."""
_ITERATIONS = 300
_AT_ONCE = 4096  # windows
NEVER = -12.0
"""The logit of a label without any example, whatever the window."""
_SCALES = (0.05, 5.0)

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Head:
    """A dense layer: weights of shape (labels, features) and biases of shape (labels,)."""

    weights: NDArray[np.float64]
    biases: NDArray[np.float64]

    def logits(self, features: Floats) -> NDArray[np.float64]:
        """Return logits, shape (windows, labels), of features, shape (windows, features)."""
        return features @ self.weights.T + self.biases

    def scaled(self, scale: NDArray[np.float64], shift: NDArray[np.float64]) -> "Head":
        """Return the layer whose logits are multiplied and added to, both of shape (labels,)."""
        return Head(self.weights * scale[:, None], self.biases * scale + shift)


@torch.inference_mode()
def features_of(encoder: nn.Module, n_labels: int, vectors: Floats) -> Floats:
    """Return what reaches the last dense layer of an encoder with so many labels, shape (windows, features).

    Raises:
        TrainingError: it has no such layer.
    """
    dense = dense_of(encoder, n_labels)
    out = np.empty((len(vectors), dense.in_features), np.float32)
    taken: list[Tensor] = []
    hook = dense.register_forward_pre_hook(lambda _layer, inputs: taken.append(inputs[0]))
    try:
        for first in range(0, len(vectors), _AT_ONCE):
            cast("Embedder", encoder).classify(torch.from_numpy(vectors[first : first + _AT_ONCE]))
            out[first : first + _AT_ONCE] = taken.pop().numpy()
    finally:
        hook.remove()
    return out


def dense_of(encoder: nn.Module, n_labels: int) -> nn.Linear:
    """Return the last dense layer.

    Raises:
        TrainingError: there is none.
    """
    dense = last_dense(encoder, n_labels)
    if dense is None or dense.bias is None:
        raise TrainingError("The network does not end in a dense layer that could be learnt anew; choose another one.")
    return dense


def learn(features: Floats, targets: Floats, weights: Floats, *, exclusive: bool) -> Head:
    """Return the layer that tells labels apart; the same input gives the same layer.

    Every label weighs the same over all its windows together.

    Args:
        features: shape (windows, features).
        targets: 1 where a label applies, 0 where not, nan where nobody knows, shape (windows, labels).
        weights: of the windows, shape (windows,).
        exclusive: whether exactly one label applies to each window; otherwise labels are independent.
    """
    scale = max(float(features.std()), 1e-9)
    x = features / np.float32(scale)
    n_labels = targets.shape[1]
    coefficients, biases = np.zeros((n_labels, x.shape[1])), np.full(n_labels, NEVER)
    if exclusive:
        wanted = targets.argmax(axis=1)
        present = np.unique(wanted)
        if len(present) == 1:
            biases[present] = -NEVER
        else:
            found, intercepts = _fit(x, wanted, weights)
            coefficients[present], biases[present] = found, intercepts
    else:
        for label in range(n_labels):
            known = ~np.isnan(targets[:, label])
            applies = targets[known, label] > 0.5
            if applies.any() and not applies.all():
                found, intercepts = _fit(x[known], applies.astype(np.intp), weights[known])
                coefficients[label], biases[label] = found[1] - found[0], intercepts[1] - intercepts[0]
            elif applies.any():
                biases[label] = -NEVER
    return Head(coefficients / scale, biases)


def temperature(logits: NDArray[np.float64], targets: Floats, weights: Floats) -> float:
    """Return by what logits of exclusive labels are to be multiplied so that cross-entropy is least.

    Source: Guo et al., "On calibration of modern neural networks", ICML 2017, section 4.2; here the factor, not its
    inverse.
    """
    rows, wanted = np.arange(len(logits)), targets.argmax(axis=1)

    def cross_entropy(factor: float) -> float:
        return float(-(weights * log_softmax(factor * logits, axis=1)[rows, wanted]).sum())

    return float(minimize_scalar(cross_entropy, bounds=_SCALES, method="bounded").x)


def _fit(x: Floats, wanted: NDArray[np.intp], weights: Floats) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return weights and biases of a softmax over the classes that occur."""
    classes, which = np.unique(wanted, return_inverse=True)
    weights = np.maximum(weights, 1e-6)
    shares = np.bincount(which, weights)
    balanced = weights * (len(x) / len(classes) / shares)[which]
    model = LogisticRegression(C=STRENGTH, max_iter=_ITERATIONS)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # as good as it gets in that time
        model.fit(x, which, sample_weight=balanced)
    found, intercepts = model.coef_.astype(np.float64), model.intercept_.astype(np.float64)
    if len(classes) == 2:  # one logit for both
        found, intercepts = np.concatenate([-found, found]) / 2, np.concatenate([-intercepts, intercepts]) / 2
    return found, intercepts


def replaced(weights: dict[str, Tensor], network: nn.Module, n_labels: int, head: Head) -> dict[str, Tensor]:
    """Return a model's weights with another last dense layer.

    Raises:
        TrainingError: the network has no such layer.
    """
    dense = dense_of(network, n_labels)
    name = next(name for name, module in network.named_modules() if module is dense)
    layer = {"weight": head.weights, "bias": head.biases}
    return weights | {f"{name}.{part}": torch.from_numpy(values).float() for part, values in layer.items()}


def label_order(labels: Sequence[str], background: str | None) -> tuple[str, ...]:
    """Return the labels of the model: the collection's own, and the background last where it is not among them."""
    return tuple(labels) if background is None or background in labels else (*labels, background)
