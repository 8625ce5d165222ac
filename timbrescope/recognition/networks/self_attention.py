"""The self-attention tagger of Won et al. 2019: a residual CNN whose steps in time a Transformer relates."""

import torch
from torch import Tensor, nn

from timbrescope.recognition.networks.registry import register
from timbrescope.recognition.networks.tagging_blocks import MelImage, Residual

_WIDTH = 256


@register("self-attention", family="attention", paper="Won 2019, 2020", window=(938, 128), labels=50, seconds=15.0)
class SelfAttention(nn.Module):
    """Score log-mel windows, shape (batch, frames, 128 mel bands), as logits, shape (batch, n_labels).

    There are no positional encodings, so windows may be of any length.

    Source: Won et al., "Toward interpretable music tagging with self-attention", 2019; as in Won et al., "Evaluation of
    CNN-based automatic music tagging models", SMC 2020, where the token that gathers the scores is not learned.
    """

    token: Tensor

    def __init__(self, n_labels: int) -> None:
        super().__init__()
        self.image = MelImage()
        self.layers = nn.Sequential(
            Residual(1, 128, 2),
            Residual(128, 128, 2),
            Residual(128, _WIDTH, 2),
            *[Residual(_WIDTH, _WIDTH, (2, 1)) for _ in range(4)],
        )
        # In the place of numbers drawn once from 0 ... 1: the same distribution, and nothing to store.
        self.register_buffer("token", torch.linspace(0, 1, _WIDTH), persistent=False)
        self.attention = nn.Sequential(_attention_layer(), _attention_layer())
        self.dense = nn.Linear(_WIDTH, _WIDTH)
        self.dropout = nn.Dropout(0.5)
        self.output = nn.Linear(_WIDTH, n_labels)

    def forward(self, windows: Tensor) -> Tensor:
        """Return logits, shape (batch, n_labels)."""
        x = self.layers(self.image(windows)).flatten(1, 2)  # batch, 256, steps of 8 frames
        x = x.transpose(1, 2)
        x = self.attention(torch.cat([self.token.expand(x.shape[0], 1, -1), x], dim=1))  # batch, 1 + steps, 256
        logits: Tensor = self.output(self.dropout(self.dense(x[:, 0]).tanh()))
        return logits


def _attention_layer() -> nn.TransformerEncoderLayer:
    layer = nn.TransformerEncoderLayer(
        _WIDTH, nhead=8, dim_feedforward=4 * _WIDTH, dropout=0.4, activation="gelu", batch_first=True
    )
    layer.self_attn.dropout = 0.5
    layer.dropout.p = 0.0  # as in BERT, nothing is dropped between the two dense layers
    return layer
