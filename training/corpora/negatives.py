"""Sounds in which no instrument plays: noises, hum, beeps, and silence as sound cards record it."""

from collections.abc import Callable, Iterator, Mapping
from functools import partial

import numpy as np
import scipy.signal
from numpy.typing import NDArray

from training.corpora.takes import SAMPLE_RATE, Job, Take

TAKE_SECONDS, SECTION_SECONDS = 24.0, 3.0
"""Every section of a take is another sound of its kind."""
LICENCE = "synthesised, CC0 1.0"
SLOPES = {"blue": 0.5, "white": 0.0, "pink": -0.5, "brown": -1.0}
"""Exponents of amplitude over frequency: +3, 0, -3 and -6 dB an octave."""
HUMS = (50.0, 60.0)  # Hz, of mains

Sound = NDArray[np.float64]


def jobs(minutes: float) -> Iterator[Job]:
    """Yield takes of all kinds in turn; silence and room tone stay as quiet as they are."""
    kinds = sorted(KINDS)
    for number in range(round(minutes * 60 / TAKE_SECONDS)):
        kind = kinds[number % len(kinds)]
        yield Job(f"negative/synthesised/{kind}_{number:02d}", partial(_take, kind))


def coloured(samples: int, slope: float, rng: np.random.Generator) -> Sound:
    """Return noise whose amplitude is proportional to frequency to the power ``slope``, with a peak of 1."""
    spectrum = np.fft.rfft(rng.normal(size=samples))
    frequencies = np.fft.rfftfreq(samples, 1 / SAMPLE_RATE)
    shape = np.maximum(frequencies, 20.0) ** slope
    return _peak(np.fft.irfft(spectrum * shape, samples))


def hum(samples: int, rng: np.random.Generator) -> Sound:
    """Return mains hum with its harmonics and a little hiss, with a peak of 1."""
    times = np.arange(samples) / SAMPLE_RATE
    base = float(rng.choice(HUMS))
    tones = [rng.uniform(0, 1) / k * np.sin(2 * np.pi * base * k * times + rng.uniform(0, 6)) for k in range(1, 20)]
    return _peak(np.sum(tones, axis=0) + 0.02 * rng.normal(size=samples))


def silence(samples: int, rng: np.random.Generator) -> Sound:
    """Return silence with the dither of a 16-bit recording."""
    return (rng.uniform(-1, 1, samples) + rng.uniform(-1, 1, samples)) * 2**-15


def room(samples: int, rng: np.random.Generator) -> Sound:
    """Return a quiet room: low noise with slow changes and a faint hum."""
    low = scipy.signal.butter(1, rng.uniform(150, 600), "lowpass", fs=SAMPLE_RATE, output="sos")
    tone = _peak(scipy.signal.sosfilt(low, coloured(samples, -0.5, rng))) + 0.1 * hum(samples, rng)
    slow = np.interp(np.arange(samples), np.linspace(0, samples, 12), rng.uniform(0.5, 1, 12))
    return np.asarray(tone * slow * 10 ** (rng.uniform(-66, -52) / 20))


def beeps(samples: int, rng: np.random.Generator) -> Sound:
    """Return tones of machines: sines and square waves of constant pitch, and sweeps, with pauses between them."""
    sound = np.zeros(samples)
    now = 0
    while now < samples:
        length = min(round(rng.uniform(0.05, 1.2) * SAMPLE_RATE), samples - now)
        first, last = rng.uniform(100, 4000, 2)
        if rng.random() < 0.6:
            last = first
        phase = 2 * np.pi * np.cumsum(np.linspace(first, last, length)) / SAMPLE_RATE
        sound[now : now + length] = np.sin(phase) if rng.random() < 0.6 else 0.5 * np.sign(np.sin(phase))
        now += length + round(rng.uniform(0.02, 0.4) * SAMPLE_RATE)
    return sound


def clicks(samples: int, rng: np.random.Generator) -> Sound:
    """Return crackle: single samples and short bursts at random times over faint noise."""
    sound = 0.002 * coloured(samples, -0.5, rng)
    for at in rng.integers(0, samples - 200, samples // 3000):
        length = int(rng.integers(1, 60))
        sound[at : at + length] += rng.normal(size=length) * rng.uniform(0.1, 1) * np.linspace(1, 0, length)
    return _peak(sound)


def gusts(samples: int, rng: np.random.Generator) -> Sound:
    """Return wind or surf: pink noise that swells, through a band that moves."""
    swell = np.interp(np.arange(samples), np.linspace(0, samples, 15), rng.uniform(0.02, 1, 15))
    low, high = sorted(rng.uniform(80, 3000, 2))
    band = scipy.signal.butter(1, (low, max(high, 2 * low)), "bandpass", fs=SAMPLE_RATE, output="sos")
    return _peak(scipy.signal.sosfilt(band, coloured(samples, -0.5, rng)) * swell)


KINDS: Mapping[str, Callable[[int, np.random.Generator], Sound]] = {
    **{colour: partial(coloured, slope=slope) for colour, slope in SLOPES.items()},
    "hum": hum, "silence": silence, "room": room, "beeps": beeps, "clicks": clicks, "gusts": gusts,
}  # fmt: skip


def _take(kind: str, rng: np.random.Generator) -> Take:
    make = KINDS[kind]
    count = round(TAKE_SECONDS / SECTION_SECONDS)
    sections = [make(round(SECTION_SECONDS * SAMPLE_RATE), rng=rng) for _ in range(count)]  # type: ignore[call-arg]  # all take rng by name
    return Take(
        samples=np.asarray(np.concatenate(sections), dtype=np.float32),
        labels=(),
        source="synthesised",
        group=f"synthesised_{kind}",
        licence=LICENCE,
        pieces=tuple(((n * SECTION_SECONDS, (n + 1) * SECTION_SECONDS), "") for n in range(count)),
    )


def _peak(sound: Sound) -> Sound:
    return np.asarray(sound / max(float(np.abs(sound).max()), 1e-9))
