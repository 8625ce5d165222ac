"""The fully convolutional tagger of Choi et al. 2016 in the width that Won et al. 2020 compared."""

from torch import Tensor, nn

from timbrescope.recognition.networks.registry import register
from timbrescope.recognition.networks.tagging_blocks import MelImage, convolution


@register(
    "fcn",
    family="spectrogram CNN",
    paper="Choi 2016; Won 2020",
    window=(1813, 96),
    labels=50,
    seconds=29.0,
)
class Fcn(nn.Module):
    """Score log-mel windows, shape (batch, frames >= 1280, n_mels >= 96), as logits, shape (batch, n_labels).

    Longer windows score as the mean of the logits of their stretches of 1280 frames.

    Source: Choi et al., "Automatic tagging using deep convolutional neural networks", ISMIR 2016; widths and pooling of
    Won et al., "Evaluation of CNN-based automatic music tagging models", SMC 2020.
    """

    def __init__(self, n_labels: int) -> None:
        super().__init__()
        self.image = MelImage()
        self.layers = nn.Sequential(
            convolution(1, 64, (2, 4)),
            convolution(64, 128, (2, 4)),
            convolution(128, 128, (2, 4)),
            convolution(128, 128, (3, 5)),
            convolution(128, 64, (4, 4)),
        )
        self.dropout = nn.Dropout(0.5)
        self.output = nn.Linear(64, n_labels)

    def forward(self, windows: Tensor) -> Tensor:
        """Return logits, shape (batch, n_labels)."""
        x = self.layers(self.image(windows))  # batch, 64, 1, stretches
        logits: Tensor = self.output(self.dropout(x.mean(dim=(2, 3))))
        return logits
