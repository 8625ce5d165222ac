"""The convolutional recurrent tagger of Choi et al. 2017 in the width that Won et al. 2020 compared."""

from torch import Tensor, nn

from timbrescope.recognition.networks.registry import register
from timbrescope.recognition.networks.tagging_blocks import MelImage, convolution


@register("crnn", family="recurrent", paper="Choi 2017; Won 2020", window=(1813, 96), labels=50, seconds=29.0)
class Crnn(nn.Module):
    """Score log-mel windows, shape (batch, frames >= 96, 96 mel bands), as logits, shape (batch, n_labels).

    Source: Choi et al., "Convolutional recurrent neural networks for music classification", ICASSP 2017; widths and
    pooling of Won et al., "Evaluation of CNN-based automatic music tagging models", SMC 2020.
    """

    def __init__(self, n_labels: int) -> None:
        super().__init__()
        self.image = MelImage()
        self.layers = nn.Sequential(
            convolution(1, 64, 2), convolution(64, 128, 3), convolution(128, 128, 4), convolution(128, 128, 4)
        )
        self.recurrent = nn.GRU(128, 32, num_layers=2, batch_first=True)
        self.dropout = nn.Dropout(0.5)
        self.output = nn.Linear(32, n_labels)

    def forward(self, windows: Tensor) -> Tensor:
        """Return logits, shape (batch, n_labels)."""
        x = self.layers(self.image(windows)).flatten(1, 2)  # batch, 128, steps of 96 frames
        steps, _ = self.recurrent(x.transpose(1, 2))  # batch, steps, 32
        logits: Tensor = self.output(self.dropout(steps[:, -1]))
        return logits
