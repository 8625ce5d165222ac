"""The MobileNetV3 of EfficientAT (Schmid et al. 2023) for AudioSet, with its own front end."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor, nn

from timbrescope.core.mel import hz_to_mel
from timbrescope.recognition.networks.registry import register

SAMPLE_RATE = 32_000
_N_FFT, _HOP, _WIN_LENGTH = 1024, 320, 800
_BANDS, _FMAX = 128, 15_000.0
_PRE_EMPHASIS = 0.97
_LOG_OFFSET, _SHIFT, _SCALE = 1e-5, 4.5, 5.0
_EPS, _MOMENTUM = 0.001, 0.01  # of all norms, as in MobileNetV3


@dataclass(frozen=True, slots=True)
class _Bottleneck:
    """A row of the table of MobileNetV3-Large, channels at width 1."""

    kernel: int
    expanded: int
    out: int
    stride: int = 1
    squeeze: bool = False
    hard: bool = True  # Hardswish in place of ReLU


_BOTTLENECKS = (
    _Bottleneck(3, 16, 16, hard=False),
    _Bottleneck(3, 64, 24, stride=2, hard=False),
    _Bottleneck(3, 72, 24, hard=False),
    _Bottleneck(5, 72, 40, stride=2, squeeze=True, hard=False),
    _Bottleneck(5, 120, 40, squeeze=True, hard=False),
    _Bottleneck(5, 120, 40, squeeze=True, hard=False),
    _Bottleneck(3, 240, 80, stride=2),
    _Bottleneck(3, 200, 80),
    _Bottleneck(3, 184, 80),
    _Bottleneck(3, 184, 80),
    _Bottleneck(3, 480, 112, squeeze=True),
    _Bottleneck(3, 672, 112, squeeze=True),
    _Bottleneck(5, 672, 160, stride=2, squeeze=True),
    _Bottleneck(5, 960, 160, squeeze=True),
    _Bottleneck(5, 960, 160, squeeze=True),
)
_STEM, _DENSE = 16, 1280


@register(
    "efficientat-mn04",
    family="mobile",
    paper="Schmid et al. 2023",
    window=(10 * SAMPLE_RATE,),
    labels=527,
    seconds=10.0,
)
class EfficientAt(nn.Module):
    """Score waveforms at 32 kHz, shape (batch, samples >= 1 s), as logits, shape (batch, n_labels).

    Source: Schmid, Koutini, Widmer, "Efficient large-scale audio tagging via transformer-to-CNN knowledge
    distillation", ICASSP 2023; the layers are those of Howard et al., "Searching for MobileNetV3", ICCV 2019, table 1.

    Args:
        n_labels: number of outputs.
        width: factor of all channels, which are then rounded to multiples of eight.
    """

    def __init__(self, n_labels: int, width: float = 0.4) -> None:
        super().__init__()
        widths = [_channels(n * width) for n in (_STEM, *(row.out for row in _BOTTLENECKS))]
        self.front_end = PreEmphasisedLogMel()
        self.features = nn.Sequential(
            _convolution(1, widths[0], 3, nn.Hardswish(), stride=2),
            *[
                _InvertedResidual(row, inputs, _channels(row.expanded * width), outputs)
                for row, (inputs, outputs) in zip(_BOTTLENECKS, pairwise(widths), strict=True)
            ],
            _convolution(widths[-1], 6 * widths[-1], 1, nn.Hardswish()),
        )
        dense = _channels(_DENSE * width)
        self.dense = nn.Linear(6 * widths[-1], dense)
        self.activation = nn.Hardswish()
        self.dropout = nn.Dropout(0.2)
        self.output = nn.Linear(dense, n_labels)

    def forward(self, samples: Tensor) -> Tensor:
        """Return logits, shape (batch, n_labels).

        Raises:
            ValueError: the waveform is shorter than a second.
        """
        if samples.shape[1] < SAMPLE_RATE:
            raise ValueError(f"a waveform of {samples.shape[1]} samples is shorter than a second")
        x = self.features(self.front_end(samples)).mean(dim=(2, 3))  # batch, 6 * last width
        logits: Tensor = self.output(self.dropout(self.activation(self.dense(x))))
        return logits


class PreEmphasisedLogMel(nn.Module):
    """Turn samples, shape (batch, samples), into a scaled log-mel image, shape (batch, 1, 128 bands, frames).

    The filter bank is that of Kaldi: triangles over mels and not over Hz, without weight for the highest bin.
    """

    window: Tensor
    bank: Tensor

    def __init__(self) -> None:
        super().__init__()
        mels = hz_to_mel(np.linspace(0, SAMPLE_RATE / 2, _N_FFT // 2 + 1), "htk")
        edges = np.linspace(0, hz_to_mel(_FMAX, "htk"), _BANDS + 2)[:, None]
        width = float(edges[1, 0])
        bank = np.maximum(0.0, 1.0 - np.abs(mels - edges[1:-1]) / width)
        bank[:, -1] = 0.0
        self.register_buffer("window", torch.hann_window(_WIN_LENGTH, periodic=False), persistent=False)
        self.register_buffer("bank", torch.tensor(bank, dtype=torch.float32), persistent=False)

    def forward(self, samples: Tensor) -> Tensor:
        """Return the image."""
        emphasised = samples[:, 1:] - _PRE_EMPHASIS * samples[:, :-1]
        spectrum = torch.stft(
            emphasised, _N_FFT, _HOP, _WIN_LENGTH, self.window, center=True, pad_mode="reflect", return_complex=True
        )
        power = torch.view_as_real(spectrum).square().sum(dim=-1)  # batch, bins, frames
        return (((self.bank @ power + _LOG_OFFSET).log() + _SHIFT) / _SCALE).unsqueeze(1)


class _InvertedResidual(nn.Module):
    """Expand, filter each channel by itself, weigh the channels, project; add what came in where the shape allows."""

    def __init__(self, row: _Bottleneck, inputs: int, expanded: int, outputs: int) -> None:
        super().__init__()
        act = nn.Hardswish if row.hard else nn.ReLU
        layers: list[nn.Module] = []
        if expanded != inputs:
            layers.append(_convolution(inputs, expanded, 1, act()))
        layers.append(_convolution(expanded, expanded, row.kernel, act(), stride=row.stride, groups=expanded))
        if row.squeeze:
            layers.append(_SqueezeExcite(expanded))
        self.block = nn.Sequential(*layers, _convolution(expanded, outputs, 1))
        self.residual = row.stride == 1 and inputs == outputs

    def forward(self, x: Tensor) -> Tensor:
        projected: Tensor = self.block(x)
        return x + projected if self.residual else projected


class _SqueezeExcite(nn.Module):
    """Weigh channels by what all of them hold on average."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        squeezed = _channels(channels // 4)
        self.fc1 = nn.Linear(channels, squeezed)
        self.fc2 = nn.Linear(squeezed, channels)

    def forward(self, x: Tensor) -> Tensor:
        weights = self.fc2(self.fc1(x.mean(dim=(2, 3))).relu()).sigmoid()
        scaled: Tensor = x * weights[:, :, None, None]
        return scaled


def _convolution(
    inputs: int, outputs: int, kernel: int, activation: nn.Module | None = None, *, stride: int = 1, groups: int = 1
) -> nn.Sequential:
    conv = nn.Conv2d(inputs, outputs, kernel, stride, padding=kernel // 2, groups=groups, bias=False)
    norm = nn.BatchNorm2d(outputs, eps=_EPS, momentum=_MOMENTUM)
    return nn.Sequential(conv, norm) if activation is None else nn.Sequential(conv, norm, activation)


def _channels(wanted: float) -> int:
    """Return the nearest multiple of eight, at least eight, that is no more than a tenth smaller."""
    nearest = max(8, int(wanted + 4) // 8 * 8)
    return nearest + 8 if nearest < 0.9 * wanted else nearest
