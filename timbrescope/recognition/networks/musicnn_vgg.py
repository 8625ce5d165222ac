"""The vgg that the authors of musicnn released beside it, to compare with: small square filters throughout."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from timbrescope.recognition.networks.registry import register

_EPS = 1e-3  # TensorFlow's default, which the weights were trained with
_POOLS = (((4, 1), 2), ((2, 2), 2), ((2, 2), 2), ((2, 2), 2), ((4, 4), 4))  # size and stride


@register(
    "musicnn-vgg",
    family="spectrogram CNN",
    paper="Pons and Serra 2019",
    window=(187, 96),
    labels=50,
    seconds=187 * 256 / 16_000,
)
class MusicnnVgg(nn.Module):
    """Score log-mel windows, shape (batch, frames, n_mels), as logits, shape (batch, n_labels).

    Source: Pons and Serra, "musicnn: pre-trained convolutional neural networks for music audio tagging", 2019; details
    as in the released code.
    """

    def __init__(self, n_labels: int, filters: int = 128) -> None:
        super().__init__()
        self.input_norm = nn.BatchNorm2d(1, eps=_EPS)
        layers: list[nn.Module] = []
        for inputs, (size, stride) in zip((1, *[filters] * 4), _POOLS, strict=True):
            conv = nn.Conv2d(inputs, filters, 3, padding=1)
            pool = nn.MaxPool2d(size, stride)
            layers.append(nn.Sequential(conv, nn.ReLU(), nn.BatchNorm2d(filters, eps=_EPS), pool, nn.Dropout(0.25)))
        self.layers = nn.Sequential(*layers)
        self.output = nn.Linear(2 * filters, n_labels)

    def forward(self, windows: Tensor) -> Tensor:
        """Return logits, shape (batch, n_labels), for windows of shape (batch, frames, n_mels)."""
        image = self.input_norm(windows.unsqueeze(1)).contiguous(memory_format=torch.channels_last)  # faster on a CPU
        x = self.layers(image)  # batch, filters, 2 moments, 1 band
        flat = x.permute(0, 2, 3, 1).flatten(1)  # moment by moment, as TensorFlow has it
        logits: Tensor = self.output(F.dropout(flat, 0.5, self.training))
        return logits
