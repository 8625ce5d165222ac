"""An encoder small enough for a test: its vector is the mean frame."""

from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor, nn

from tests.tiny import SPEC
from timbrescope.recognition.checkpoint import save_checkpoint
from timbrescope.recognition.model import Model
from timbrescope.recognition.networks.registry import register

ENCODER = replace(SPEC, name="tiny-encoder", title="Tiny encoder", network="tests-tiny-encoder")


@register("tests-tiny-encoder", family="linear", paper="none", window=(60, 24), labels=3, seconds=0.96)
class TinyEncoder(nn.Module):
    """Mean and spread of each band, named by one dense layer."""

    embedding_size = 48

    def __init__(self, n_labels: int, n_mels: int) -> None:
        super().__init__()
        self.output = nn.Linear(2 * n_mels, n_labels)

    def forward(self, windows: Tensor) -> Tensor:
        """Return logits, shape (batch, n_labels)."""
        return self.classify(self.embed(windows))

    def embed(self, windows: Tensor) -> Tensor:
        """Return vectors, shape (batch, 2 * n_mels)."""
        return torch.cat([windows.mean(dim=1), windows.std(dim=1, correction=0)], dim=1)

    def classify(self, embedding: Tensor) -> Tensor:
        """Return logits, shape (batch, n_labels), of vectors."""
        logits: Tensor = self.output(embedding.relu())
        return logits


def write_encoder(path: Path) -> Path:
    """Write the encoder with weights of its own."""
    torch.manual_seed(0)
    save_checkpoint(path, ENCODER, Model(ENCODER).weights())
    return path
