"""The inverted residual blocks of MobileNetV3 (Howard et al. 2019), as EfficientAT has them."""

from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from torch import Tensor, nn

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


_LARGE = (
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


class Channels(NamedTuple):
    """How many channels the first layer has, the last one, and the dense layer that follows the pooling."""

    first: int
    last: int
    dense: int


def channels(width: float) -> Channels:
    """Return the numbers of channels of ``image_layers`` at this width, and of the dense layer that belongs to them."""
    return Channels(_rounded(_STEM * width), 6 * _rounded(_LARGE[-1].out * width), _rounded(_DENSE * width))


def image_layers(width: float) -> nn.Sequential:
    """Return all layers of MobileNetV3-Large before its pooling.

    They make images of shape (batch, 1, height, width) maps of shape (batch, ``channels(width).last``, height / 32,
    width / 32), sides rounded up.

    Args:
        width: factor of all channels, which are then rounded to multiples of eight.
    """
    widths = [_rounded(n * width) for n in (_STEM, *(row.out for row in _LARGE))]
    return nn.Sequential(
        _convolution(1, widths[0], 3, nn.Hardswish(), stride=2),
        *[
            _InvertedResidual(row, inputs, _rounded(row.expanded * width), outputs)
            for row, (inputs, outputs) in zip(_LARGE, pairwise(widths), strict=True)
        ],
        _convolution(widths[-1], 6 * widths[-1], 1, nn.Hardswish()),
    )


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

    def __init__(self, expanded: int) -> None:
        super().__init__()
        squeezed = _rounded(expanded // 4)
        self.fc1 = nn.Linear(expanded, squeezed)
        self.fc2 = nn.Linear(squeezed, expanded)

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


def _rounded(wanted: float) -> int:
    """Return the nearest multiple of eight, at least eight, that is no more than a tenth smaller."""
    nearest = max(8, int(wanted + 4) // 8 * 8)
    return nearest + 8 if nearest < 0.9 * wanted else nearest
