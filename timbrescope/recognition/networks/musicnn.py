"""musicnn (Pons and Serra 2019) as its authors released it: filters shaped after timbre and tempo."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from timbrescope.recognition.networks.fast_convolution import is_faster
from timbrescope.recognition.networks.fast_norm import affine_as_filters, normalised_image, rectified_peaks
from timbrescope.recognition.networks.registry import register

_EPS = 1e-3  # TensorFlow's default, which the weights were trained with
_WINDOWS_AT_ONCE = 8  # keeps what one multiplication makes inside the processor's cache


@register(
    "musicnn",
    family="musically motivated",
    paper="Pons and Serra 2019",
    window=(187, 96),
    labels=50,
    seconds=187 * 256 / 16_000,
)
class Musicnn(nn.Module):
    """Score log-mel windows, shape (batch, frames, n_mels), as logits, shape (batch, n_labels).

    Source: Pons and Serra, "musicnn: pre-trained convolutional neural networks for music audio tagging", 2019; Pons et
    al., "End-to-end learning for music audio tagging at scale", ISMIR 2018, Figure 3; details as in the released code.
    On a CPU the front layers take a faster way to the same numbers.
    """

    def __init__(self, n_labels: int, n_mels: int = 96, mid_filters: int = 64, dense_units: int = 200) -> None:
        super().__init__()
        timbral, temporal = int(1.6 * 128), int(1.6 * 32)
        self.input_norm = nn.BatchNorm2d(1, eps=_EPS)
        self.front = nn.ModuleList(
            [
                _Front(timbral, (7, int(0.4 * n_mels))),
                _Front(timbral, (7, int(0.7 * n_mels))),
                _Front(temporal, (128, 1)),
                _Front(temporal, (64, 1)),
                _Front(temporal, (32, 1)),
            ]
        )
        front = 2 * timbral + 3 * temporal
        self.middle = nn.ModuleList([_Middle(n, mid_filters) for n in (front, mid_filters, mid_filters)])
        pooled = 2 * (front + 3 * mid_filters)
        self.pool_norm = nn.BatchNorm1d(pooled, eps=_EPS)
        self.dense = nn.Linear(pooled, dense_units)
        self.dense_norm = nn.BatchNorm1d(dense_units, eps=_EPS)
        self.output = nn.Linear(dense_units, n_labels)
        self.dropout = nn.Dropout(0.5)

    def forward(self, windows: Tensor) -> Tensor:
        """Return logits, shape (batch, n_labels), for windows of shape (batch, frames, n_mels)."""
        if self.training and is_faster(self, windows):
            x = normalised_image(windows, self.input_norm)
            layers = [layer for layer in self.front if isinstance(layer, _Front)]
            front = torch.cat([layer.learn(x, self.input_norm) for layer in layers], dim=1)
        else:
            x = self.input_norm(windows.unsqueeze(1))  # batch, 1, frames, n_mels
            front = torch.cat([layer(x) for layer in self.front], dim=1)  # batch, filters, frames
        first = self.middle[0](front)  # batch, mid_filters, frames
        second = first + self.middle[1](first)
        third = second + self.middle[2](second)
        features = torch.cat([front, first, second, third], dim=1)
        # The maximum and the mean of a channel stand side by side: max 0, mean 0, max 1, ...
        pooled = torch.stack([features.amax(dim=2), features.mean(dim=2)], dim=2).flatten(1)
        hidden = self.dense(self.dropout(self.pool_norm(pooled)))
        hidden = self.dropout(self.dense_norm(F.relu(hidden)))
        logits: Tensor = self.output(hidden)
        return logits


class _Front(nn.Module):
    """Convolve, rectify, normalise, and keep the loudest position along frequency: (batch, filters, frames)."""

    def __init__(self, filters: int, kernel: tuple[int, int]) -> None:
        super().__init__()
        self.conv = nn.Conv2d(1, filters, kernel)
        self.norm = nn.BatchNorm2d(filters, eps=_EPS)

    def learn(self, x: Tensor, image_norm: nn.BatchNorm2d) -> Tensor:
        """Return what ``forward`` does in training of an image that its norm has yet to scale and shift."""
        taps, bias = self.conv.weight.squeeze(1), self.conv.get_parameter("bias")
        weight, biases = affine_as_filters(image_norm, taps, bias, x.shape[1])
        return rectified_peaks(self._pad(x), weight, biases, self.norm)

    def _pad(self, x: Tensor) -> Tensor:
        frames = self.conv.kernel_size[0] - 1
        return F.pad(x, (0, 0, frames // 2, frames - frames // 2))  # of an odd number the smaller half goes in front

    def forward(self, x: Tensor) -> Tensor:
        x = self._pad(x)
        if self.training or not is_faster(self, x):
            x = F.relu(self.conv(x))  # batch, filters, frames, positions
            x = self.norm(x)
            return x.amax(dim=3)
        return torch.cat([self._fast(part) for part in torch.split(x, _WINDOWS_AT_ONCE)])

    def _fast(self, x: Tensor) -> Tensor:
        """Return what ``forward`` does in evaluation mode, without gradients.

        Rectifying and normalising keep the order of the positions, or turn it round in a channel whose scale is
        negative; so only the one position that wins needs them.
        """
        sign = torch.where(self.norm.weight < 0, -1.0, 1.0)
        weight = self.conv.weight * sign.view(-1, 1, 1, 1)
        if weight.shape[3] > 1:
            peaks = _peaks(x.squeeze(1), weight.squeeze(1))
        else:  # one window at a time: what comes out is the largest array of all, and allocating more of it is slow
            peaks = torch.cat([F.conv2d(window, weight).amax(dim=3) for window in torch.split(x, 1)])
        extremes = peaks * sign.view(-1, 1) + self.conv.get_parameter("bias").view(-1, 1)
        normalised: Tensor = self.norm(F.relu(extremes).unsqueeze(3))
        return normalised.squeeze(3)


def _peaks(x: Tensor, weight: Tensor) -> Tensor:
    """Return the largest value along frequency of a convolution, shape (batch, filters, frames).

    Neighbouring positions share products, so that two cost three multiplications in place of four (the fast FIR
    algorithm of Winograd; Mou and Duhamel 1991): with even and odd bands e, o and even and odd taps g, h,
    y[2i] = g(e[i] - o[i]) + (g + h)o[i] and y[2i+1] = h(e[i+1] - o[i]) + (g + h)o[i].

    Args:
        x: shape (batch, frames + taps in time - 1, n_mels).
        weight: shape (filters, taps in time, taps in frequency).
    """
    filters, times, bands = weight.shape
    batch, padded_frames, n_mels = x.shape
    positions, pairs = n_mels - bands + 1, (bands + 1) // 2
    taps = F.pad(weight, (0, 2 * pairs - bands)).permute(2, 1, 0).reshape(pairs, 2, times, filters)
    even, odd = taps[:, 0].reshape(-1, filters), taps[:, 1].reshape(-1, filters)
    both = even + odd

    x = F.pad(x, (0, 2 + n_mels % 2)).unfold(1, times, 1)  # batch, frames, bands, times
    rows = batch * (padded_frames - times + 1)

    def at_positions(bands: Tensor) -> Tensor:  # every second position, rows, taps; a view
        return bands.reshape(rows, -1).unfold(1, pairs * times, times).transpose(0, 1)

    lower, upper, next_lower = x[:, :, 0:-2:2], x[:, :, 1:-2:2], x[:, :, 2::2]
    first = at_positions(lower - upper)[: (positions + 1) // 2]
    second = at_positions(next_lower - upper)[: positions // 2]
    shared = at_positions(upper)

    # Many positions of one window or one of many windows: few calls, and results that fit into the cache.
    at_once = max(1, _WINDOWS_AT_ONCE // batch)
    peaks = x.new_full((rows, filters), -torch.inf)
    buffers = x.new_empty(2, at_once, rows, filters)
    for start in range(0, len(first), at_once):
        part = slice(start, start + at_once)
        here, beside = buffers[0, : len(first[part])], buffers[1, : len(second[part])]
        torch.bmm(first[part], even.expand(len(here), -1, -1), out=here)
        torch.bmm(second[part], odd.expand(len(beside), -1, -1), out=beside)
        torch.maximum(here[: len(beside)], beside, out=here[: len(beside)])
        here.baddbmm_(shared[start : start + len(here)], both.expand(len(here), -1, -1))
        torch.maximum(peaks, here.amax(dim=0), out=peaks)
    return peaks.view(batch, -1, filters).transpose(1, 2)


class _Middle(nn.Module):
    """Convolve along time, rectify, normalise: (batch, filters, frames)."""

    def __init__(self, channels: int, filters: int) -> None:
        super().__init__()
        self.conv = nn.Conv1d(channels, filters, 7, padding=3)
        self.norm = nn.BatchNorm1d(filters, eps=_EPS)

    def forward(self, x: Tensor) -> Tensor:
        normalised: Tensor = self.norm(F.relu(self.conv(x)))
        return normalised
