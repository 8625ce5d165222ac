"""Gaussian mixtures on mel-frequency cepstra, the baseline of Pons et al. (EUSIPCO 2017, III-A) for phonemes."""

import math
import warnings
from typing import Any, Literal

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from timbrescope.core.errors import ModelError
from timbrescope.recognition.networks.fittable import MOST_LABELS, check_size, features_of, indicators, to_buffer
from timbrescope.recognition.networks.registry import register
from timbrescope.recognition.networks.timbre_features import N_MFCC, cosine_basis

_SIZE = 3 * N_MFCC
_BANDS, _FRAMES = 40, 9  # the slope of slopes in the frame in the middle reaches four frames to either side
_SECONDS_PER_FRAME = 441 / 44_100
_SMALLEST_STD = 1e-5
# Added to each variance where the training set's is one: identical frames, as of silence, make no needle of a Gaussian.
_LEAST_VARIANCE = 1e-3
_MOST_VALUES = 2**26


@register(
    "mfcc-gmm",
    family="classical",
    paper="Pons 2017",
    window=(_FRAMES, _BANDS),
    labels=29,
    seconds=_FRAMES * _SECONDS_PER_FRAME,
)
class MfccGmm(nn.Module):
    """Score mel spectra in decibels, shape (batch, frames, n_mels), as logits, shape (batch, n_labels).

    The logits are log-likelihoods of 13 cepstral coefficients, their slopes over five frames and the slopes of these
    under each label's mixture of diagonal Gaussians; how frequent labels are does not count. Where labels are
    independent, a second mixture holds the windows without the label, and the logit is the difference. In the paper
    there are 40 bands up to 11 kHz at 44.1 kHz, and frames 10 ms apart.

    Args:
        n_labels: number of labels.
        n_mels: number of mel bands.
        n_components: Gaussians in a mixture.
        frames: ``centre`` decides by the frame in the middle, ``all`` by the mean over the frames of a window.
        exclusive: whether exactly one label applies, which the training targets say.
    """

    cosines: Tensor
    mean: Tensor
    std: Tensor
    means: Tensor
    variances: Tensor
    weights: Tensor

    def __init__(
        self,
        n_labels: int,
        *,
        n_mels: int = _BANDS,
        n_components: int = 40,
        frames: Literal["centre", "all"] = "centre",
        exclusive: bool = True,
    ) -> None:
        super().__init__()
        check_size("n_labels", n_labels, 1, MOST_LABELS)
        check_size("n_mels", n_mels, N_MFCC, 1_024)
        check_size("n_components", n_components, 1, max(1, _MOST_VALUES // (2 * n_labels * _SIZE)))
        if frames not in ("centre", "all"):
            raise ValueError("frames must be 'centre' or 'all'")
        self.n_labels = n_labels
        self.n_components = n_components
        self.frames = frames
        self.exclusive = bool(exclusive)
        mixtures = n_labels if exclusive else 2 * n_labels
        self.register_buffer("cosines", cosine_basis(N_MFCC, n_mels), persistent=False)
        self.register_buffer("mean", torch.zeros(_SIZE))
        self.register_buffer("std", torch.ones(_SIZE))
        self.register_buffer("means", torch.zeros(mixtures, n_components, _SIZE))
        self.register_buffer("variances", torch.ones(mixtures, n_components, _SIZE))
        self.register_buffer("weights", torch.full((mixtures, n_components), 1 / n_components))

    def forward(self, windows: Tensor) -> Tensor:
        """Return logits, shape (batch, n_labels)."""
        x = (self.cepstra(windows) - self.mean) / self.std
        likelihoods = torch.stack(
            [_log_likelihood(x, *mixture) for mixture in zip(self.means, self.variances, self.weights, strict=True)],
            dim=2,
        ).mean(dim=1)
        if self.exclusive:
            return likelihoods
        with_label, without = likelihoods.chunk(2, dim=1)
        return with_label - without

    def cepstra(self, windows: Tensor) -> Tensor:
        """Return coefficients, slopes and slopes of slopes of the frames that count, shape (batch, frames, 39)."""
        coefficients = windows @ self.cosines.T
        slopes = _slope(coefficients)
        features = torch.cat([coefficients, slopes, _slope(slopes)], dim=2)
        middle = features.shape[1] // 2
        return features[:, middle : middle + 1] if self.frames == "centre" else features

    def fit(self, windows: Tensor, targets: Tensor, seed: int) -> None:
        """Learn from mel spectra, as ``Fittable.fit`` says; needs scikit-learn.

        Raises:
            ModelError: as ``Fittable.fit``; or a mixture has more Gaussians than frames to learn from.
        """
        from sklearn.exceptions import ConvergenceWarning
        from sklearn.mixture import GaussianMixture

        truth, exclusive = indicators(targets, self.n_labels)
        cepstra = features_of(self.cepstra, windows, self.mean.device)
        frames = cepstra.double().cpu().numpy().reshape(-1, _SIZE)
        mean, std = frames.mean(axis=0), np.maximum(frames.std(axis=0), _SMALLEST_STD)
        frames = (frames - mean) / std
        members = np.repeat(truth if exclusive else np.hstack([truth, ~truth]), cepstra.shape[1], axis=0)
        fewest = members.sum(axis=0)
        if fewest.min() < max(2, self.n_components):
            raise ModelError(
                f"Label number {fewest.argmin() % self.n_labels + 1} has {fewest.min()} frames to tell it by, fewer "
                f"than the {max(2, self.n_components)} that its mixture needs; train with more sound."
            )
        fitted = []
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # a mixture that could still be better is good enough
            for member in members.T:
                mixture = GaussianMixture(
                    self.n_components, covariance_type="diag", reg_covar=_LEAST_VARIANCE, random_state=seed
                )
                fitted.append(mixture.fit(frames[member]))
        self.exclusive = exclusive
        self.mean, self.std = to_buffer(mean, self.mean), to_buffer(std, self.std)
        self.means = to_buffer(np.stack([mixture.means_ for mixture in fitted]), self.means)
        self.variances = to_buffer(np.stack([mixture.covariances_ for mixture in fitted]), self.variances)
        self.weights = to_buffer(np.stack([mixture.weights_ for mixture in fitted]), self.weights)

    def fitted_options(self) -> dict[str, Any]:
        """Return the options whose values ``fit`` has found."""
        return {"exclusive": self.exclusive}


def _slope(x: Tensor) -> Tensor:
    """Return the slope over five frames of values of shape (batch, frames, n), where the edges are repeated."""
    padded = F.pad(x.transpose(1, 2), (2, 2), mode="replicate").transpose(1, 2)
    two_before, before, _, after, two_after = (padded[:, shift : shift + x.shape[1]] for shift in range(5))
    return (2 * (two_after - two_before) + after - before) / 10


def _log_likelihood(x: Tensor, means: Tensor, variances: Tensor, weights: Tensor) -> Tensor:
    """Return the log-likelihood of vectors (batch, frames, n) under a mixture, shape (batch, frames)."""
    # Differences one by one: as products of matrices they would lose digits that narrow Gaussians need.
    distances = ((x.unsqueeze(2) - means).square() / variances).sum(dim=3)  # batch, frames, components
    scale = weights.log() - 0.5 * (x.shape[2] * math.log(2 * math.pi) + variances.log().sum(dim=1))
    return (scale - 0.5 * distances).logsumexp(dim=2)
