"""A window as one vector: how the features of its frames are distributed, wherever in time they stand."""

import torch
from torch import Tensor, nn

from timbrescope.recognition.networks.fittable import features_of
from timbrescope.recognition.networks.timbre_features import TimbreFeatures

_SMALLEST_CHANGE = 1e-6  # of the mean; a feature that changes less is always the same, but for rounding


class BagOfFrames(nn.Module):
    """Describe waveforms, shape (batch, samples), by mean and standard deviation of each feature over the frames.

    Each of these values is standardised with the statistics of the training windows, the buffers ``mean`` and ``std``.

    Source: Yang 2023, slide "Spectral features can be used to build a classifier", which takes mean and variance.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, sample_rate: int) -> None:
        super().__init__()
        self.features = TimbreFeatures(sample_rate)
        self.register_buffer("mean", torch.zeros(self.size))
        self.register_buffer("std", torch.ones(self.size))

    @property
    def size(self) -> int:
        """Length of the vector."""
        return 2 * self.features.n_features

    def forward(self, samples: Tensor) -> Tensor:
        """Return the vectors, shape (batch, size)."""
        frames = self.features(samples)
        pooled = torch.cat([frames.mean(dim=1), frames.std(dim=1, correction=0)], dim=1)
        return (pooled - self.mean) / self.std

    def fit(self, samples: Tensor) -> Tensor:
        """Learn the statistics of training windows, shape (n, samples); return their vectors, shape (n, size)."""
        self.mean.zero_()
        self.std.fill_(1)
        pooled = features_of(self, samples, self.mean.device)
        exact = pooled.cpu().double()
        mean, std = exact.mean(dim=0), exact.std(dim=0, correction=0)
        self.mean.copy_(mean)
        self.std.copy_(torch.where(std > _SMALLEST_CHANGE * mean.abs(), std, 1))
        return (pooled - self.mean) / self.std
