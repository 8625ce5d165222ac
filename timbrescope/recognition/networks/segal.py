"""The network of Segal, "Automatic musical instrument recognition using convolutional neural networks" (2016)."""

from torch import Tensor, nn

from timbrescope.recognition.networks.initial_weights import initialise
from timbrescope.recognition.networks.registry import register
from timbrescope.recognition.networks.windowed import mean_over_windows

_BANDS, _FRAMES, _FILTERS, _HIDDEN = 128, 130, 64, 1024


@register(
    "segal",
    family="spectrogram CNN",
    paper="Segal 2016",
    window=(_FRAMES, _BANDS),
    labels=12,
    seconds=3.0,
)
class Segal(nn.Module):
    """Score mel spectrograms, shape (batch, frames, 128), as logits, shape (batch, n_labels).

    Four layers of 3 x 3 filters under a dense one. Source: Segal 2016, section 3.2. He leaves open how many mel bands
    there are, how far is pooled and how large the dense layer is: here as librosa's defaults have it, 2 x 2, and 1024.
    """

    def __init__(self, n_labels: int) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(1, affine=False)  # "normalising batches", section 4.3.2
        layers: list[nn.Module] = []
        channels = 1
        for dropout in (0.0, 0.5, 0.5, 0.5):
            conv = nn.Conv2d(channels, _FILTERS, 3, padding=1)
            layers += [conv, nn.ReLU(), nn.MaxPool2d(2), nn.Dropout(dropout)]
            channels = _FILTERS
        self.convs = nn.Sequential(*layers)
        features = _FILTERS * (_BANDS // 16) * (_FRAMES // 16)
        self.dense = nn.Sequential(
            *(nn.Linear(features, _HIDDEN), nn.ReLU(), nn.Dropout(0.5)),
            nn.Linear(_HIDDEN, n_labels),
        )
        initialise(self, nn.init.kaiming_normal_)

    def forward(self, windows: Tensor) -> Tensor:
        """Return logits, shape (batch, n_labels); of longer inputs the mean over windows."""
        return mean_over_windows(self._score, windows, _FRAMES)

    def _score(self, windows: Tensor) -> Tensor:
        x = self.norm(windows.transpose(1, 2).unsqueeze(1))  # batch, 1, mel, frames
        logits: Tensor = self.dense(self.convs(x).flatten(1))  # 64 x 8 x 8
        return logits
