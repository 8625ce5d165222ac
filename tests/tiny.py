"""A network small enough to train or run in a test: one linear map of the mean frame."""

import numpy as np
import torch
from torch import Tensor, nn

from timbrescope.recognition.networks.registry import register
from timbrescope.recognition.spec import FrontEnd, ModelSpec

FRONT_END = FrontEnd(16_000, 512, 256, 24, compression="log10", gain=10_000, offset=1)
SPEC = ModelSpec(
    name="tiny",
    title="Tiny",
    kind="tags",
    labels=("low", "middle", "high"),
    network="tests-tiny",
    front_end=FRONT_END,
    window_frames=60,
    hop_frames=20,
    network_options={"n_mels": 24},
    licence="MIT",
)


@register("tests-tiny", family="linear", paper="none", window=(60, 24), labels=3, seconds=0.96)
class Tiny(nn.Module):
    """Three labels for energy in three parts of the spectrum."""

    def __init__(self, n_labels: int, n_mels: int) -> None:
        super().__init__()
        self.linear = nn.Linear(n_mels, n_labels)
        with torch.no_grad():
            parts = np.array_split(np.arange(n_mels), n_labels)
            weight = torch.full((n_labels, n_mels), -0.2)
            for row, part in enumerate(parts):
                weight[row, part] = 1.0
            self.linear.weight.copy_(weight)
            self.linear.bias.fill_(-1.0)

    def forward(self, windows: Tensor) -> Tensor:
        """Return logits, shape (batch, n_labels)."""
        logits: Tensor = self.linear(windows.mean(dim=1))
        return logits
