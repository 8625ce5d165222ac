"""PANNs (Kong et al. 2020): VGG-like networks for AudioSet with pooling over the whole window."""

from collections.abc import Sequence
from itertools import pairwise

import torch.nn.functional as F
from torch import Tensor, nn

from timbrescope.recognition.networks.initial_weights import initialise
from timbrescope.recognition.networks.registry import register

_N_MELS = 64
_WINDOW = (1001, _N_MELS)


class Panns(nn.Module):
    """Score log-mel windows, shape (batch, frames, 64 mel bands), as logits, shape (batch, n_labels).

    Source: Kong et al., "PANNs: large-scale pretrained audio neural networks for audio pattern recognition", TASLP
    2020, table I.

    Args:
        n_labels: number of outputs.
        blocks: the layers of each block, which pools by two.
        width: channels after the last block.
    """

    def __init__(self, n_labels: int, blocks: Sequence[nn.Module], width: int) -> None:
        super().__init__()
        self.norm = nn.BatchNorm1d(_N_MELS)
        self.blocks = nn.Sequential(*blocks)
        self.dropout = nn.Dropout(0.5)
        self.dense = nn.Linear(width, width)
        self.output = nn.Linear(width, n_labels)
        initialise(self, nn.init.xavier_uniform_)

    def forward(self, windows: Tensor) -> Tensor:
        """Return logits, shape (batch, n_labels)."""
        x = self.norm(windows.transpose(1, 2)).transpose(1, 2)
        x = self.blocks(x.unsqueeze(1)).mean(dim=3)  # batch, width, frames / 16 (32 in CNN14)
        x = x.amax(dim=2) + x.mean(dim=2)
        logits: Tensor = self.output(F.relu(self.dense(self.dropout(x))))
        return logits


@register("cnn6", family="spectrogram CNN", paper="Kong 2020", window=_WINDOW, labels=527, seconds=10.0)
def cnn6(n_labels: int) -> Panns:
    """Return the network of four blocks with one 5 × 5 convolution each."""
    widths = (1, 64, 128, 256, 512)
    return Panns(n_labels, [_block(inputs, outputs, 5, 1) for inputs, outputs in pairwise(widths)], widths[-1])


@register("cnn10", family="spectrogram CNN", paper="Kong 2020", window=_WINDOW, labels=527, seconds=10.0)
def cnn10(n_labels: int) -> Panns:
    """Return the network of four blocks with two 3 × 3 convolutions each."""
    widths = (1, 64, 128, 256, 512)
    return Panns(n_labels, [_block(inputs, outputs, 3, 2) for inputs, outputs in pairwise(widths)], widths[-1])


@register("cnn14", family="spectrogram CNN", paper="Kong 2020", window=_WINDOW, labels=527, seconds=10.0)
def cnn14(n_labels: int) -> Panns:
    """Return the network of six blocks with two 3 × 3 convolutions each; the last does not pool."""
    widths = (1, 64, 128, 256, 512, 1024)
    blocks = [_block(inputs, outputs, 3, 2) for inputs, outputs in pairwise(widths)]
    return Panns(n_labels, [*blocks, _block(1024, 2048, 3, 2, pool=1)], 2048)


def _block(inputs: int, outputs: int, size: int, convolutions: int, pool: int = 2) -> nn.Sequential:
    layers: list[nn.Module] = []
    for channels in [inputs, *[outputs] * (convolutions - 1)]:
        conv = nn.Conv2d(channels, outputs, size, padding=size // 2, bias=False)
        layers += [conv, nn.BatchNorm2d(outputs), nn.ReLU()]
    return nn.Sequential(*layers, nn.AvgPool2d(pool), nn.Dropout(0.2))
