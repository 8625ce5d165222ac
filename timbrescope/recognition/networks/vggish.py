"""VGGish (Hershey et al. 2017): the picture classifier VGG on one second of sound."""

from torch import Tensor, nn

from timbrescope.recognition.networks.initial_weights import initialise
from timbrescope.recognition.networks.registry import register
from timbrescope.recognition.networks.windowed import mean_over_windows

_FRAMES, _N_MELS = 96, 64
_GROUPS = ((64,), (128,), (256, 256), (512, 512))  # each pools by two


@register("vggish", family="spectrogram CNN", paper="Hershey 2017", window=(_FRAMES, _N_MELS), labels=527, seconds=0.96)
class Vggish(nn.Module):
    """Score log-mel windows, shape (batch, frames, 64 mel bands), as logits, shape (batch, n_labels).

    Google's release has 128 outputs, which are an embedding.

    Source: Hershey et al., "CNN architectures for large-scale audio classification", ICASSP 2017.
    """

    def __init__(self, n_labels: int) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        channels = 1
        for group in _GROUPS:
            for filters in group:
                layers += [nn.Conv2d(channels, filters, 3, padding=1), nn.ReLU()]
                channels = filters
            layers.append(nn.MaxPool2d(2))
        self.layers = nn.Sequential(*layers)
        shrunk = 2 ** len(_GROUPS)
        features = channels * (_FRAMES // shrunk) * (_N_MELS // shrunk)
        self.dense = nn.Sequential(
            nn.Linear(features, 4096), nn.ReLU(), nn.Linear(4096, 4096), nn.ReLU(), nn.Linear(4096, n_labels)
        )
        initialise(self, nn.init.kaiming_normal_)  # without norms, smaller weights would leave no signal at the end

    def forward(self, windows: Tensor) -> Tensor:
        """Return logits, shape (batch, n_labels); of longer inputs the mean over windows of 96 frames."""
        return mean_over_windows(self._score, windows, _FRAMES)

    def _score(self, windows: Tensor) -> Tensor:
        x = self.layers(windows.unsqueeze(1))  # batch, 512, 6, 4
        logits: Tensor = self.dense(x.permute(0, 2, 3, 1).flatten(1))  # channels vary fastest, as in Google's weights
        return logits
