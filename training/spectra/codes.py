"""Spectra and samples as 16-bit codes: half the disk of float32 at an error that no front end notices."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

Codes = NDArray[np.uint16 | np.int16]

STEPS_PER_DECIBEL = 200  # an error of 0.0025 dB at most, a relative one of 5.8e-4
LOWEST_DECIBELS = -160.0  # what is quieter is stored as this; code 0 is silence
_HIGHEST_CODE = 2**16 - 1  # 167 dB, far above what full scale gives in any front end
_SMALLEST = 10 ** (LOWEST_DECIBELS / 10)
_INT16_SCALE = 2**15
_LOG2_10 = float(np.log2(10))


def encode(spectra: Tensor, *, waveform: bool = False) -> Codes:
    """Return codes of the same shape: int16 of samples, or uint16 of decibels of anything that is not negative."""
    if waveform:
        scaled = spectra.mul(_INT16_SCALE).round_().clamp_(-_INT16_SCALE, _INT16_SCALE - 1)
        return np.asarray(scaled.cpu().numpy(), np.int16)
    decibels = spectra.clamp(min=_SMALLEST).log10_().mul_(10.0)
    codes = decibels.sub_(LOWEST_DECIBELS).mul_(STEPS_PER_DECIBEL).round_().clamp_(0, _HIGHEST_CODE)
    return codes.cpu().numpy().astype(np.uint16)


def decode(codes: Tensor) -> Tensor:
    """Return float32 of the same shape, on the same device: samples of int16 codes, spectra of uint16 codes."""
    values = codes.float()
    if codes.dtype == torch.int16:
        return values.div_(_INT16_SCALE)
    return values.mul_(_LOG2_10 / (10 * STEPS_PER_DECIBEL)).add_(LOWEST_DECIBELS / 10 * _LOG2_10).exp2_()
