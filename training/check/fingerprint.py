"""Fingerprints that stay alike when a recording is copied, cut, encoded again or made louder.

Source: Haitsma and Kalker, "A highly robust audio fingerprinting system", ISMIR 2002: each frame becomes 32 bits, the
signs of how the differences of neighbouring bands change from frame to frame. Here the bands reach from 100 Hz to
1.9 kHz and frames of 0.256 s follow every 8 ms, so that short sounds have some.
"""

from functools import lru_cache

import numpy as np
import scipy.fft
from numpy.typing import NDArray

SAMPLE_RATE = 4000
HOP = 32
_WINDOW = 1024
_BITS = 32
_LOWEST, _HIGHEST = 100.0, 1900.0
_QUIET = 1e-9  # of full scale, squared: what is quieter has no fingerprint
_DEEP = 1e-5  # the same against the loudest frame
_FRAMES_AT_ONCE = 4096

Words = NDArray[np.uint32]


def fingerprint(samples: NDArray[np.float32]) -> tuple[Words, NDArray[np.bool_]]:
    """Return a word for each frame and whether there is sound enough in it to tell anything, two of shape (frames,).

    Args:
        samples: at ``SAMPLE_RATE``, shape (n,).
    """
    energies = _band_energies(samples)
    differences = energies[:, :-1] - energies[:, 1:]
    changes = np.diff(differences, axis=0)
    words = np.packbits(changes > 0, axis=1, bitorder="little").view("<u4")[:, 0].astype(np.uint32)
    total = energies[1:].sum(axis=1)
    heard = total > max(_QUIET, _DEEP * float(total.max(initial=0.0)))
    return words, heard


def _band_energies(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the energy of each band in each frame, shape (frames, 33)."""
    padded = np.pad(samples, _WINDOW // 2)
    frames = np.lib.stride_tricks.sliding_window_view(padded, _WINDOW)[::HOP]
    window, bank = _filters()
    top = len(bank)
    out = np.empty((len(frames), _BITS + 1), np.float32)
    for first in range(0, len(frames), _FRAMES_AT_ONCE):
        spectrum = scipy.fft.rfft(frames[first : first + _FRAMES_AT_ONCE] * window, axis=1)[:, :top]
        power = spectrum.real**2 + spectrum.imag**2
        out[first : first + _FRAMES_AT_ONCE] = power @ bank / np.float32(_WINDOW**2)
    return out


@lru_cache(maxsize=1)
def _filters() -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the window, and the weight of each bin in each band, shape (bins, 33)."""
    edges = np.geomspace(_LOWEST, _HIGHEST, _BITS + 2) / SAMPLE_RATE * _WINDOW
    # Each bin belongs to the bands on both sides of it by its distance, so that narrow bands hold something too.
    places = np.interp(np.arange(_WINDOW // 2 + 1), edges, np.arange(len(edges)), left=-1, right=-1)
    bank = np.maximum(0, 1 - np.abs(places[:, None] - np.arange(_BITS + 1) - 0.5)).astype(np.float32)
    bank[places < 0] = 0
    return np.hanning(_WINDOW).astype(np.float32), bank[: int(np.ceil(edges[-1])) + 1]
