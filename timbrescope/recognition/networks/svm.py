"""Support vector machines on a bag of hand-crafted features: one of the classifiers of Yang's lecture (2023)."""

from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from timbrescope.core.errors import ModelError
from timbrescope.recognition.networks.bag_of_frames import BagOfFrames
from timbrescope.recognition.networks.fittable import MOST_LABELS, check_size, indicators, to_buffer
from timbrescope.recognition.networks.registry import register

_FOLDS = 5
_MOST_VECTORS = 2**20
_MOST_WEIGHTS = 2**28


@register("timbre-svm", family="classical", paper="Yang 2023", window=(66_150,), labels=10, seconds=3.0)
class TimbreSvm(nn.Module):
    """Score waveforms, shape (batch, samples), as logits, shape (batch, n_labels).

    For each label a machine with radial basis functions tells it from all others. A sigmoid, learnt in five-fold
    cross-validation (Platt 1999), makes probabilities of its decisions. Where exactly one label applies, they are
    divided by their sum.

    Args:
        n_labels: number of labels.
        sample_rate: of the waveforms, in Hz.
        n_vectors: number of support vectors, which is found in training.
        exclusive: whether exactly one label applies, which the training targets say.
    """

    vectors: Tensor
    weights: Tensor
    biases: Tensor
    gamma: Tensor
    slopes: Tensor
    offsets: Tensor

    def __init__(
        self, n_labels: int, *, sample_rate: int = 22_050, n_vectors: int = 1_000, exclusive: bool = True
    ) -> None:
        super().__init__()
        check_size("n_labels", n_labels, 1, MOST_LABELS)
        check_size("n_vectors", n_vectors, 0, _most_vectors(n_labels))
        self.n_labels = n_labels
        self.exclusive = bool(exclusive)
        self.bag = BagOfFrames(sample_rate)
        self.register_buffer("vectors", torch.zeros(n_vectors, self.bag.size))
        self.register_buffer("weights", torch.zeros(n_labels, n_vectors))
        self.register_buffer("biases", torch.zeros(n_labels))
        self.register_buffer("gamma", torch.ones(()))
        self.register_buffer("slopes", torch.ones(n_labels))
        self.register_buffer("offsets", torch.zeros(n_labels))

    def forward(self, samples: Tensor) -> Tensor:
        """Return logits, shape (batch, n_labels)."""
        # Differences one by one: as products of matrices they would lose the digits that the kernel needs.
        differences = self.bag(samples).unsqueeze(1) - self.vectors  # batch, vectors, features
        kernel = (-self.gamma * differences.square().sum(dim=2)).exp()  # batch, vectors
        decisions = kernel @ self.weights.T + self.biases
        logits = self.slopes * decisions + self.offsets
        return F.logsigmoid(logits) if self.exclusive else logits  # a softmax of these divides sigmoids by their sum

    def fit(self, windows: Tensor, targets: Tensor, seed: int) -> None:
        """Learn from waveforms, as ``Fittable.fit`` says; needs scikit-learn.

        Raises:
            ModelError: as ``Fittable.fit``; or a label applies to fewer than two windows, or to all but one; or there
                are more windows than can be learnt from.
        """
        from sklearn.calibration import CalibratedClassifierCV
        from sklearn.model_selection import StratifiedKFold
        from sklearn.svm import SVC

        truth, exclusive = indicators(targets, self.n_labels)
        if len(truth) > _most_vectors(self.n_labels):
            raise ModelError(
                f"Support vector machines cannot learn from {len(truth)} windows; train with at most "
                f"{_most_vectors(self.n_labels)}."
            )
        fewest = np.minimum(truth.sum(axis=0), (~truth).sum(axis=0))
        if (fewest < 2).any():
            raise ModelError(
                f"Label number {fewest.argmin() + 1} applies to fewer than two windows, or to all but one; a support "
                "vector machine needs two of either kind."
            )
        vectors = self.bag.fit(windows).double().cpu().numpy()
        weights = np.zeros((self.n_labels, len(vectors)))
        biases, slopes, offsets = np.zeros((3, self.n_labels))
        for label in range(self.n_labels):
            folds = StratifiedKFold(min(_FOLDS, int(fewest[label])), shuffle=True, random_state=seed)
            calibrated = CalibratedClassifierCV(SVC(), cv=folds, ensemble=False)
            (fitted,) = calibrated.fit(vectors, truth[:, label]).calibrated_classifiers_
            machine, (sigmoid,) = fitted.estimator, fitted.calibrators
            weights[label, machine.support_] = machine.dual_coef_[0]
            biases[label] = machine.intercept_[0]
            slopes[label], offsets[label] = -sigmoid.a_, -sigmoid.b_
        support = weights.any(axis=0)
        self.exclusive = exclusive
        self.vectors = to_buffer(vectors[support], self.vectors)
        self.weights = to_buffer(weights[:, support], self.weights)
        self.biases = to_buffer(biases, self.biases)
        self.gamma = to_buffer(1 / (vectors.shape[1] * vectors.var()), self.gamma)
        self.slopes = to_buffer(slopes, self.slopes)
        self.offsets = to_buffer(offsets, self.offsets)

    def fitted_options(self) -> dict[str, Any]:
        """Return the options whose values ``fit`` has found."""
        return {"n_vectors": len(self.vectors), "exclusive": self.exclusive}


def _most_vectors(n_labels: int) -> int:
    return min(_MOST_VECTORS, _MOST_WEIGHTS // n_labels)
