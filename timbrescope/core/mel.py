"""Mel scales, note names and the mel filter bank: what the front ends and the frequency axis share."""

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

MelScale = Literal["slaney", "htk"]
Floats = NDArray[np.float64]

# Slaney's Auditory Toolbox: 66 2/3 Hz a mel up to 1 kHz, then 27 mels for each factor of 6.4.
_LINEAR_HZ = 200.0 / 3.0
_CORNER_HZ = 1000.0
_CORNER_MEL = _CORNER_HZ / _LINEAR_HZ
_LOG_STEP = np.log(6.4) / 27.0

_NOTES = ("C", "C♯", "D", "D♯", "E", "F", "F♯", "G", "G♯", "A", "A♯", "B")


def hz_to_mel(hz: ArrayLike, scale: MelScale = "slaney") -> Floats:
    """Convert frequencies in Hz to mels."""
    hz = np.asarray(hz, dtype=np.float64)
    if scale == "htk":
        return np.asarray(2595.0 * np.log10(1.0 + hz / 700.0))
    above = _CORNER_MEL + np.log(np.maximum(hz, _CORNER_HZ) / _CORNER_HZ) / _LOG_STEP
    return np.where(hz < _CORNER_HZ, hz / _LINEAR_HZ, above)


def mel_to_hz(mel: ArrayLike, scale: MelScale = "slaney") -> Floats:
    """Convert mels to frequencies in Hz."""
    mel = np.asarray(mel, dtype=np.float64)
    if scale == "htk":
        return np.asarray(700.0 * (10.0 ** (mel / 2595.0) - 1.0))
    above = _CORNER_HZ * np.exp(_LOG_STEP * np.maximum(mel - _CORNER_MEL, 0.0))
    return np.where(mel < _CORNER_MEL, mel * _LINEAR_HZ, above)


def mel_frequencies(n_bands: int, fmin: float, fmax: float, scale: MelScale = "slaney") -> Floats:
    """Return ``n_bands`` frequencies in Hz from fmin to fmax, equally spaced in mels."""
    return mel_to_hz(np.linspace(hz_to_mel(fmin, scale), hz_to_mel(fmax, scale), n_bands), scale)


def mel_filter_bank(
    sample_rate: int,
    n_fft: int,
    n_mels: int,
    fmin: float = 0.0,
    fmax: float | None = None,
    scale: MelScale = "slaney",
    norm: Literal["area", "sum", "none"] = "area",
) -> NDArray[np.float32]:
    """Return triangular filters, shape (n_mels, n_fft // 2 + 1), equal to librosa's.

    Args:
        sample_rate: in Hz.
        n_fft: length of the Fourier transform.
        n_mels: number of bands.
        fmin: lower edge of the lowest band in Hz.
        fmax: upper edge of the highest band in Hz; None means half the sample rate.
        scale: ``slaney`` or ``htk``.
        norm: ``area`` divides each triangle by half its width in Hz, ``sum`` makes its weights add up to one.
    """
    bins = np.fft.rfftfreq(n_fft, 1.0 / sample_rate)
    edges = mel_frequencies(n_mels + 2, fmin, sample_rate / 2 if fmax is None else fmax, scale)
    widths = np.diff(edges)[:, None]
    distance = edges[:, None] - bins
    rising = -distance[:-2] / widths[:-1]
    falling = distance[2:] / widths[1:]
    weights = np.maximum(0.0, np.minimum(rising, falling))
    if norm == "area":
        weights *= (2.0 / (edges[2:] - edges[:-2]))[:, None]
    elif norm == "sum":
        total = weights.sum(axis=1, keepdims=True)
        weights /= np.where(total > 0, total, 1.0)
    return weights.astype(np.float32)


def a_weighting(hz: ArrayLike) -> Floats:
    """Return the A-weighting of frequencies in Hz, in decibels, 0 at 1 kHz (IEC 61672:2003, annex E)."""
    squared = np.asarray(hz, dtype=np.float64) ** 2
    low, middle, upper, high = 20.598997**2, 107.65265**2, 737.86223**2, 12194.217**2
    response = (
        high * squared**2 / ((squared + low) * np.sqrt((squared + middle) * (squared + upper)) * (squared + high))
    )
    return 20.0 * np.log10(np.maximum(response, 1e-10)) + 2.0


def pre_emphasis(hz: ArrayLike, sample_rate: int) -> Floats:
    """Return the gain of the filter y[n] = x[n] - 0.97 x[n - 1] at frequencies in Hz, in decibels."""
    turn = 2 * np.pi * np.asarray(hz, dtype=np.float64) / sample_rate
    gain: Floats = np.abs(1.0 - 0.97 * np.exp(-1j * turn))
    return 20.0 * np.log10(gain)


def note_name(hz: float) -> str:
    """Return the nearest note of equal temperament at A4 = 440 Hz with its deviation in cents, as ``A4 +12¢``."""
    if hz <= 0:
        return "–"
    midi = 69.0 + 12.0 * np.log2(hz / 440.0)
    nearest = round(midi)
    cents = round(100.0 * (midi - nearest))
    name = f"{_NOTES[nearest % 12]}{nearest // 12 - 1}"
    return name if cents == 0 else f"{name} {cents:+d}¢"


def note_hz(midi: int) -> float:
    """Return the frequency in Hz of a MIDI note number at A4 = 440 Hz."""
    return float(440.0 * 2.0 ** ((midi - 69) / 12.0))
