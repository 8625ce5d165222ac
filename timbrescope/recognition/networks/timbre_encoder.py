"""The timbre encoder: tall and wide filters beside small ones, a mobile body, one vector a window."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from timbrescope.recognition.networks.mobile import channels, image_layers
from timbrescope.recognition.networks.registry import register

# Filters beside the small ones of the first layer: bands x frames, and how many. Tall ones see a spectral envelope at a
# moment, wide ones an attack, a decay or a vibrato in a band (Pons 2017, section II).
_FILTERS = (((64, 1), 6), ((24, 3), 6), ((1, 32), 6), ((3, 16), 6))
_WIDTH = 0.4
_FRAMES, _BANDS = 100, 128


@register(
    "timbre-encoder",
    family="musically motivated",
    paper="this program",
    window=(_FRAMES, _BANDS),
    labels=13,
    seconds=_FRAMES * 0.01,
)
class TimbreEncoder(nn.Module):
    """Score log-mel windows, shape (batch, frames, n_mels), as logits, shape (batch, n_labels).

    The first layer follows Pons et al. 2017: filters shaped after timbre and after time, all of them moving along
    frequency so that a melody does not change what they find. What they find is mixed into the channels of the small
    filters, and from there on the network is the MobileNetV3 of EfficientAT (Schmid et al. 2023), whose tensors have
    the same names here: training can start from its weights. The mixture starts at nothing, so that it then starts as
    that network. Windows may have any length from 32 frames on.
    """

    embedding_size = channels(_WIDTH).dense

    def __init__(self, n_labels: int) -> None:
        super().__init__()
        small, last, _ = channels(_WIDTH)
        shaped = sum(filters for _, filters in _FILTERS)
        self.shaped = nn.ModuleList([_Same(filters, size) for size, filters in _FILTERS])
        self.shaped_norm = nn.BatchNorm2d(shaped)
        self.mixture = nn.Conv2d(shaped, small, 1, bias=False)
        nn.init.zeros_(self.mixture.weight)
        self.features = image_layers(_WIDTH)
        self.dense = nn.Linear(last, self.embedding_size)
        self.dropout = nn.Dropout(0.2)
        self.output = nn.Linear(self.embedding_size, n_labels)

    def forward(self, windows: Tensor) -> Tensor:
        """Return logits, shape (batch, n_labels), for windows of shape (batch, frames, n_mels)."""
        return self.classify(self.embed(windows))

    def embed(self, windows: Tensor) -> Tensor:
        """Return embeddings, shape (batch, embedding_size)."""
        x = windows.transpose(1, 2).unsqueeze(1)  # batch, 1, bands, frames
        shaped = torch.cat([layer(x) for layer in self.shaped], dim=1)  # batch, filters, bands / 2, frames / 2
        x = self.features[0](x) + self.mixture(F.relu(self.shaped_norm(shaped)))
        x = self.features[1:](x).mean(dim=(2, 3))
        embedding: Tensor = self.dense(x)
        return embedding

    def classify(self, embedding: Tensor) -> Tensor:
        """Return logits, shape (batch, n_labels), of embeddings."""
        logits: Tensor = self.output(self.dropout(F.hardswish(embedding)))
        return logits


class _Same(nn.Conv2d):
    """A convolution of one channel that halves both sides of the image, whatever the size of its kernel."""

    def __init__(self, filters: int, size: tuple[int, int]) -> None:
        super().__init__(1, filters, size, stride=2, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        height, width = (size - 1 for size in self.kernel_size)
        x = F.pad(x, (width // 2, width - width // 2, height // 2, height - height // 2))
        return super().forward(x)
