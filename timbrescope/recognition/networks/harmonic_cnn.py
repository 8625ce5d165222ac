"""The harmonic CNN of Won et al. 2020: learned band-pass filters stack the harmonics of a pitch as channels."""

import torch
from torch import Tensor, nn

from timbrescope.recognition.networks.registry import register
from timbrescope.recognition.networks.tagging_blocks import LoudestOverTime, Residual, convolution

_SAMPLE_RATE = 16_000
_N_FFT = 512
_HARMONICS = 6
_BANDS = 128
_C1 = 32.7032  # Hz
_POWER_FLOOR = 1e-10


@register(
    "harmonic-cnn",
    family="harmonic filters",
    paper="Won 2020",
    window=(5 * _SAMPLE_RATE,),
    labels=50,
    seconds=5.0,
)
class HarmonicCnn(nn.Sequential):
    """Score waveforms at 16 kHz, shape (batch, samples >= 49,152), as logits, shape (batch, n_labels).

    Source: Won et al., "Data-driven harmonic filters for audio representation learning", ICASSP 2020; widths as in Won
    et al., "Evaluation of CNN-based automatic music tagging models", SMC 2020.
    """

    def __init__(self, n_labels: int) -> None:
        super().__init__(
            HarmonicSpectrogram(),
            nn.BatchNorm2d(_HARMONICS),
            convolution(_HARMONICS, 128, 2),
            *[nn.Sequential(Residual(128, 128), nn.MaxPool2d(2)) for _ in range(3)],
            convolution(128, 256, 2),
            nn.Sequential(Residual(256, 256), nn.MaxPool2d(2)),
            nn.Sequential(Residual(256, 256), nn.MaxPool2d((2, 3))),
            LoudestOverTime(256, n_labels),
        )


class HarmonicSpectrogram(nn.Module):
    """Turn samples, shape (batch, samples), into decibels, shape (batch, 6 harmonics, 128 pitches, frames).

    Pitches rise from C1 in half semitones. The triangular filter at frequency f spans (0.1079 f + 24.7) / Q Hz from end
    to end: the bandwidth of the ear there, scaled by the one learned Q.
    """

    window: Tensor
    bins: Tensor
    centres: Tensor

    def __init__(self) -> None:
        super().__init__()
        pitches = _C1 * 2 ** (torch.arange(_BANDS) / 24)
        harmonics = torch.arange(1, _HARMONICS + 1)
        self.q = nn.Parameter(torch.ones(()))
        self.register_buffer("window", torch.hann_window(_N_FFT), persistent=False)
        self.register_buffer("bins", torch.linspace(0, _SAMPLE_RATE / 2, _N_FFT // 2 + 1), persistent=False)
        self.register_buffer("centres", torch.outer(harmonics, pitches), persistent=False)

    def forward(self, samples: Tensor) -> Tensor:
        """Return the decibels."""
        spectrum = torch.stft(samples, _N_FFT, _N_FFT // 2, window=self.window, return_complex=True)
        power = torch.view_as_real(spectrum).square().sum(dim=-1)  # batch, bins, frames
        half_widths = (0.1079 * self.centres + 24.7) / self.q / 2
        distances = (self.bins - self.centres.unsqueeze(2)).abs()  # harmonics, pitches, bins
        filters = (1 - distances / half_widths.unsqueeze(2)).clamp(min=0)
        bands = torch.einsum("hpn,bnt->bhpt", filters, power)
        return 10 * bands.clamp(min=_POWER_FLOOR).log10()
