"""An electric guitar's amplifier: drive, tone and a loudspeaker cabinet."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import scipy.signal

from training.corpora.packages import Package
from training.corpora.takes import SAMPLE_RATE, Samples, read_audio

CABINETS = Package("debian", "guitarix-common", "GPL-2+")
LONGEST_RESPONSE = 0.2  # seconds of a cabinet's impulse response


def cabinet_files(folder: Path) -> list[Path]:
    """Return the impulse responses of amplifiers in an unpacked guitarix, in order."""
    return sorted((folder / "usr/share/gx_head/sounds/amps").glob("*.wav"))


def amplified(samples: Samples, rng: np.random.Generator, cabinets: Sequence[Path] = ()) -> Samples:
    """Return a guitar played through a random amplifier; without ``cabinets`` a filter stands for the loudspeaker.

    The drive goes from nearly clean (6 dB) to high gain (42 dB). Clipping is done at twice the rate, so that little of
    it folds back.
    """
    tight = scipy.signal.butter(1, rng.uniform(70, 250), "highpass", fs=SAMPLE_RATE, output="sos")
    signal = scipy.signal.sosfilt(tight, samples / max(float(np.abs(samples).max()), 1e-6))
    gain = 10 ** (rng.uniform(6, 42) / 20)
    bias = rng.uniform(0, 0.2)  # an asymmetric stage adds even harmonics
    fine = scipy.signal.resample_poly(signal, 2, 1)
    driven = np.tanh(gain * fine + bias) - np.tanh(bias)
    signal = scipy.signal.resample_poly(driven, 1, 2)[: len(samples)]
    if len(cabinets):
        response = read_audio(cabinets[int(rng.integers(len(cabinets)))], LONGEST_RESPONSE)
        signal = scipy.signal.fftconvolve(signal, response)[: len(samples)]
    else:
        low, high = rng.uniform(70, 120), rng.uniform(3500, 6000)
        cabinet = scipy.signal.butter(2, (low, high), "bandpass", fs=SAMPLE_RATE, output="sos")
        signal = scipy.signal.sosfilt(cabinet, signal)
    return np.asarray(signal, dtype=np.float32)
