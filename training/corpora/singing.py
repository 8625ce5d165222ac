"""Speech made into singing with the WORLD vocoder: vowels are held, and the pitch follows a melody."""

import importlib.util
from functools import cache
from importlib.machinery import PathFinder
from typing import Any

import numpy as np
import scipy.ndimage
from numpy.typing import NDArray

from training.corpora.takes import SAMPLE_RATE, Samples
from training.errors import TrainingError

FRAME_SECONDS = 0.005
SCALE = (0, 2, 4, 5, 7, 9, 11)  # a major scale; its modes come from where the melody begins
LOWEST_HZ, HIGHEST_HZ = 85.0, 800.0
TONICS = (50, 65)  # MIDI keys from which a melody reaches neither limit
GLIDE_FRAMES = 5.0  # standard deviation of the smoothing between notes
FEWEST_VOICED = 12  # frames

Curve = NDArray[np.float64]


def sing(samples: Samples, rng: np.random.Generator) -> Samples:
    """Return speech as singing (Morise et al., 2016), float32, shape (m,), m >= n: consonants keep their length.

    What has no pitch is returned as it is.

    Raises:
        TrainingError: the package pyworld is missing.
    """
    world = vocoder()
    sound = samples.astype(np.float64)
    rough, times = world.dio(sound, SAMPLE_RATE, f0_floor=65.0, frame_period=FRAME_SECONDS * 1000)
    pitch: Curve = world.stonemask(sound, rough, times, SAMPLE_RATE)
    if np.sum(pitch > 0) < FEWEST_VOICED:
        return samples
    envelope = world.cheaptrick(sound, pitch, times, SAMPLE_RATE)
    noise = world.d4c(sound, pitch, times, SAMPLE_RATE)
    frames = held(pitch > 0, float(rng.uniform(1.3, 2.6)))
    voiced = pitch[frames] > 0
    tune = melody(len(frames), float(np.median(pitch[pitch > 0])), rng)
    sung = world.synthesize(
        np.where(voiced, tune, 0.0),  # the pitch of a consonant stays none, or it would buzz
        np.ascontiguousarray(envelope[frames]),
        np.ascontiguousarray(noise[frames]),
        SAMPLE_RATE,
        FRAME_SECONDS * 1000,
    )
    return np.asarray(sung, dtype=np.float32)


@cache
def vocoder() -> Any:
    """Return the functions of pyworld.

    Only its compiled part is loaded: the rest of it imports pkg_resources, which setuptools 81 has removed.

    Raises:
        TrainingError: the package pyworld is missing.
    """
    package = importlib.util.find_spec("pyworld")
    if package is None or not package.submodule_search_locations:
        raise TrainingError("Making speech into singing needs pyworld; install it (pip install pyworld).")
    found = PathFinder.find_spec("pyworld.pyworld", list(package.submodule_search_locations))
    if found is None or found.loader is None:
        raise TrainingError("The package pyworld is damaged; install it again (pip install --force-reinstall pyworld).")
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


def held(voiced: NDArray[np.bool_], factor: float) -> NDArray[np.intp]:
    """Return which frame to play when: voiced ones last ``factor`` times as long, the others stay."""
    ends = np.cumsum(np.where(voiced, factor, 1.0))
    return np.minimum(np.searchsorted(ends, np.arange(int(ends[-1])), side="right"), len(voiced) - 1)


def melody(frames: int, speaking: float, rng: np.random.Generator) -> Curve:
    """Return the pitch in Hz of a random melody with vibrato, shape (frames,), in the speaker's range.

    Args:
        frames: how many of ``FRAME_SECONDS``.
        speaking: the median pitch of the speech in Hz.
        rng: chooses the melody.
    """
    tonic = 69 + 12 * np.log2(speaking / 440) + rng.uniform(-3, 9)  # singing is higher than speech
    tonic = np.clip(tonic, *TONICS)
    degree = int(rng.integers(0, 5))
    keys: list[Curve] = []
    total = 0
    while total < frames:
        length = round(rng.choice([0.22, 0.35, 0.5, 0.8, 1.2]) / FRAME_SECONDS)
        octave, step = divmod(degree, len(SCALE))
        depth = rng.uniform(0.1, 0.6) if length > 60 else 0.0  # short notes have no vibrato
        times = np.arange(length) * FRAME_SECONDS
        onset = np.clip((times - 0.15) / 0.2, 0, 1)
        vibrato = depth * onset * np.sin(2 * np.pi * rng.uniform(4.8, 6.5) * times)
        keys.append(tonic + 12 * octave + SCALE[step] + vibrato)
        total += length
        degree = int(np.clip(degree + rng.choice([-3, -2, -1, -1, 0, 1, 1, 2, 4]), -5, 8))
    line = scipy.ndimage.gaussian_filter1d(np.concatenate(keys)[:frames], GLIDE_FRAMES, mode="nearest")
    line += scipy.ndimage.gaussian_filter1d(rng.normal(0, 0.3, frames), 8, mode="nearest")  # no one is a machine
    return np.asarray(np.clip(440 * 2 ** ((line - 69) / 12), LOWEST_HZ, HIGHEST_HZ))
