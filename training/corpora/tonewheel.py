"""An electric organ with drawbars: tone wheels added up, key click, overdrive and a rotating loudspeaker."""

from collections.abc import Sequence

import numpy as np
import scipy.signal

from training.corpora.notes import Note
from training.corpora.takes import SAMPLE_RATE, Samples

HARMONICS = (0.5, 1.5, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0)  # the nine drawbars, from 16' to 1'
REGISTRATIONS = ("888000000", "888800000", "808808008", "888888888", "008530000", "800000568", "686040000", "848848448")
HIGHEST_HZ = 6000.0  # no wheel turns faster
EDGE_SECONDS = 0.004


def organ(notes: Sequence[Note], rng: np.random.Generator) -> Samples:
    """Return notes played on a random registration, float32, shape (n,), with a tail of half a second."""
    drawbars = np.array([int(digit) for digit in rng.choice(REGISTRATIONS)], dtype=float)
    drawbars = np.clip(drawbars + rng.integers(-1, 2, len(drawbars)), 0, 8)
    levels = np.where(drawbars > 0, 10 ** (-(8 - drawbars) * 3 / 20), 0.0)  # 3 dB a step
    click = rng.uniform(0, 0.25)
    end = max(note.end for note in notes) + 0.5
    sound = np.zeros(round(end * SAMPLE_RATE))
    for note in notes:
        start, length = round(note.start * SAMPLE_RATE), round(note.length * SAMPLE_RATE)
        times = (start + np.arange(length)) / SAMPLE_RATE  # wheels never stop, so phases follow from the clock
        tone = np.zeros(length)
        for harmonic, level in zip(HARMONICS, levels, strict=True):
            hertz = 440 * 2 ** ((note.key - 69) / 12) * harmonic
            if level and hertz < HIGHEST_HZ:
                tone += level * np.sin(2 * np.pi * hertz * times + harmonic)
        edge = min(length // 2, round(EDGE_SECONDS * SAMPLE_RATE))
        tone[:edge] *= np.linspace(0, 1, edge)
        tone[length - edge :] *= np.linspace(1, 0, edge)
        tone[: 4 * edge] += click * rng.normal(size=len(tone[: 4 * edge])) * np.linspace(1, 0, len(tone[: 4 * edge]))
        sound[start : start + length] += tone
    sound /= max(float(np.abs(sound).max()), 1e-9)
    drive = 10 ** (rng.uniform(-6, 18) / 20)
    return np.asarray(_rotating(np.tanh(drive * sound), rng), dtype=np.float32)


def _rotating(sound: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return the sound of a horn and a drum that turn: loudness, pitch and brightness change at their own speeds."""
    fast = rng.random() < 0.5
    horn, drum = (rng.uniform(6, 7), rng.uniform(5, 6)) if fast else (rng.uniform(0.7, 1), rng.uniform(0.6, 0.8))
    split = scipy.signal.butter(2, 800, "lowpass", fs=SAMPLE_RATE, output="sos")
    low = scipy.signal.sosfilt(split, sound)
    high = sound - low
    times = np.arange(len(sound)) / SAMPLE_RATE
    delay = 0.0004 * (1 + np.sin(2 * np.pi * horn * times)) * SAMPLE_RATE
    high = np.interp(np.arange(len(high)) - delay, np.arange(len(high)), high)
    high *= 1 + rng.uniform(0.1, 0.35) * np.sin(2 * np.pi * horn * times)
    low *= 1 + rng.uniform(0.05, 0.2) * np.sin(2 * np.pi * drum * times)
    return np.asarray(low + high)
