"""The fully convolutional networks of Choi, Fazekas, Sandler and Cho for tags: of each channel one value is left.

They hear 96 mel bands to 6 kHz, in decibels, of frames that are 256 samples apart at 12 kHz.
"""

from functools import partial

import torch.nn.functional as F
from torch import Tensor, nn

from timbrescope.recognition.networks.initial_weights import initialise
from timbrescope.recognition.networks.registry import register
from timbrescope.recognition.networks.windowed import mean_over_windows

_BANDS, _SECONDS_PER_FRAME = 96, 256 / 12_000
_FRAMES, _COMPACT_FRAMES = 1366, 1360
_POOLS_4 = ((2, 4), (4, 5), (3, 8), (4, 8))  # bands, frames
_POOLS_5 = ((2, 4), (2, 4), (2, 4), (3, 5), (4, 4))
_POOLS_COMPACT = ((2, 4), (3, 4), (2, 5), (2, 4), (4, 4))

_register = partial(register, family="spectrogram CNN", labels=50)
_register_fcn = partial(_register, paper="Choi 2016", window=(_FRAMES, _BANDS), seconds=_FRAMES * _SECONDS_PER_FRAME)


class FullyConvolutional(nn.Module):
    """Score mel spectrograms, shape (batch, frames, 96), as logits, shape (batch, n_labels).

    Source: Choi, Fazekas and Sandler, "Automatic tagging using deep convolutional neural networks", ISMIR 2016.

    Args:
        n_labels: number of outputs.
        filters: 3 x 3 filters of each layer.
        pools: how many bands and frames become one after each layer; together they leave one of each.
        frames: length of a window.
        activation: made anew for each layer.
    """

    def __init__(
        self,
        n_labels: int,
        filters: tuple[int, ...],
        pools: tuple[tuple[int, int], ...],
        frames: int = _FRAMES,
        activation: type[nn.Module] = nn.ReLU,
    ) -> None:
        super().__init__()
        self.frames = frames
        layers: list[nn.Module] = []
        for before, after, pool in zip((1, *filters), filters, pools, strict=False):
            conv = nn.Conv2d(before, after, 3, padding=1)
            layers += [conv, nn.BatchNorm2d(after), activation(), nn.MaxPool2d(pool)]
        self.convs = nn.Sequential(*layers)
        self.output = nn.Linear(filters[-1], n_labels)
        initialise(self, nn.init.kaiming_normal_)

    def forward(self, windows: Tensor) -> Tensor:
        """Return logits, shape (batch, n_labels); of longer inputs the mean over windows."""
        return mean_over_windows(self._score, windows, self.frames)

    def _score(self, windows: Tensor) -> Tensor:
        x = self.convs(windows.transpose(1, 2).unsqueeze(1))  # batch, filters, 1, 1
        logits: Tensor = self.output(x.flatten(1))
        return logits


@_register(
    "k2c2",
    paper="Choi 2017",
    window=(_COMPACT_FRAMES, _BANDS),
    seconds=_COMPACT_FRAMES * _SECONDS_PER_FRAME,
)
class CompactConvolutional(FullyConvolutional):
    """Score mel spectrograms, shape (batch, frames, 96), as logits, shape (batch, n_labels).

    Five layers of 32 filters. Each window is standardised first, the best of the paper's ways. Source: Choi, Fazekas,
    Cho and Sandler, "The effects of noisy labels on deep convolutional neural networks for music tagging", 2017,
    Table II; its pools are for 257 bands, those for 96 are from the authors' code.

    Args:
        n_labels: number of outputs.
        pools: as in ``FullyConvolutional``; Table II has those for the 257 bins of a spectrum.
        input_scale: factor of the standardised windows, 10 in some experiments of section IV-D.
    """

    def __init__(
        self, n_labels: int, *, pools: tuple[tuple[int, int], ...] = _POOLS_COMPACT, input_scale: float = 1.0
    ) -> None:
        super().__init__(n_labels, (32,) * 5, pools, _COMPACT_FRAMES, nn.ELU)
        self.input_scale = input_scale

    def _score(self, windows: Tensor) -> Tensor:
        return super()._score(self.input_scale * F.layer_norm(windows, windows.shape[1:]))


_register_fcn("choi-fcn-4")(partial(FullyConvolutional, filters=(128, 384, 768, 2048), pools=_POOLS_4))
_register_fcn("choi-fcn-5")(partial(FullyConvolutional, filters=(128, 256, 512, 1024, 2048), pools=_POOLS_5))
