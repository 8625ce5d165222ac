"""The timbre encoder: tall and wide filters in the first layer, a small residual body, one vector a window."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from timbrescope.recognition.networks.registry import register

# Filters of the first layer: bands x frames, and how many. Tall ones see a spectral envelope at a moment, wide ones an
# attack or a decay in a band (Pons 2017, section II), square ones a partial and its beginning.
_FIRST = (((48, 1), 12), ((24, 3), 8), ((1, 24), 6), ((7, 7), 10))
_WIDTHS = (32, 56, 112, 192)
_FRAMES, _BANDS = 64, 96


@register(
    "timbre-encoder",
    family="musically motivated",
    paper="this program",
    window=(_FRAMES, _BANDS),
    labels=13,
    seconds=_FRAMES * 320 / 16_000,
)
class TimbreEncoder(nn.Module):
    """Score log-mel windows, shape (batch, frames, n_mels), as logits, shape (batch, n_labels).

    The first layer follows Pons et al. 2017: filters shaped after timbre, all of them moving along frequency so that a
    melody does not change what they find. Four residual blocks with squeeze-and-excitation (Hu et al. 2018) follow,
    and the mean and the maximum over time make windows of any length of at least 32 frames one vector.
    """

    embedding_size = 256

    def __init__(self, n_labels: int, n_mels: int = _BANDS) -> None:
        super().__init__()
        self.first = nn.ModuleList([_Same(1, filters, size, stride=2) for size, filters in _FIRST])
        first = sum(filters for _, filters in _FIRST)
        self.first_norm = nn.BatchNorm2d(first)
        self.blocks = nn.ModuleList(
            [_Residual(before, width) for before, width in zip((first, *_WIDTHS), _WIDTHS, strict=False)]
        )
        bands = n_mels // 2 // 2 ** len(_WIDTHS)
        self.over_bands = nn.Conv2d(_WIDTHS[-1], 256, (bands, 1), bias=False)
        self.over_bands_norm = nn.BatchNorm2d(256)
        self.dense = nn.Linear(2 * 256, self.embedding_size)
        self.dense_norm = nn.BatchNorm1d(self.embedding_size)
        self.dropout = nn.Dropout(0.3)
        self.output = nn.Linear(self.embedding_size, n_labels)

    def forward(self, windows: Tensor) -> Tensor:
        """Return logits, shape (batch, n_labels), for windows of shape (batch, frames, n_mels)."""
        return self.classify(self.embed(windows))

    def embed(self, windows: Tensor) -> Tensor:
        """Return embeddings, shape (batch, embedding_size)."""
        x = windows.transpose(1, 2).unsqueeze(1)  # batch, 1, bands, frames
        x = torch.cat([layer(x) for layer in self.first], dim=1)  # batch, filters, bands / 2, frames / 2
        x = F.relu(self.first_norm(x))
        for block in self.blocks:
            x = block(F.max_pool2d(x, 2))
        x = F.relu(self.over_bands_norm(self.over_bands(x))).squeeze(2)  # batch, 256, frames / 32
        pooled = torch.cat([x.mean(dim=2), x.amax(dim=2)], dim=1)
        embedding: Tensor = self.dense_norm(self.dense(pooled))
        return embedding

    def classify(self, embedding: Tensor) -> Tensor:
        """Return logits, shape (batch, n_labels), of embeddings."""
        logits: Tensor = self.output(self.dropout(F.relu(embedding)))
        return logits


class _Same(nn.Conv2d):
    """A convolution whose output is the input's size over the stride, also for even kernels."""

    def __init__(self, before: int, filters: int, size: tuple[int, int], stride: int) -> None:
        super().__init__(before, filters, size, stride=stride, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        height, width = (size - 1 for size in self.kernel_size)
        x = F.pad(x, (width // 2, width - width // 2, height // 2, height - height // 2))
        return super().forward(x)


class _Residual(nn.Module):
    """Two 3 x 3 convolutions beside a shortcut, channels weighed by what all of the window says."""

    def __init__(self, before: int, width: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(before, width, 3, padding=1, bias=False)
        self.norm1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.norm2 = nn.BatchNorm2d(width)
        self.shortcut = nn.Identity() if before == width else nn.Conv2d(before, width, 1, bias=False)
        self.squeeze = nn.Linear(width, width // 8)
        self.excite = nn.Linear(width // 8, width)

    def forward(self, x: Tensor) -> Tensor:
        y = F.relu(self.norm1(self.conv1(x)))
        y = self.norm2(self.conv2(y))
        weights = self.excite(F.relu(self.squeeze(y.mean(dim=(2, 3))))).sigmoid()
        out: Tensor = F.relu(self.shortcut(x) + y * weights[:, :, None, None])
        return out
