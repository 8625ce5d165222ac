"""The instrument networks of Pons et al., "Timbre analysis of music audio signals with CNNs", EUSIPCO 2017, III-B.

Two of their own and the one of Han, Kim and Lee (2017) that they compare with. Where text and published weights differ,
here is what gives the published number of parameters: pooling over 32 frames, and four bands where the text has eight.
"""

from functools import partial
from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from timbrescope.recognition.networks.fast_convolution import is_faster
from timbrescope.recognition.networks.fast_norm import normalised_peaks
from timbrescope.recognition.networks.initial_weights import initialise
from timbrescope.recognition.networks.registry import register
from timbrescope.recognition.networks.windowed import mean_over_windows

_BANDS, _FRAMES = 96, 128
_SHAPES = {(5, 1): 128, (5, 3): 64, (5, 5): 32, (80, 1): 128, (80, 3): 64, (80, 5): 32}  # bands, frames: filters
_HAN_BANDS, _HAN_FRAMES = 128, 43

_register = partial(register, labels=11)
_pons = partial(
    _register,
    family="musically motivated",
    paper="Pons 2017",
    window=(_FRAMES, _BANDS),
    seconds=_FRAMES * 256 / 12_000,
)


@_pons("pons-singlelayer")
class PonsSingleLayer(nn.Module):
    """Score mel spectrograms in decibels, shape (batch, frames, 96), as logits, shape (batch, n_labels).

    Low and high filters for timbre, of which only the best position in frequency counts.
    """

    def __init__(self, n_labels: int) -> None:
        super().__init__()
        self.front = _Front(pool=(_BANDS, 32))
        self.dropout = nn.Dropout(0.5)
        self.output = nn.Linear(self.front.channels * (_FRAMES // 32), n_labels)
        initialise(self, nn.init.kaiming_normal_)

    def forward(self, windows: Tensor) -> Tensor:
        """Return logits, shape (batch, n_labels); of longer inputs the mean over windows."""
        return mean_over_windows(self._score, windows, _FRAMES)

    def _score(self, windows: Tensor) -> Tensor:
        features = self.front(windows).flatten(1)  # batch, 448 channels x 1 x 4
        logits: Tensor = self.output(self.dropout(features))
        return logits


@_pons("pons-multilayer")
class PonsMultiLayer(nn.Module):
    """Score mel spectrograms in decibels, shape (batch, frames, 96), as logits, shape (batch, n_labels).

    The first layer of the single-layer network under two layers of 3 x 3 filters and a dense one.
    """

    def __init__(self, n_labels: int) -> None:
        super().__init__()
        self.front = _Front(pool=(24, 32))
        self.convs = nn.Sequential(
            *(nn.Dropout(0.25), nn.Conv2d(self.front.channels, 128, 3, padding=1)),
            *(_norm(128), nn.ELU(), nn.MaxPool2d(2)),
            *(nn.Dropout(0.25), nn.Conv2d(128, 128, 3, padding=1)),
            *(_norm(128), nn.ELU(), nn.MaxPool2d(2)),
        )
        self.dense = nn.Sequential(
            *(nn.Dropout(0.5), nn.Linear(128, 256), nn.ELU()),
            *(nn.Dropout(0.5), nn.Linear(256, n_labels)),
        )
        initialise(self, nn.init.kaiming_normal_)

    def forward(self, windows: Tensor) -> Tensor:
        """Return logits, shape (batch, n_labels); of longer inputs the mean over windows."""
        return mean_over_windows(self._score, windows, _FRAMES)

    def _score(self, windows: Tensor) -> Tensor:
        x = self.convs(self.front(windows))  # batch, 448 x 4 x 4, then 128 x 1 x 1
        logits: Tensor = self.dense(x.flatten(1))
        return logits


@_register(
    "han",
    family="spectrogram CNN",
    paper="Han 2017",
    window=(_HAN_FRAMES, _HAN_BANDS),
    seconds=_HAN_FRAMES * 512 / 22_050,
)
class Han(nn.Module):
    """Score mel spectrograms in decibels, shape (batch, frames, 128), as logits, shape (batch, n_labels).

    Eight layers of 3 x 3 filters of which the largest value counts, over however many frames there are. Source: Han,
    Kim and Lee, "Deep convolutional neural networks for predominant instrument recognition in polyphonic music",
    IEEE/ACM TASLP 25 (2017); they train it with independent labels (sigmoid).
    """

    def __init__(self, n_labels: int) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        channels = 1
        for filters in (32, 64, 128, 256):
            for _ in range(2):  # padded once too often: each layer's output is larger than its input by two
                layers += [nn.Conv2d(channels, filters, 3, padding=2), nn.LeakyReLU(0.33)]
                channels = filters
            layers += [nn.MaxPool2d(3), nn.Dropout(0.25)]
        self.convs = nn.Sequential(*layers[:-2])  # after the last two, one maximum over everything instead
        self.dense = nn.Sequential(
            *(nn.Linear(channels, 1024), nn.LeakyReLU(0.33)),
            *(nn.Dropout(0.5), nn.Linear(1024, n_labels)),
        )
        initialise(self, nn.init.xavier_uniform_)

    def forward(self, windows: Tensor) -> Tensor:
        """Return logits, shape (batch, n_labels)."""
        x = self.convs(windows.transpose(1, 2).unsqueeze(1))  # batch, 256, bands, frames
        logits: Tensor = self.dense(x.amax(dim=(2, 3)))
        return logits


class _Front(nn.Module):
    """Convolve with filters of all shapes, normalise, and pool: (batch, channels, bands, frames)."""

    def __init__(self, pool: tuple[int, int]) -> None:
        super().__init__()
        self.convs = nn.ModuleList([nn.Conv2d(1, filters, shape) for shape, filters in _SHAPES.items()])
        self.norms = nn.ModuleList([_norm(filters) for filters in _SHAPES.values()])
        self.pool = pool
        self.channels = sum(_SHAPES.values())

    def forward(self, windows: Tensor) -> Tensor:
        x = windows.transpose(1, 2).unsqueeze(1)  # batch, 1, mel, frames
        layers = zip(_SHAPES, self.convs, self.norms, strict=True)
        if is_faster(self, windows):
            maps = [self._fast(pad_same(x, shape), conv, norm) for shape, conv, norm in layers]
        else:
            maps = [F.max_pool2d(F.elu(norm(conv(pad_same(x, shape)))), self.pool) for shape, conv, norm in layers]
        return torch.cat(maps, dim=1)

    def _fast(self, x: Tensor, conv: nn.Module, norm: nn.Module) -> Tensor:
        image = x.squeeze(1).mT  # batch, frames, bands
        weight = conv.get_parameter("weight").squeeze(1).mT
        bias = conv.get_parameter("bias").unsqueeze(1).expand(-1, image.shape[1] - weight.shape[1] + 1)
        bands, frames = self.pool
        best = normalised_peaks(image, weight, bias, cast("nn.BatchNorm2d", norm), pool=bands)
        return F.max_pool2d(F.elu(best.mT), (1, frames))


def pad_same(x: Tensor, kernel: tuple[int, int]) -> Tensor:
    """Pad images with zeros so that a convolution keeps their size, as Keras on Theano did.

    For an even kernel more zeros stand before than after (40 and 39 for 80); PyTorch's "same" has it the other way.

    Args:
        x: shape (..., bands, frames).
        kernel: bands, frames.
    """
    bands, frames = kernel
    return F.pad(x, (frames // 2, (frames - 1) // 2, bands // 2, (bands - 1) // 2))


def _norm(channels: int) -> nn.BatchNorm2d:
    return nn.BatchNorm2d(channels, eps=1e-3, momentum=0.01)
