"""The building blocks that the networks of Won et al. 2020 share."""

import torch.nn.functional as F
from torch import Tensor, nn


class MelImage(nn.Module):
    """Normalise windows, shape (batch, frames, n_mels), as a whole and turn them: (batch, 1, n_mels, frames)."""

    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(1)

    def forward(self, windows: Tensor) -> Tensor:
        """Return the image."""
        image: Tensor = self.norm(windows.transpose(1, 2).unsqueeze(1))
        return image


def convolution(inputs: int, outputs: int, pool: int | tuple[int, int]) -> nn.Sequential:
    """Return a 3 × 3 convolution, norm, rectifier and max-pooling by ``pool`` (mel, time)."""
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, padding=1), nn.BatchNorm2d(outputs), nn.ReLU(), nn.MaxPool2d(pool)
    )


class Residual(nn.Module):
    """Add two 3 × 3 convolutions to what comes in; a third one fits it where the shape changes."""

    def __init__(self, inputs: int, outputs: int, stride: int | tuple[int, int] = 1) -> None:
        super().__init__()
        self.first = nn.Conv2d(inputs, outputs, 3, stride, padding=1)
        self.first_norm = nn.BatchNorm2d(outputs)
        self.second = nn.Conv2d(outputs, outputs, 3, padding=1)
        self.second_norm = nn.BatchNorm2d(outputs)
        self.shortcut: nn.Module = nn.Identity()
        if stride != 1 or inputs != outputs:
            self.shortcut = nn.Sequential(nn.Conv2d(inputs, outputs, 3, stride, padding=1), nn.BatchNorm2d(outputs))

    def forward(self, x: Tensor) -> Tensor:
        """Map (batch, inputs, n_mels, frames) to (batch, outputs, n_mels / stride, frames / stride), rounded up."""
        inner = F.relu(self.first_norm(self.first(x)))
        return F.relu(self.second_norm(self.second(inner)) + self.shortcut(x))


class LoudestOverTime(nn.Sequential):
    """Classify the maximum of each channel: (batch, channels, ...) -> logits, shape (batch, n_labels)."""

    def __init__(self, channels: int, n_labels: int) -> None:
        super().__init__(
            nn.Flatten(2),
            nn.AdaptiveMaxPool1d(1),
            nn.Flatten(),
            nn.Linear(channels, channels),
            nn.BatchNorm1d(channels),
            nn.ReLU(),
            nn.Dropout(0.5),
            nn.Linear(channels, n_labels),
        )
