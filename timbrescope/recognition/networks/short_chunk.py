"""Short-chunk CNNs (Won et al. 2020): small filters on a few seconds, the plain way and with residual connections."""

from itertools import pairwise

from torch import nn

from timbrescope.recognition.networks.registry import register
from timbrescope.recognition.networks.tagging_blocks import LoudestOverTime, MelImage, Residual, convolution

_WIDTHS = (1, 128, 128, 256, 256, 256, 256, 512)


@register(
    "short-chunk",
    family="spectrogram CNN",
    paper="Won 2020",
    window=(231, 128),
    labels=50,
    seconds=59_049 / 16_000,
)
class ShortChunk(nn.Sequential):
    """Score log-mel windows, shape (batch, frames >= 128, n_mels >= 128), as logits, shape (batch, n_labels).

    Source: Won et al., "Evaluation of CNN-based automatic music tagging models", SMC 2020.
    """

    def __init__(self, n_labels: int) -> None:
        layers = [convolution(inputs, outputs, 2) for inputs, outputs in pairwise(_WIDTHS)]
        super().__init__(MelImage(), *layers, LoudestOverTime(_WIDTHS[-1], n_labels))


@register(
    "short-chunk-res",
    family="spectrogram CNN",
    paper="Won 2020",
    window=(231, 128),
    labels=50,
    seconds=59_049 / 16_000,
)
class ShortChunkRes(nn.Sequential):
    """Score log-mel windows, shape (batch, frames, n_mels), as logits, shape (batch, n_labels).

    Source: Won et al., "Evaluation of CNN-based automatic music tagging models", SMC 2020.
    """

    def __init__(self, n_labels: int) -> None:
        layers = [Residual(inputs, outputs, stride=2) for inputs, outputs in pairwise(_WIDTHS)]
        super().__init__(MelImage(), *layers, LoudestOverTime(_WIDTHS[-1], n_labels))
