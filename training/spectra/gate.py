"""The gate that keeps silence out of training (Segal 2016, section 3.4): no window whose RMS is below a threshold.

The threshold is a fixed one, as there: one that follows the loudest window of a file would let a silent file
pass whole, such as the track of an instrument that never plays. The cached spectra say the RMS as well
as the samples would, so nothing is decoded a second time.
"""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from timbrescope.core.mel import mel_filter_bank
from timbrescope.recognition.features import make_window
from timbrescope.recognition.spec import FrontEnd


def loud_windows(
    front_end: FrontEnd, spectra: Tensor, starts: NDArray[np.integer], window_frames: int, threshold_db: float
) -> NDArray[np.bool_]:
    """Return which windows are louder than silence, shape (windows,).

    Args:
        front_end: of which only the spectral part counts.
        spectra: before compression, shape (frames, n_bands).
        starts: first frame of each window, shape (windows,).
        window_frames: length of a window; what it lacks at the end of ``spectra`` does not count.
        threshold_db: RMS in decibels, 0 for an RMS at full scale (a full-scale sine has -3): -60 is a quiet room.
    """
    total = np.concatenate([[0.0], np.cumsum(frame_power(front_end, spectra).numpy())])
    ends = np.minimum(starts + window_frames, len(spectra))
    mean_square = (total[ends] - total[starts]) / np.maximum(1, ends - starts)
    return np.asarray(mean_square > 10 ** (threshold_db / 10))


def frame_power(front_end: FrontEnd, spectra: Tensor) -> Tensor:
    """Return the mean square of the sound in each frame by Parseval's theorem, 1 for full scale, float64, (frames,).

    Bands are weighed so that all bins from the lowest to the highest band count alike, whatever the norm of the filter
    bank; sound outside them is not heard. For spectra of another ``power`` than 2 a band with few loud bins counts less
    than it should; an A-weighted front end gives A-weighted power.

    Args:
        front_end: of which only the spectral part counts.
        spectra: before compression, shape (frames, n_bands).
    """
    spectra = spectra.double()
    if front_end.representation == "waveform":
        return spectra.square().sum(dim=1)
    weights, bins = _bands(front_end)
    window = make_window(front_end.window, front_end.win_length or front_end.n_fft).double()
    per_bin = (spectra / weights).pow(2 / front_end.power)
    return per_bin @ bins * (2 / (front_end.n_fft * window.square().sum()))  # twice: no negative frequencies


def _bands(front_end: FrontEnd) -> tuple[Tensor, Tensor]:
    """Return the sum of a band's weights and the number of bins that are its share, each of shape (n_bands,)."""
    if front_end.representation == "stft":
        bins = torch.ones(front_end.n_bands, dtype=torch.float64)
        bins[[0, -1]] = 0.5  # 0 Hz and half the sample rate have no negative counterpart
        return torch.ones_like(bins), bins
    sizes = (front_end.sample_rate, front_end.n_fft, front_end.n_mels, front_end.fmin, front_end.fmax)
    weights = mel_filter_bank(*sizes, front_end.mel_scale, front_end.mel_norm).sum(axis=1, dtype=np.float64)
    bins = mel_filter_bank(*sizes, front_end.mel_scale, "none").sum(axis=1, dtype=np.float64)
    weights[weights == 0] = 1.0  # a band narrower than the bins lie apart holds none of them
    return torch.from_numpy(weights), torch.from_numpy(bins)
