"""The last step of the front end: each input of a network to mean 0 and standard deviation 1."""

import torch
from torch import Tensor, nn

from timbrescope.recognition.spec import FrontEnd

_SMALLEST_STD = 1e-5  # a band that never sounds stays at zero


class Standardise(nn.Module):
    """Standardise and scale windows, shape (batch, frames, n_bands), as a FrontEnd says.

    Where the statistics are those of a training set they are buffers, which travel in the checkpoint: ``mean`` and
    ``std``, of shape (1,) for ``dataset``, (n_bands,) for ``band``, (window_frames, n_bands) for ``element``.
    A waveform loses its last axis here, because networks take it as (batch, samples).
    """

    mean: Tensor
    std: Tensor

    def __init__(self, front_end: FrontEnd, window_frames: int) -> None:
        super().__init__()
        self.front_end = front_end
        shapes = {"dataset": (1,), "band": (front_end.n_bands,), "element": (window_frames, front_end.n_bands)}
        shape = shapes.get(front_end.standardisation)
        if shape is not None:
            self.register_buffer("mean", torch.zeros(shape))
            self.register_buffer("std", torch.ones(shape))

    def forward(self, windows: Tensor) -> Tensor:
        """Return windows of the same shape, or (batch, samples) of a waveform."""
        if self.front_end.standardisation == "sample":
            mean = windows.mean(dim=(1, 2), keepdim=True)
            std = windows.std(dim=(1, 2), keepdim=True, correction=0)
            windows = (windows - mean) / std.clamp(min=_SMALLEST_STD)
        elif self.front_end.standardisation != "none":
            windows = (windows - self.mean) / self.std.clamp(min=_SMALLEST_STD)
        if self.front_end.scale != 1.0:
            windows = windows * self.front_end.scale
        return windows.squeeze(2) if self.front_end.representation == "waveform" else windows
