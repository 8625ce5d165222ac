"""Sample-level CNNs (Lee et al. 2017; Kim et al. 2018): tiny filters on the waveform itself."""

from itertools import pairwise

import torch.nn.functional as F
from torch import Tensor, nn

from timbrescope.recognition.networks.registry import register
from timbrescope.recognition.networks.tagging_blocks import LoudestOverTime

_WINDOW = 3**10
# Channels after each layer: the first strides by three samples, the next nine pool by three; the last sees one value
# of what is left, where three would be mostly padding.
_WIDTHS = (128, 128, 128, 256, 256, 256, 256, 256, 256, 512, 512)
_KERNELS = (*[3] * 10, 1)
_STRIDES = (3, *[1] * 10)
_POOLS = (1, *[3] * 9, 1)


@register(
    "sample-cnn",
    family="waveform",
    paper="Lee 2017; Won 2020",
    window=(_WINDOW,),
    labels=50,
    seconds=_WINDOW / 16_000,
)
class SampleCnn(nn.Module):
    """Score waveforms, shape (batch, samples >= 59,049), as logits, shape (batch, n_labels).

    Longer waveforms score as the mean of the logits of their stretches of 59,049 samples.

    Source: Lee et al., "Sample-level deep convolutional neural networks for music auto-tagging using raw waveforms",
    SMC 2017; at 16 kHz and with a padded first layer as in Won et al., SMC 2020.
    """

    def __init__(self, n_labels: int) -> None:
        super().__init__()
        plan = zip(pairwise((1, *_WIDTHS)), _KERNELS, _STRIDES, _POOLS, strict=True)
        self.layers = nn.Sequential(
            *[
                nn.Sequential(
                    nn.Conv1d(inputs, outputs, kernel, stride, padding=kernel // 2),
                    nn.BatchNorm1d(outputs),
                    nn.ReLU(),
                    nn.MaxPool1d(pool),
                )
                for (inputs, outputs), kernel, stride, pool in plan
            ]
        )
        self.dropout = nn.Dropout(0.5)
        self.output = nn.Linear(_WIDTHS[-1], n_labels)

    def forward(self, samples: Tensor) -> Tensor:
        """Return logits, shape (batch, n_labels)."""
        x = self.layers(samples.unsqueeze(1))  # batch, 512, stretches
        logits: Tensor = self.output(self.dropout(x.mean(dim=2)))
        return logits


@register(
    "sample-cnn-se",
    family="waveform",
    paper="Kim 2018; Won 2020",
    window=(_WINDOW,),
    labels=50,
    seconds=_WINDOW / 16_000,
)
class SampleCnnSe(nn.Sequential):
    """Score waveforms, shape (batch, samples >= 59,049), as logits, shape (batch, n_labels).

    Source: Kim et al., "Sample-level CNN architectures for music auto-tagging using raw waveforms", ICASSP 2018, with
    residual connections and squeeze-and-excitation; as in Won et al., SMC 2020.
    """

    def __init__(self, n_labels: int) -> None:
        plan = zip(pairwise((1, *_WIDTHS)), _KERNELS, _STRIDES, _POOLS, strict=True)
        blocks = [_Block(inputs, outputs, kernel, stride, pool) for (inputs, outputs), kernel, stride, pool in plan]
        super().__init__(nn.Unflatten(1, (1, -1)), *blocks, LoudestOverTime(_WIDTHS[-1], n_labels))


class _Block(nn.Module):
    """Add two convolutions, each channel scaled by what all of them hold on average, to what comes in; then pool."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int, pool: int) -> None:
        super().__init__()
        self.first = nn.Conv1d(inputs, outputs, kernel, stride, padding=kernel // 2)
        self.first_norm = nn.BatchNorm1d(outputs)
        self.second = nn.Conv1d(outputs, outputs, kernel, padding=kernel // 2)
        self.second_norm = nn.BatchNorm1d(outputs)
        self.squeeze = nn.Linear(outputs, outputs)
        self.excite = nn.Linear(outputs, outputs)
        self.shortcut: nn.Module = nn.Identity()
        if stride != 1 or inputs != outputs:
            self.shortcut = nn.Sequential(
                nn.Conv1d(inputs, outputs, kernel, stride, padding=kernel // 2), nn.BatchNorm1d(outputs)
            )
        self.pool = nn.MaxPool1d(pool)

    def forward(self, x: Tensor) -> Tensor:
        inner = F.relu(self.first_norm(self.first(x)))
        inner = self.second_norm(self.second(inner))
        scale = self.excite(F.relu(self.squeeze(inner.mean(dim=2)))).sigmoid()
        pooled: Tensor = self.pool(F.relu(inner * scale.unsqueeze(2) + self.shortcut(x)))
        return pooled
