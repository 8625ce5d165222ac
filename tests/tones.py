"""Harmonic tones of known timbre at random pitch, which a model can learn to tell apart within a second."""

import numpy as np
import torch
from torch import Tensor

RATE = 22_050
LENGTH = RATE // 4
TIMBRES = 3


def tones(count: int, seed: int) -> tuple[Tensor, Tensor]:
    """Return tones of random pitch, level and phase and their timbre: how fast harmonics decay upwards."""
    rng = np.random.default_rng(seed)
    timbres = np.arange(count) % TIMBRES
    times = np.arange(LENGTH) / RATE
    samples = rng.normal(0, 1e-4, (count, LENGTH))
    for index, timbre in enumerate(timbres):
        f0 = 220 * 2 ** rng.uniform(-1, 1)
        for harmonic in range(1, 16):
            amplitude = rng.uniform(0.8, 1) * harmonic ** -(0.5 + timbre)
            samples[index] += amplitude * np.sin(2 * np.pi * (harmonic * f0 * times + rng.uniform()))
        samples[index] *= rng.uniform(0.1, 0.5) / np.abs(samples[index]).max()
    return torch.from_numpy(samples.astype(np.float32)), torch.from_numpy(timbres)
