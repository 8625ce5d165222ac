"""The phoneme network of this program: tall filters beside small ones, then dilated convolutions over three seconds."""

from collections.abc import Callable
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.nn import functional as F

from timbrescope.recognition.networks.registry import register

_BANDS = 80
_SMALL = (16, 32)  # filters of 3 x 3, which keep every second band
_TALL = {(40, 1): 32, (40, 5): 16, (60, 1): 32, (60, 5): 16}  # bands, frames: filters
_TALL_STEP = 4  # bands
_CHANNELS = 256
_EDGE = 2  # frames that the first layers need on either side of one
# Distance of the taps in frames, taps in the past, taps in the future: most of the time lies in the past. The last two
# blocks hear who is singing: vowels of different people overlap, and the sounds before tell which mouth it is.
_BLOCKS = ((1, 2, 2), (2, 2, 2), (4, 3, 1), (8, 4, 0), (8, 4, 0), (1, 3, 1), (16, 4, 0), (32, 4, 0))

LOOK_AHEAD = _EDGE + sum(step * future for step, _, future in _BLOCKS)
WINDOW = 1 + LOOK_AHEAD + _EDGE + sum(step * past for step, past, _ in _BLOCKS)


@register(
    "dilated-phonemes",
    family="musically motivated",
    paper="this program",
    window=(WINDOW, _BANDS),
    labels=40,
    seconds=WINDOW * 0.01,
)
class DilatedPhonemes(nn.Module):
    """Score log-mel frames as logits, one row a frame.

    The first layer follows Pons et al. 2017, III-A: filters as high as formants are apart, of which only the best place
    counts, so that a melody does not change what they find; small filters beside them keep the place. Blocks of
    depthwise and pointwise convolutions with residuals then look ever wider. Nothing is padded: a row depends on the
    ``WINDOW`` frames around its own and on nothing else, of which ``LOOK_AHEAD`` come after it, so that the same rows
    come out however a recording is cut.
    """

    def __init__(self, n_labels: int) -> None:
        super().__init__()
        first, second = _SMALL
        self.small = nn.Sequential(
            *(nn.Conv2d(1, first, 3, stride=(2, 1), bias=False), nn.BatchNorm2d(first), nn.ReLU()),
            *(nn.Conv2d(first, second, 3, stride=(2, 1), bias=False), nn.BatchNorm2d(second), nn.ReLU()),
            nn.Flatten(1, 2),
        )
        self.tall = nn.ModuleList([nn.Conv2d(1, n, size, stride=(_TALL_STEP, 1)) for size, n in _TALL.items()])
        bands = ((_BANDS - 3) // 2 + 1 - 3) // 2 + 1
        peaks = sum(_TALL.values())
        self.tall_norm = nn.BatchNorm1d(peaks)
        self.join = nn.Conv1d(second * bands + peaks, _CHANNELS, 1, bias=False)
        self.join_norm = nn.BatchNorm1d(_CHANNELS)
        self.blocks = nn.Sequential(*[_Block(*block) for block in _BLOCKS])
        self.dropout = nn.Dropout(0.2)
        self.output = nn.Linear(_CHANNELS, n_labels)

    def forward(self, windows: Tensor) -> Tensor:
        """Return logits, shape (batch, n_labels), the mean over all rows of windows of ``WINDOW`` frames or more."""
        return self.score_frames(windows).mean(dim=1)

    def score_frames(self, frames: Tensor) -> Tensor:
        """Return logits, shape (batch, frames - WINDOW + 1, n_labels), of frames, shape (batch, frames, 80)."""
        image = frames.transpose(1, 2).unsqueeze(1)  # batch, 1, bands, frames
        small = self.small(image)  # batch, filters * bands, frames - 2 * edge
        tall = torch.cat([self._peaks(conv, image) for conv in self.tall], dim=1)
        x = torch.cat([small, F.relu(self.tall_norm(tall))], dim=1)
        x = self.blocks(F.relu(self.join_norm(self.join(x))))  # batch, channels, rows
        logits: Tensor = self.output(self.dropout(x.transpose(1, 2)))
        return logits

    @staticmethod
    def _peaks(conv: nn.Module, image: Tensor) -> Tensor:
        peaks: Tensor = conv(image).amax(dim=2)  # batch, filters, frames - width + 1
        spare = peaks.shape[2] - (image.shape[3] - 2 * _EDGE)
        return peaks[:, :, spare // 2 : peaks.shape[2] - spare // 2]


class _Block(nn.Module):
    """A depthwise and a pointwise convolution beside the way around them."""

    def __init__(self, step: int, past: int, future: int) -> None:
        super().__init__()
        self.step, self.past, self.future = step, past, future
        taps = past + 1 + future
        self.taps = nn.Parameter(torch.empty(taps, _CHANNELS))
        nn.init.normal_(self.taps, std=taps**-0.5)
        self.norm = nn.BatchNorm1d(_CHANNELS)
        self.mix = nn.Conv1d(_CHANNELS, _CHANNELS, 1, bias=False)
        self.mix_norm = nn.BatchNorm1d(_CHANNELS)
        nn.init.zeros_(self.mix_norm.weight)  # a block does nothing until it has learnt something

    def forward(self, x: Tensor) -> Tensor:
        """Return shape (batch, channels, frames - step * (past + future))."""
        first = self.step * self.past
        # Gradients in evaluation mode, and exports to other programs, take the plain layer.
        tapped = _plain if torch.is_grad_enabled() and not self.training else _TAPPED
        y = self.mix_norm(self.mix(F.relu(self.norm(tapped(x, self.taps, self.step)))))
        return F.relu(x[:, :, first : first + y.shape[2]] + y)


def _plain(x: Tensor, taps: Tensor, step: int) -> Tensor:
    return F.conv1d(x, taps.T.unsqueeze(1), dilation=step, groups=x.shape[1])


class _Tapped(torch.autograd.Function):
    """A depthwise convolution without padding: on a CPU, a sum of shifted images takes half as long as torch's own."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, taps: Tensor, step: int) -> Tensor:
        ctx.save_for_backward(x, taps)
        ctx.step = step
        rows = x.shape[2] - step * (len(taps) - 1)
        y = x[:, :, :rows] * taps[0, :, None]
        for index in range(1, len(taps)):
            y.addcmul_(x[:, :, index * step : index * step + rows], taps[index, :, None])
        return y

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, Tensor, None]:
        x, taps = ctx.saved_tensors
        rows = gradient.shape[2]
        of_x, of_taps = torch.zeros_like(x), torch.empty_like(taps)
        for index in range(len(taps)):
            there = slice(index * ctx.step, index * ctx.step + rows)
            of_x[:, :, there].addcmul_(gradient, taps[index, :, None])
            of_taps[index] = (x[:, :, there] * gradient).sum(dim=(0, 2))
        return of_x, of_taps, None


_TAPPED = cast("Callable[[Tensor, Tensor, int], Tensor]", _Tapped.apply)
