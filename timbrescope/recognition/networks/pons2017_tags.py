"""The tag networks of Pons et al., "Timbre analysis of music audio signals with CNNs", EUSIPCO 2017, III-C.

They hear 187 frames of 128 mel bands, 256 samples apart at 16 kHz, ``log10(1 + 10000 mel)``, standardised in each band
with the training set's statistics.
"""

from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from timbrescope.recognition.networks.fast_convolution import is_faster, peaks
from timbrescope.recognition.networks.initial_weights import initialise
from timbrescope.recognition.networks.registry import register
from timbrescope.recognition.networks.windowed import mean_over_windows

_BANDS, _FRAMES = 128, 187
_WIDTHS = (1, 3, 5, 7)  # of the filters, in frames
_FILTERS = {100: (10, 6, 3, 3), 75: (15, 10, 5, 5), 25: (15, 10, 5, 5)}  # bands: filters of each width
_LENGTH, _POOL, _HIDDEN = 8, 4, 100

_register = partial(register, window=(_FRAMES, _BANDS), labels=50, seconds=_FRAMES * 256 / 16_000)


class PonsTags(nn.Module):
    """Score log-mel windows, shape (batch, frames, 128), as logits, shape (batch, n_labels).

    Filters for timbre, of which only the best position in frequency counts, under a layer along time. With more
    filters (``times`` 2 or 4) that layer grows as well, as the published numbers of parameters tell.
    """

    def __init__(self, n_labels: int, times: int) -> None:
        super().__init__()
        self.front = nn.ModuleList(
            [
                nn.Conv2d(1, filters * times, (height, width), padding=(0, width // 2))
                for height, counts in _FILTERS.items()
                for width, filters in zip(_WIDTHS, counts, strict=True)
            ]
        )
        channels = times * sum(map(sum, _FILTERS.values()))
        self.back = _Back(channels, 32 * times, _FRAMES // _POOL, n_labels)
        initialise(self, nn.init.kaiming_uniform_)

    def forward(self, windows: Tensor) -> Tensor:
        """Return logits, shape (batch, n_labels); of longer inputs the mean over windows."""
        return mean_over_windows(self._score, windows, _FRAMES)

    def _score(self, windows: Tensor) -> Tensor:
        if is_faster(self, windows):
            best = F.elu(torch.cat([_fast(conv, windows) for conv in self.front], dim=1))
        else:
            x = windows.transpose(1, 2).unsqueeze(1)  # batch, 1, mel, frames
            best = torch.cat([F.elu(conv(x)).amax(dim=2) for conv in self.front], dim=1)  # batch, channels, 187
        logits: Tensor = self.back(F.max_pool1d(best, _POOL))  # batch, channels, 46
        return logits


def _fast(conv: nn.Module, windows: Tensor) -> Tensor:
    """Return the largest value along frequency of a layer's convolution, shape (batch, filters, frames)."""
    weight = conv.get_parameter("weight").squeeze(1).transpose(1, 2)  # filters, frames, bands
    padding = weight.shape[1] // 2
    best = peaks(F.pad(windows, (0, 0, padding, padding)), weight).squeeze(3)
    return best + conv.get_parameter("bias").view(-1, 1)


@_register("dieleman", family="spectrogram CNN", paper="Dieleman 2014")
class Dieleman(nn.Module):
    """Score log-mel windows, shape (batch, frames, 128), as logits, shape (batch, n_labels).

    Filters over all of the frequencies. Source: Dieleman and Schrauwen, "End-to-end learning for music audio", ICASSP
    2014, with the layers after it as Pons 2017 has them.
    """

    def __init__(self, n_labels: int) -> None:
        super().__init__()
        self.front = nn.Conv1d(_BANDS, 32, _LENGTH)
        self.back = _Back(32, 32, (_FRAMES - _LENGTH + 1) // _POOL, n_labels)
        initialise(self, nn.init.kaiming_uniform_)

    def forward(self, windows: Tensor) -> Tensor:
        """Return logits, shape (batch, n_labels); of longer inputs the mean over windows."""
        return mean_over_windows(self._score, windows, _FRAMES)

    def _score(self, windows: Tensor) -> Tensor:
        x = F.elu(self.front(windows.transpose(1, 2)))  # batch, 32, 180
        logits: Tensor = self.back(F.max_pool1d(x, _POOL))  # batch, 32, 45
        return logits


@_register("small-rectangular-tags", family="spectrogram CNN", paper="Pons 2017")
class SmallRectangularTags(nn.Module):
    """Score log-mel windows, shape (batch, frames, 128), as logits, shape (batch, n_labels).

    The paper's point of comparison: five layers of 3 x 3 filters. Images are frames x mel here.
    """

    def __init__(self, n_labels: int) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        channels = 1
        for filters, pool in ((32, (4, 1)), (32, (1, 4)), (64, (2, 2)), (32, (2, 2)), (16, (1, 1))):
            conv = nn.Conv2d(channels, filters, 3, bias=False)
            layers += [nn.Dropout(0.25), conv, nn.BatchNorm2d(filters), nn.ELU(), nn.MaxPool2d(pool)]
            channels = filters
        self.convs = nn.Sequential(*layers)
        self.dropout = nn.Dropout(0.5)
        self.output = nn.Linear(channels * 7 * 4, n_labels)
        initialise(self, nn.init.kaiming_uniform_)

    def forward(self, windows: Tensor) -> Tensor:
        """Return logits, shape (batch, n_labels); of longer inputs the mean over windows."""
        return mean_over_windows(self._score, windows, _FRAMES)

    def _score(self, windows: Tensor) -> Tensor:
        x = self.convs(windows.unsqueeze(1))  # batch, 16, 7 moments, 4 bands
        logits: Tensor = self.output(self.dropout(x.flatten(1)))
        return logits


class _Back(nn.Module):
    """Convolve along time, pool, and weigh everything: (batch, channels, frames) to (batch, n_labels)."""

    def __init__(self, channels: int, filters: int, frames: int, n_labels: int) -> None:
        super().__init__()
        self.conv = nn.Conv1d(channels, filters, _LENGTH)
        pooled = (frames - _LENGTH + 1) // _POOL
        self.dense = nn.Sequential(
            *(nn.Dropout(0.5), nn.Linear(filters * pooled, _HIDDEN), nn.ELU()),
            nn.Linear(_HIDDEN, n_labels),
        )

    def forward(self, x: Tensor) -> Tensor:
        x = F.max_pool1d(F.elu(self.conv(x)), _POOL)
        logits: Tensor = self.dense(x.flatten(1))
        return logits


for _times in (1, 2, 4):
    _register(f"pons-tags-x{_times}", family="musically motivated", paper="Pons 2017")(partial(PonsTags, times=_times))
