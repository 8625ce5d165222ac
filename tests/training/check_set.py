"""Labelled recordings with planted faults, and without."""

from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

RATE = 22_050
CLASSES = {"low": 300.0, "middle": 900.0, "high": 2500.0}


def sound(hertz: float, seed: int, seconds: float = 1.5) -> NDArray[np.float32]:
    """Return plucked notes with a little noise, another piece for each seed."""
    random = np.random.default_rng(seed)
    times = np.arange(round(seconds * RATE)) / RATE
    out = 0.001 * random.standard_normal(len(times))
    for start in np.sort(random.uniform(0, seconds - 0.2, 6)):
        after = times - start
        pitch = hertz * random.uniform(0.8, 1.25)
        partials = sum(random.uniform(0.2, 1) / k * np.sin(2 * np.pi * pitch * k * after) for k in (1, 2, 3))
        out += 0.12 * partials * np.exp(-6 * np.maximum(after, 0)) * (after > 0)
    return out.astype(np.float32)


def write(path: Path, samples: NDArray[np.floating], rate: int = RATE) -> Path:
    """Write a recording and the folders that it lies in."""
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, samples, rate)
    return path


def clean_set(folder: Path, clips: int = 12) -> Path:
    """Write a folder for each class, with nothing amiss."""
    for number, (label, hertz) in enumerate(CLASSES.items()):
        for clip in range(clips):
            write(folder / label / f"{label}{clip:02d}.wav", sound(hertz, 100 * number + clip))
    return folder
