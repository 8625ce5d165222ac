"""The networks of Pons, Lidy and Serra, "Experimenting with musically motivated CNNs", CBMI 2016.

All hear 40 mel bands of frames that are 1024 samples apart at 44.1 kHz, ``log10(1 + 10000 mel)``, standardised over the
whole data set, and have 32 filters that are as wide in time and as high in frequency as what they are meant to find.
"""

from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from timbrescope.recognition.networks.initial_weights import initialise
from timbrescope.recognition.networks.registry import register
from timbrescope.recognition.networks.windowed import mean_over_windows

_BANDS, _FILTERS, _HIDDEN = 40, 32, 200
_FRAMES, _LONG = 80, 250
_SECONDS_PER_FRAME = 1024 / 44_100

_register = partial(register, paper="Pons 2016", labels=8)
_short = partial(_register, window=(_FRAMES, _BANDS), seconds=_FRAMES * _SECONDS_PER_FRAME)
_long = partial(_register, window=(_LONG, _BANDS), seconds=_LONG * _SECONDS_PER_FRAME)


class BlackBox(nn.Module):
    """Score log-mel windows, shape (batch, frames, 40), as logits, shape (batch, n_labels).

    The filters are 12 bands high and ``width`` frames wide, with no motive in music. Source: Pons 2016, section III.
    """

    def __init__(self, n_labels: int, width: int, frames: int) -> None:
        super().__init__()
        self.frames = frames
        self.conv = nn.Conv2d(1, _FILTERS, (12, width))
        features = _FILTERS * ((_BANDS - 12 + 1) // 4) * (frames - width + 1)
        self.dense = _dense(features, n_labels)
        initialise(self, nn.init.xavier_uniform_)

    def forward(self, windows: Tensor) -> Tensor:
        """Return logits, shape (batch, n_labels); of longer inputs the mean over windows."""
        return mean_over_windows(self._score, windows, self.frames)

    def _score(self, windows: Tensor) -> Tensor:
        x = F.relu(self.conv(_image(windows)))  # batch, filters, 29 positions, frames - width + 1
        logits: Tensor = self.dense(F.max_pool2d(x, (4, 1)).flatten(1))
        return logits


class Time(nn.Module):
    """Score log-mel windows, shape (batch, frames, 40), as logits, shape (batch, n_labels), by rhythm alone.

    The filters are one band high; of each moment only the best band counts. Source: Pons 2016, section III.
    """

    def __init__(self, n_labels: int, width: int, frames: int) -> None:
        super().__init__()
        self.frames = frames
        self.conv = nn.Conv2d(1, _FILTERS, (1, width))
        self.dropout = nn.Dropout(0.5)
        self.output = nn.Linear(_FILTERS * (frames - width + 1), n_labels)
        initialise(self, nn.init.xavier_uniform_)

    def forward(self, windows: Tensor) -> Tensor:
        """Return logits, shape (batch, n_labels); of longer inputs the mean over windows."""
        return mean_over_windows(self._score, windows, self.frames)

    def _score(self, windows: Tensor) -> Tensor:
        x = F.relu(self.conv(_image(windows)))  # batch, filters, 40, frames - width + 1
        logits: Tensor = self.output(self.dropout(x.amax(dim=2).flatten(1)))
        return logits


class Frequency(nn.Module):
    """Score log-mel windows, shape (batch, frames, 40), as logits, shape (batch, n_labels), by timbre alone.

    The filters are one frame wide; of each position in frequency only the best frame counts, of however many there
    are. Source: Pons 2016, section III.
    """

    def __init__(self, n_labels: int, height: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(1, _FILTERS, (height, 1))
        self.dropout = nn.Dropout(0.5)
        self.output = nn.Linear(_FILTERS * (_BANDS - height + 1), n_labels)
        initialise(self, nn.init.xavier_uniform_)

    def forward(self, windows: Tensor) -> Tensor:
        """Return logits, shape (batch, n_labels)."""
        x = F.relu(self.conv(_image(windows)))  # batch, filters, 40 - height + 1, frames
        logits: Tensor = self.output(self.dropout(x.amax(dim=3).flatten(1)))
        return logits


@_short("time-frequency", family="musically motivated")
class TimeFrequency(nn.Module):
    """Score log-mel windows, shape (batch, 80, 40), as logits, shape (batch, n_labels), by rhythm and timbre.

    Source: Pons 2016, section III.
    """

    def __init__(self, n_labels: int) -> None:
        super().__init__()
        self.time = nn.Conv2d(1, _FILTERS, (1, 60))
        self.frequency = nn.Conv2d(1, _FILTERS, (32, 1))
        features = _FILTERS * ((_FRAMES - 60 + 1) + (_BANDS - 32 + 1))
        self.dense = _dense(features, n_labels)
        initialise(self, nn.init.xavier_uniform_)

    @classmethod
    def from_trained(cls, time: Time, frequency: Frequency, n_labels: int) -> "TimeFrequency":
        """Return the network whose filters start from those of a trained Time and a trained Frequency network.

        This is Time-FrequencyInit of the paper; the dense layers start at random and nothing is frozen.

        Args:
            time: with filters 60 frames wide; it is left as it is.
            frequency: with filters 32 bands high; it is left as it is.
            n_labels: number of outputs.

        Raises:
            RuntimeError: a network has filters of another shape.
        """
        network = cls(n_labels)
        network.time.load_state_dict(time.conv.state_dict())
        network.frequency.load_state_dict(frequency.conv.state_dict())
        return network

    def forward(self, windows: Tensor) -> Tensor:
        """Return logits, shape (batch, n_labels); of longer inputs the mean over windows."""
        return mean_over_windows(self._score, windows, _FRAMES)

    def _score(self, windows: Tensor) -> Tensor:
        x = _image(windows)
        time = F.relu(self.time(x)).amax(dim=2)  # batch, filters, 21 moments
        frequency = F.relu(self.frequency(x)).amax(dim=3)  # batch, filters, 9 positions
        logits: Tensor = self.dense(torch.cat([time, frequency], dim=2).flatten(1))
        return logits


def _image(windows: Tensor) -> Tensor:
    """Turn (batch, frames, mel) into (batch, 1, mel, frames), the axes of the paper's filters."""
    return windows.transpose(1, 2).unsqueeze(1)


def _dense(features: int, n_labels: int) -> nn.Sequential:
    hidden = [nn.Dropout(0.5), nn.Linear(features, _HIDDEN), nn.ReLU()]
    return nn.Sequential(*hidden, nn.Dropout(0.5), nn.Linear(_HIDDEN, n_labels))


_short("black-box-12x8", family="spectrogram CNN")(partial(BlackBox, width=8, frames=_FRAMES))
_long("black-box-12x200", family="spectrogram CNN")(partial(BlackBox, width=200, frames=_LONG))
_short("time-60", family="musically motivated")(partial(Time, width=60, frames=_FRAMES))
_long("time-200", family="musically motivated")(partial(Time, width=200, frames=_LONG))
for _height in (30, 32, 34, 36, 38, 40):
    _short(f"frequency-{_height}", family="musically motivated")(partial(Frequency, height=_height))
