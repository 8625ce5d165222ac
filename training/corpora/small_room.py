"""The sound of a small room: an impulse response from images of the source and a decaying tail.

Early reflections come from mirrored images of the source (Allen and Berkley 1979, "Image method for efficiently
simulating small-room acoustics"). From ten metres of way on there are so many images that noise of the same power
stands for them, as in a diffuse field (Kuttruff, "Room Acoustics", chapter 4).
"""

import itertools
import math

import numpy as np
import scipy.signal
from numpy.typing import NDArray

SIZE = (3.0, 4.0, 2.5)  # m
SOURCE = (1.1, 1.3, 1.2)  # m from a corner
MICROPHONE = (1.8, 2.1, 1.4)
REVERBERATION_SECONDS = 0.35  # until the sound has fallen by 60 dB
SPEED_OF_SOUND = 343.0  # m/s
EARLY_METRES = 10.0  # of way, which is 29 ms
LOWEST_HZ = 30.0

_DECAY = 6 * math.log(10) / REVERBERATION_SECONDS  # of the power, per second
_VOLUME = math.prod(SIZE)
_SURFACE = 2 * sum(a * b for a, b in itertools.combinations(SIZE, 2))


def impulse_response(sample_rate: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Return how the room answers to an impulse, shape (n,); the direct sound is its first sample, of about 1.

    The walls absorb alike at all frequencies; ``rng`` draws the tail. Images that all have one sign add up at 0 Hz as
    sound in a room does not, so a high-pass follows, as in Allen and Berkley's program.
    """
    direct = math.dist(SOURCE, MICROPHONE)
    response = np.zeros(round(1.2 * REVERBERATION_SECONDS * sample_rate))
    for distance, reflections in _images():
        after = round((distance - direct) / SPEED_OF_SOUND * sample_rate)
        response[after] += _reflection() ** reflections * direct / distance
    # Within a second 4 pi c^3 t^2 / V images arrive, each with the power (direct / c t)^2, less what walls have taken.
    start = round((EARLY_METRES - direct) / SPEED_OF_SOUND * sample_rate)
    times = np.arange(start, len(response)) / sample_rate + direct / SPEED_OF_SOUND
    power = 4 * np.pi * SPEED_OF_SOUND * direct**2 / (_VOLUME * sample_rate) * np.exp(-_DECAY * times)
    response[start:] += np.sqrt(power) * rng.normal(size=len(times))
    high = scipy.signal.butter(2, LOWEST_HZ, "highpass", fs=sample_rate, output="sos")
    return np.asarray(scipy.signal.sosfilt(high, response))


def _reflection() -> float:
    """Return what a wall leaves of the pressure, by Eyring's formula for the time of reverberation."""
    exponent = 4 * _VOLUME * _DECAY / (SPEED_OF_SOUND * _SURFACE)  # -ln(1 - absorption)
    return math.exp(-exponent / 2)


def _images() -> list[tuple[float, int]]:
    """Return the distance of each early image from the microphone and how often its sound was reflected."""
    orders = [range(-reach, reach + 1) for reach in (math.ceil(EARLY_METRES / length) + 1 for length in SIZE)]
    images = []
    for order in itertools.product(*orders):
        place = [
            n * length + (at if n % 2 == 0 else length - at) for n, length, at in zip(order, SIZE, SOURCE, strict=True)
        ]
        distance = math.dist(place, MICROPHONE)
        if distance < EARLY_METRES:
            images.append((distance, sum(map(abs, order))))
    return images
