"""The front end of the picture: fixed, so that the spectrogram never depends on which model is loaded."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from timbrescope.core.mel import Floats, MelScale, hz_to_mel, mel_to_hz

SAMPLE_RATE = 44_100
HOP_LENGTH = 441
HOP_SECONDS = HOP_LENGTH / SAMPLE_RATE
WIN_LENGTH = 2048
N_FFT = 4096  # zero-padded, so that the lowest bands, narrower than a bin of 2048, still differ
N_MELS = 256
FMIN = 20.0
FMAX = 16_000.0
MEL_SCALE: MelScale = "htk"  # smooth all the way down; Slaney's corner at 1 kHz would show as a bend in glissandi

FLOOR_DB = -110.0
CEILING_DB = 0.0
_STEPS = 255


def quantise(decibels: ArrayLike) -> NDArray[np.uint8]:
    """Map FLOOR_DB..CEILING_DB to 0..255."""
    scaled = (np.asarray(decibels) - FLOOR_DB) * (_STEPS / (CEILING_DB - FLOOR_DB))
    return np.clip(np.rint(scaled), 0, _STEPS).astype(np.uint8)


def decibels(levels: ArrayLike) -> Floats:
    """Map 0..255 back to decibels relative to a full-scale sine."""
    return np.asarray(FLOOR_DB + np.asarray(levels, dtype=np.float64) * ((CEILING_DB - FLOOR_DB) / _STEPS))


def band_of(hz: ArrayLike) -> Floats:
    """Return the height of a frequency in the picture: band b reaches from b to b + 1, its centre is b + 0.5."""
    low, high = hz_to_mel([FMIN, FMAX], MEL_SCALE)
    return np.asarray((hz_to_mel(hz, MEL_SCALE) - low) / (high - low) * (N_MELS + 1) - 0.5)


def hz_of(band: ArrayLike) -> Floats:
    """Return the frequency in Hz at a height in the picture; the inverse of ``band_of``."""
    low, high = hz_to_mel([FMIN, FMAX], MEL_SCALE)
    return mel_to_hz(low + (np.asarray(band, dtype=np.float64) + 0.5) / (N_MELS + 1) * (high - low), MEL_SCALE)
