"""The MobileNetV3 of EfficientAT (Schmid et al. 2023) for AudioSet, with its own front end."""

import numpy as np
import torch
from torch import Tensor, nn

from timbrescope.core.mel import hz_to_mel
from timbrescope.recognition.networks.mobile import channels, image_layers
from timbrescope.recognition.networks.registry import register

SAMPLE_RATE = 32_000
_N_FFT, _HOP, _WIN_LENGTH = 1024, 320, 800
_BANDS, _FMAX = 128, 15_000.0
_PRE_EMPHASIS = 0.97
_LOG_OFFSET, _SHIFT, _SCALE = 1e-5, 4.5, 5.0


@register(
    "efficientat-mn04",
    family="mobile",
    paper="Schmid et al. 2023",
    window=(10 * SAMPLE_RATE,),
    labels=527,
    seconds=10.0,
)
class EfficientAt(nn.Module):
    """Score waveforms at 32 kHz, shape (batch, samples >= 1 s), as logits, shape (batch, n_labels).

    Source: Schmid, Koutini, Widmer, "Efficient large-scale audio tagging via transformer-to-CNN knowledge
    distillation", ICASSP 2023; the layers are those of Howard et al., "Searching for MobileNetV3", ICCV 2019, table 1.

    Args:
        n_labels: number of outputs.
        width: factor of all channels, which are then rounded to multiples of eight.
    """

    def __init__(self, n_labels: int, width: float = 0.4) -> None:
        super().__init__()
        _, last, dense = channels(width)
        self.front_end = PreEmphasisedLogMel()
        self.features = image_layers(width)
        self.dense = nn.Linear(last, dense)
        self.activation = nn.Hardswish()
        self.dropout = nn.Dropout(0.2)
        self.output = nn.Linear(dense, n_labels)

    def forward(self, samples: Tensor) -> Tensor:
        """Return logits, shape (batch, n_labels).

        Raises:
            ValueError: the waveform is shorter than a second.
        """
        if samples.shape[1] < SAMPLE_RATE:
            raise ValueError(f"a waveform of {samples.shape[1]} samples is shorter than a second")
        x = self.features(self.front_end(samples)).mean(dim=(2, 3))  # batch, 6 * last width
        logits: Tensor = self.output(self.dropout(self.activation(self.dense(x))))
        return logits


class PreEmphasisedLogMel(nn.Module):
    """Turn samples, shape (batch, samples), into a scaled log-mel image, shape (batch, 1, 128 bands, frames).

    The filter bank is that of Kaldi: triangles over mels and not over Hz, without weight for the highest bin.
    """

    window: Tensor
    bank: Tensor

    def __init__(self) -> None:
        super().__init__()
        mels = hz_to_mel(np.linspace(0, SAMPLE_RATE / 2, _N_FFT // 2 + 1), "htk")
        edges = np.linspace(0, hz_to_mel(_FMAX, "htk"), _BANDS + 2)[:, None]
        width = float(edges[1, 0])
        bank = np.maximum(0.0, 1.0 - np.abs(mels - edges[1:-1]) / width)
        bank[:, -1] = 0.0
        self.register_buffer("window", torch.hann_window(_WIN_LENGTH, periodic=False), persistent=False)
        self.register_buffer("bank", torch.tensor(bank, dtype=torch.float32), persistent=False)

    def forward(self, samples: Tensor) -> Tensor:
        """Return the image."""
        emphasised = samples[:, 1:] - _PRE_EMPHASIS * samples[:, :-1]
        spectrum = torch.stft(
            emphasised, _N_FFT, _HOP, _WIN_LENGTH, self.window, center=True, pad_mode="reflect", return_complex=True
        )
        power = torch.view_as_real(spectrum).square().sum(dim=-1)  # batch, bins, frames
        return (((self.bank @ power + _LOG_OFFSET).log() + _SHIFT) / _SCALE).unsqueeze(1)
