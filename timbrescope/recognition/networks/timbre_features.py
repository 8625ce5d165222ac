"""Hand-crafted features of timbre, frame by frame, as the lecture of Yang (2023) lists them."""

import math
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from timbrescope.core.mel import mel_filter_bank
from timbrescope.recognition.networks.fittable import check_size

N_MFCC = 13

_N_FFT, _HOP, _N_MELS = 2048, 512, 128
_POWER_FLOOR = 1e-10
_DECIBEL_RANGE = 80.0  # below the loudest of the window nothing is heard
_ROLLOFF = 0.85  # of the magnitude
_LOWEST_OCTAVE = 200.0  # Hz
_MOST_OCTAVES = 6
_QUANTILE = 0.02  # of the bins of an octave: its peak and its valley
_SILENCE = 1e-10  # samples nearer to zero have no sign


class TimbreFeatures(nn.Module):
    """Describe waveforms, shape (batch, samples), frame by frame, shape (batch, frames, n_features).

    The features are, in this order: spectral centroid, bandwidth and rolloff (85 %) in Hz; flatness; flux; rate of zero
    crossings; root mean square; spectral contrast in decibels below 200 Hz and in six octaves above, as far as they
    begin below half the sample rate; 13 mel-frequency cepstral coefficients. All but flux are equal to librosa 0.11's
    with its defaults, contrast to a tenth of a decibel, because valleys suffer from single precision. Flux is the
    Euclidean distance of a frame's power spectrum from the one before, both of length one; the first frame's is zero.

    Source: Yang, "Timbre", Deep Learning for Music Analysis and Generation, 2023, slides on timbre features.
    """

    window: Tensor
    hz: Tensor
    mel_bank: Tensor
    cosines: Tensor

    def __init__(self, sample_rate: int = 22_050) -> None:
        super().__init__()
        check_size("sample_rate", sample_rate, 2_000, 384_000)
        hz = np.fft.rfftfreq(_N_FFT, 1 / sample_rate)
        self.octaves = _octaves(hz)
        bank = mel_filter_bank(sample_rate, _N_FFT, _N_MELS)
        # Not from_numpy: tensors of the device that a network is built on.
        self.register_buffer("window", torch.hann_window(_N_FFT), persistent=False)
        self.register_buffer("hz", torch.tensor(hz.tolist(), dtype=torch.float32), persistent=False)
        self.register_buffer("mel_bank", torch.tensor(bank), persistent=False)
        self.register_buffer("cosines", cosine_basis(N_MFCC, _N_MELS), persistent=False)

    @property
    def n_features(self) -> int:
        """Number of values in a frame."""
        return 7 + len(self.octaves) + N_MFCC

    def forward(self, samples: Tensor) -> Tensor:
        """Return the features."""
        spectrum = torch.stft(
            samples, _N_FFT, _HOP, window=self.window, pad_mode="constant", return_complex=True
        ).transpose(1, 2)  # batch, frames, bins
        power = torch.view_as_real(spectrum).square().sum(dim=3)
        magnitude = power.sqrt()
        mel = decibels(power @ self.mel_bank.T)
        return torch.cat(
            [
                *self._shape(magnitude),
                _flatness(power),
                _flux(power),
                _zero_crossing_rate(samples),
                _root_mean_square(samples),
                self._contrast(magnitude),
                mel @ self.cosines.T,
            ],
            dim=2,
        )

    def _shape(self, magnitude: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return centroid, bandwidth and rolloff; of silence they are zero."""
        share = F.normalize(magnitude, p=1, dim=2)
        centroid = (share * self.hz).sum(dim=2, keepdim=True)
        bandwidth = (share * (self.hz - centroid).square()).sum(dim=2, keepdim=True).sqrt()
        below = magnitude.cumsum(dim=2)
        reached = below >= _ROLLOFF * below[:, :, -1:]
        rolloff = self.hz[reached.to(torch.uint8).argmax(dim=2, keepdim=True)]  # the first bin that reaches it
        return centroid, bandwidth, rolloff

    def _contrast(self, magnitude: Tensor) -> Tensor:
        """Return how far peaks stand above valleys in each octave (Jiang et al. 2002)."""
        peaks, valleys = [], []
        for first, end, extremes in self.octaves:
            ordered = magnitude[:, :, first:end].sort(dim=2).values
            valleys.append(ordered[:, :, :extremes].mean(dim=2))
            peaks.append(ordered[:, :, -extremes:].mean(dim=2))
        return decibels(torch.stack(peaks, dim=2)) - decibels(torch.stack(valleys, dim=2))


def decibels(power: Tensor) -> Tensor:
    """Return decibels of power, shape (batch, frames, bands), at most 80 below the loudest of each window."""
    level = 10 * power.clamp(min=_POWER_FLOOR).log10()
    return torch.maximum(level, level.amax(dim=(1, 2), keepdim=True) - _DECIBEL_RANGE)


def cosine_basis(n_coefficients: int, n_bands: int) -> Tensor:
    """Return the first rows of the orthonormal discrete cosine transform (type II), shape (coefficients, bands)."""
    angles = torch.outer(torch.arange(n_coefficients), 2 * torch.arange(n_bands) + 1) * (math.pi / (2 * n_bands))
    basis = angles.cos() * math.sqrt(2 / n_bands)
    basis[0] /= math.sqrt(2)
    return basis


def _octaves(hz: NDArray[np.floating[Any]]) -> list[tuple[int, int, int]]:
    """Return for each band of the contrast its first bin, its end, and how many bins are its peak or its valley."""
    count = min(_MOST_OCTAVES, math.ceil(math.log2(hz[-1] / _LOWEST_OCTAVE)))
    edges = [0.0, *(_LOWEST_OCTAVE * 2**octave for octave in range(count + 1))]
    bands = []
    for band in range(count + 1):
        first = int(np.searchsorted(hz, edges[band])) - (band > 0)  # with one bin of the band below, as librosa has it
        end = int(np.searchsorted(hz, edges[band + 1], side="right"))
        last = band == count
        size = (len(hz) if last else end) - first
        bands.append((first, len(hz) if last else end - 1, max(1, round(_QUANTILE * size))))
    return bands


def _flatness(power: Tensor) -> Tensor:
    power = power.clamp(min=_POWER_FLOOR)
    return power.log().mean(dim=2, keepdim=True).exp() / power.mean(dim=2, keepdim=True)


def _flux(power: Tensor) -> Tensor:
    steps = F.normalize(power, dim=2).diff(dim=1).norm(dim=2, keepdim=True)
    return F.pad(steps, (0, 0, 1, 0))


def _zero_crossing_rate(samples: Tensor) -> Tensor:
    padded = F.pad(samples.unsqueeze(1), (_N_FFT // 2, _N_FFT // 2), mode="replicate").squeeze(1)
    negative = padded < -_SILENCE
    crossings = negative[:, 1:] != negative[:, :-1]
    return crossings.unfold(1, _N_FFT - 1, _HOP).sum(dim=2).unsqueeze(2) / _N_FFT


def _root_mean_square(samples: Tensor) -> Tensor:
    padded = F.pad(samples, (_N_FFT // 2, _N_FFT // 2))
    return padded.square().unfold(1, _N_FFT, _HOP).mean(dim=2).sqrt().unsqueeze(2)
