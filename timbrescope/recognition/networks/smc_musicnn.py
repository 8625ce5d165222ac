"""musicnn as Won et al. 2020 rebuilt it: its temporal filters see the mean over frequency."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from timbrescope.recognition.networks.fast_convolution import is_faster
from timbrescope.recognition.networks.fast_norm import affine_as_filters, normalised_image, normalised_peaks
from timbrescope.recognition.networks.registry import register
from timbrescope.recognition.networks.tagging_blocks import MelImage


@register(
    "smc-musicnn",
    family="musically motivated",
    paper="Pons 2018; Won 2020",
    window=(188, 96),
    labels=50,
    seconds=3.0,
)
class SmcMusicnn(nn.Module):
    """Score log-mel windows, shape (batch, frames, n_mels), as logits, shape (batch, n_labels).

    Source: Won et al., "Evaluation of CNN-based automatic music tagging models", SMC 2020, after Pons et al.,
    "End-to-end learning for music audio tagging at scale", ISMIR 2018. For the Million Song Dataset they took 512
    filters in the middle and 500 dense units.
    """

    def __init__(self, n_labels: int, n_mels: int = 96, mid_filters: int = 64, dense_units: int = 200) -> None:
        super().__init__()
        timbral, temporal = int(1.6 * 128), int(1.6 * 32)
        self.image = MelImage()
        self.front = nn.ModuleList(
            [_Timbral(timbral, int(0.7 * n_mels)), _Timbral(timbral, int(0.4 * n_mels))]
            + [_Temporal(temporal, frames) for frames in (129, 65, 33)]
        )
        front = 2 * timbral + 3 * temporal
        self.middle = nn.ModuleList([_along_time(n, mid_filters, 7) for n in (front, mid_filters, mid_filters)])
        self.dense = nn.Linear(2 * (front + 3 * mid_filters), dense_units)
        self.dense_norm = nn.BatchNorm1d(dense_units)
        self.dropout = nn.Dropout(0.5)
        self.output = nn.Linear(dense_units, n_labels)

    def forward(self, windows: Tensor) -> Tensor:
        """Return logits, shape (batch, n_labels)."""
        front = self._fast_front(windows) if is_faster(self, windows) else self._plain_front(windows)
        first = self.middle[0](front)  # batch, mid_filters, frames
        second = first + self.middle[1](first)
        third = second + self.middle[2](second)
        features = torch.cat([front, first, second, third], dim=1)
        pooled = torch.cat([features.amax(dim=2), features.mean(dim=2)], dim=1)
        logits: Tensor = self.output(self.dropout(F.relu(self.dense_norm(self.dense(pooled)))))
        return logits

    def _plain_front(self, windows: Tensor) -> Tensor:
        x = self.image(windows)  # batch, 1, n_mels, frames
        return torch.cat([layer(x) for layer in self.front], dim=1)  # batch, filters, frames

    def _fast_front(self, windows: Tensor) -> Tensor:
        """Do what ``_plain_front`` does without a gradient of the image: its scale and shift go into the filters."""
        norm = self.image.norm
        x = normalised_image(windows, norm)  # batch, frames, n_mels
        loudness = (x.mean(dim=2) * norm.weight + norm.bias).unsqueeze(1)
        timbral = [layer.fast(x, norm) for layer in self.front if isinstance(layer, _Timbral)]
        temporal = [layer.layer(loudness) for layer in self.front if isinstance(layer, _Temporal)]
        return torch.cat(timbral + temporal, dim=1)


class _Timbral(nn.Module):
    """Convolve with tall filters and keep the loudest position along frequency: (batch, filters, frames)."""

    def __init__(self, filters: int, bands: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(1, filters, (bands, 7), padding=(0, 3))
        self.norm = nn.BatchNorm2d(filters)

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.norm(self.conv(x))).amax(dim=2)

    def fast(self, x: Tensor, image_norm: nn.BatchNorm2d) -> Tensor:
        """Return the same of an image, shape (batch, frames, n_mels), that its norm has yet to scale and shift."""
        taps = self.conv.weight.squeeze(1).transpose(1, 2)
        weight, bias = affine_as_filters(image_norm, taps, self.conv.get_parameter("bias"), x.shape[1])
        return F.relu(normalised_peaks(F.pad(x, (0, 0, 3, 3)), weight, bias, self.norm).squeeze(3))


class _Temporal(nn.Module):
    """Convolve the loudness over time, the mean over frequency, with long filters: (batch, filters, frames)."""

    def __init__(self, filters: int, frames: int) -> None:
        super().__init__()
        self.layer = _along_time(1, filters, frames)

    def forward(self, x: Tensor) -> Tensor:
        filtered: Tensor = self.layer(x.mean(dim=2))
        return filtered


def _along_time(inputs: int, filters: int, frames: int) -> nn.Sequential:
    conv = nn.Conv1d(inputs, filters, frames, padding=frames // 2)
    return nn.Sequential(conv, nn.BatchNorm1d(filters), nn.ReLU())
