"""The phoneme networks of Pons et al., "Timbre analysis of music audio signals with CNNs", EUSIPCO 2017, III-A.

They hear 80 mel bands to 11 kHz of frames that are 10 ms apart at 44.1 kHz, ``ln(1 + 100000 mel)``, standardised with
the training set's statistics, and say which phoneme a Jingju singer sings in the frame in the middle. The published
numbers of parameters belong to 29 classes: the paper's 32 less three that were too rare.
"""

from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from timbrescope.recognition.networks.fast_convolution import is_faster, peaks
from timbrescope.recognition.networks.initial_weights import initialise
from timbrescope.recognition.networks.registry import register
from timbrescope.recognition.networks.windowed import mean_over_windows

_BANDS, _FRAMES, _DENSE_FRAMES = 80, 21, 5
_SECONDS_PER_FRAME = 441 / 44_100
_SHAPES = {(50, 1): 128, (50, 5): 64, (50, 10): 32, (70, 1): 128, (70, 5): 64, (70, 10): 32}  # bands, frames: filters

_register = partial(register, labels=29)
_image_register = partial(_register, window=(_FRAMES, _BANDS), seconds=_FRAMES * _SECONDS_PER_FRAME)
_dense_register = partial(_register, window=(_DENSE_FRAMES, _BANDS), seconds=_DENSE_FRAMES * _SECONDS_PER_FRAME)


@_image_register("pons-phonemes", family="musically motivated", paper="Pons 2017")
class PonsPhonemes(nn.Module):
    """Score log-mel windows, shape (batch, frames >= 10, 80), as logits, shape (batch, n_labels).

    Filters as high as formants are apart, of which only the best moment counts, of however many there are.
    """

    def __init__(self, n_labels: int) -> None:
        super().__init__()
        self.convs = nn.ModuleList([nn.Conv2d(1, filters, shape) for shape, filters in _SHAPES.items()])
        self.dropout = nn.Dropout(0.32)
        features = sum(filters * ((_BANDS - height + 1) // 2) for (height, _), filters in _SHAPES.items())
        self.output = nn.Linear(features, n_labels)
        initialise(self, nn.init.kaiming_uniform_)

    def forward(self, windows: Tensor) -> Tensor:
        """Return logits, shape (batch, n_labels)."""
        x = windows.transpose(1, 2).unsqueeze(1)  # batch, 1, mel, frames
        features = []
        for conv in self.convs:
            if is_faster(self, windows):
                weight, bias = conv.get_parameter("weight"), conv.get_parameter("bias")
                best = F.elu(peaks(x.squeeze(1), weight.squeeze(1)).squeeze(3) + bias.view(-1, 1))
            else:
                best = F.elu(conv(x)).amax(dim=3)  # batch, filters, positions
            features.append(F.max_pool1d(best, 2).flatten(1))
        logits: Tensor = self.output(self.dropout(torch.cat(features, dim=1)))
        return logits

    def score_frames(self, frames: Tensor) -> Tensor:
        """Return logits, shape (batch, frames - 20, n_labels), those of each window of 21 frames."""
        x = frames.transpose(1, 2).unsqueeze(1)  # batch, 1, mel, frames
        features = []
        for conv in self.convs:
            every = conv(x)  # batch, filters, positions, frames - width + 1
            best = F.elu(F.max_pool2d(every, (1, every.shape[3] - x.shape[3] + _FRAMES), stride=1))
            features.append(F.max_pool2d(best, (2, 1)).flatten(1, 2))  # batch, filters * positions, rows
        logits: Tensor = self.output(self.dropout(torch.cat(features, dim=1).transpose(1, 2)))
        return logits


@_image_register("small-rectangular-phonemes", family="spectrogram CNN", paper="Pons 2017")
class SmallRectangularPhonemes(nn.Module):
    """Score log-mel windows, shape (batch, frames, 80), as logits, shape (batch, n_labels).

    The paper's point of comparison: five layers of 3 x 3 filters. It rectifies as its published weights do, where the
    text has exponential linear units.
    """

    def __init__(self, n_labels: int) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        channels = 1
        for filters, pool in ((60, (2, 2)), (84, (2, 1)), (84, (2, 1)), (84, (2, 1)), (60, (1, 1))):
            norm = nn.BatchNorm2d(filters, eps=1e-5, momentum=0.01)
            layers += [nn.Conv2d(channels, filters, 3), norm, nn.ReLU(), nn.MaxPool2d(pool)]
            channels = filters
        self.convs = nn.Sequential(*layers)
        self.output = nn.Linear(channels, n_labels)
        initialise(self, nn.init.kaiming_uniform_)

    def forward(self, windows: Tensor) -> Tensor:
        """Return logits, shape (batch, n_labels); of longer inputs the mean over windows."""
        return mean_over_windows(self._score, windows, _FRAMES)

    def _score(self, windows: Tensor) -> Tensor:
        x = windows.transpose(1, 2).unsqueeze(1)  # batch, 1, mel, frames
        logits: Tensor = self.output(self.convs(x).flatten(1))  # 60 channels of one value
        return logits


class MlpPhonemes(nn.Module):
    """Score log-mel windows, shape (batch, frames, 80), as logits, shape (batch, n_labels), with dense layers only.

    A window has five frames, of which the number of parameters leaves no doubt; the text says 21.
    """

    def __init__(self, n_labels: int, units: int, dropout: float) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Flatten(),
            *(nn.Linear(_DENSE_FRAMES * _BANDS, units), nn.ReLU(), nn.Dropout(dropout)),
            *(nn.Linear(units, units), nn.ReLU(), nn.Dropout(dropout)),
            nn.Linear(units, n_labels),
        )
        initialise(self, nn.init.kaiming_uniform_)

    def forward(self, windows: Tensor) -> Tensor:
        """Return logits, shape (batch, n_labels); of longer inputs the mean over windows."""
        return mean_over_windows(self.layers, windows, _DENSE_FRAMES)


# One for each role in the opera: the young woman and the old man.
for _role, _units, _dropout in (("dan", 511, 0.251), ("laosheng", 475, 0.291)):
    _dense_register(f"mlp-phonemes-{_role}", family="dense", paper="Pons 2017")(
        partial(MlpPhonemes, units=_units, dropout=_dropout)
    )
