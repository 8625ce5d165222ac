"""The audio spectrogram Transformer (Gong et al. 2021): patches of the picture, and nothing but attention."""

import torch
from torch import Tensor, nn

from timbrescope.recognition.networks.registry import register
from timbrescope.recognition.networks.windowed import mean_over_windows

_WIDTH = 768
_LAYERS = 12
_HEADS = 12
_PATCH = 16
_STRIDE = 10


@register("ast", family="attention", paper="Gong 2021", window=(1024, 128), labels=527, seconds=10.24)
class Ast(nn.Module):
    """Score log-mel windows, shape (batch, frames, n_mels), as logits, shape (batch, n_labels).

    Positions are learned for a window of ``frames``. The two heads for ImageNet that the released weights carry along
    unused are left out.

    Source: Gong et al., "AST: audio spectrogram Transformer", Interspeech 2021, section 2; the body is the distilled
    DeiT-base of Touvron et al. 2021.
    """

    def __init__(self, n_labels: int, frames: int = 1024, n_mels: int = 128) -> None:
        super().__init__()
        self.frames = frames
        patches = ((n_mels - _PATCH) // _STRIDE + 1) * ((frames - _PATCH) // _STRIDE + 1)
        self.patches = nn.Conv2d(1, _WIDTH, _PATCH, _STRIDE)
        self.tokens = nn.Parameter(torch.zeros(1, 2, _WIDTH))  # for the class and for the teacher of distillation
        self.positions = nn.Parameter(torch.zeros(1, 2 + patches, _WIDTH))
        self.layers = nn.Sequential(
            *[
                nn.TransformerEncoderLayer(
                    _WIDTH,
                    _HEADS,
                    4 * _WIDTH,
                    dropout=0.0,
                    activation="gelu",
                    layer_norm_eps=1e-6,
                    batch_first=True,
                    norm_first=True,
                )
                for _ in range(_LAYERS)
            ]
        )
        self.norm = nn.LayerNorm(_WIDTH, eps=1e-6)
        self.output = nn.Sequential(nn.LayerNorm(_WIDTH), nn.Linear(_WIDTH, n_labels))
        for values in (self.tokens, self.positions):
            nn.init.trunc_normal_(values, std=0.02)

    def forward(self, windows: Tensor) -> Tensor:
        """Return logits, shape (batch, n_labels); of longer inputs the mean over windows."""
        return mean_over_windows(self._score, windows, self.frames)

    def _score(self, windows: Tensor) -> Tensor:
        x = self.patches(windows.transpose(1, 2).unsqueeze(1))  # batch, 768, rows of mel bands, columns of frames
        x = x.flatten(2).transpose(1, 2)  # batch, patches, 768
        x = torch.cat([self.tokens.expand(x.shape[0], -1, -1), x], dim=1) + self.positions
        x = self.norm(self.layers(x))
        logits: Tensor = self.output(x[:, :2].mean(dim=1))
        return logits
