"""Make small labelled sets that isolate one property of music, to see what a network can hear and what it cannot.

    python -m training.corpora.synthetic --output DIR --kind rhythm|timbre|pitch [--clips N] [--seed S]

``rhythm``: equally many strokes of the same kinds of sound; the classes differ only in when they come. ``timbre``: the
strokes come at random; the classes differ only in where in the spectrum their energy lies. Both are folders a class.
``pitch``: instruments with partials of their own, and in the table ``labels.csv`` which notes are learnt from.
"""

import argparse
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from timbrescope.core.errors import TimbrescopeError
from training.collection import Collection, Item, Split
from training.errors import TrainingError
from training.sources.table import write_table

Samples = NDArray[np.float32]
Floats = NDArray[np.floating]
Colour = Callable[[Floats], Floats]
"""Gains over frequency in Hz."""

STROKE_SECONDS = 0.06
DECAY_SECONDS = 0.015
# Shorter rests would let a stroke's end run into the next one within a Fourier window of 46 ms, so that how many frames
# are silent would tell the rhythm without hearing when.
SHORTEST_REST = 0.12
# Of two strokes. A filter of 60 frames has 0.49 s of room in the 80 frames of Pons 2016: it meets a beat at any phase.
BEAT_SECONDS = (0.49, 0.54)
RHYTHMS = {"even": 1 / 2, "swung": 3 / 8, "paired": 1 / 4}
"""Where in a beat its second stroke comes."""

FORMANTS = {"dark": (500.0, 1500.0), "hollow": (500.0, 5000.0), "bright": (1500.0, 5000.0)}
"""Hz, middles of the two bands in which a stroke of each class sounds: each band belongs to two of the classes."""

FORMANT_MELS = 200.0  # width of a band, twice the standard deviation
NOISE_LEVEL = 1e-3
FEWEST_CLIPS = 5  # of a note: one for validation, one for the test

PARTIALS: Mapping[str, tuple[float, ...]] = {
    "pipe": (1.0, 0.1, 0.03),
    "reed": (1.0, 0.03, 0.7, 0.03, 0.5, 0.03, 0.35),
    "string": (1.0, 0.8, 0.65, 0.5, 0.4, 0.32, 0.25, 0.2),
    "horn": (0.3, 1.0, 0.9, 0.3, 0.1),
}
"""Amplitudes of the harmonics of each instrument, the same at every pitch."""

NOTES = range(72, 97)  # MIDI: 523 to 2093 Hz, where mel bands are nearly logarithmic
SEEN_EVERY = 6  # semitones
UNSEEN_FROM_SEEN = 2  # semitones at least


def rhythm_clip(label: str, rng: np.random.Generator, rate: int = 44_100, seconds: float = 3.8) -> Samples:
    """Return strokes in the rhythm of a class, float32, shape (n,); colour, tempo, loudness and phase are random."""
    beat = rng.uniform(*BEAT_SECONDS)
    first = np.arange(-rng.uniform(0, beat), seconds, beat)
    times = np.sort(np.concatenate([first, first + RHYTHMS[label] * beat]))
    return _strokes(times, [_colour(rng) for _ in range(2)], rng, rate, seconds)


def timbre_clip(label: str, rng: np.random.Generator, rate: int = 44_100, seconds: float = 3.8) -> Samples:
    """Return strokes of a class's colour, float32, shape (n,); when they come and how loud they are is random."""
    times = np.cumsum(SHORTEST_REST + rng.exponential(0.13, size=round(seconds / SHORTEST_REST)))
    colours = [_formants(FORMANTS[label], rng) for _ in range(2)]
    return _strokes(times, colours, rng, rate, seconds)


def note(label: str, midi: float, rng: np.random.Generator, rate: int = 16_000, seconds: float = 3.2) -> Samples:
    """Return a steady note, float32, shape (n,); loudness, attack and phases are random."""
    time = np.arange(round(seconds * rate)) / rate
    hz = 440 * 2 ** ((midi + rng.normal(0, 0.05) - 69) / 12)
    sound = np.zeros(len(time))
    for number, level in enumerate(PARTIALS[label], start=1):
        if number * hz < 0.48 * rate:
            sound += level * _decibels(rng, 2) * np.sin(2 * np.pi * (number * hz * time + rng.random()))
    sound *= np.minimum(1, time / rng.uniform(0.01, 0.1)) * np.exp(-time * rng.uniform(0, 0.5))
    return _finished(0.1 * _decibels(rng, 6) * sound, rng)


def write_rhythm_or_timbre(kind: str, folder: Path, clips: int, seed: int) -> None:
    """Write ``clips`` files for each class into a folder of its own.

    Raises:
        TrainingError: the folder cannot be written.
    """
    clip: Callable[[str, np.random.Generator], Samples] = rhythm_clip if kind == "rhythm" else timbre_clip
    for number, label in enumerate(RHYTHMS if kind == "rhythm" else FORMANTS):
        for take in range(clips):
            samples = clip(label, np.random.default_rng([seed, number, take]))
            _write(folder / label / f"{label}-{take:03d}.wav", samples, 44_100)


def write_pitch(folder: Path, clips: int, seed: int) -> None:
    """Write notes and ``labels.csv``: ``clips`` takes of each instrument at each seen pitch, one at each unseen one.

    Of the takes of a seen pitch every fifth is for validation and every fifth for the test; unseen pitches are for the
    test. The first folder of a path says whether the pitch is ``seen`` or ``unseen``.

    Raises:
        TrainingError: the folder cannot be written.
    """
    items = []
    for number, label in enumerate(PARTIALS):
        for midi in NOTES:
            off = midi % SEEN_EVERY
            if 0 < min(off, SEEN_EVERY - off) < UNSEEN_FROM_SEEN:
                continue
            for take in range(clips if off == 0 else max(1, clips // 5)):
                name = f"{label}-{midi}-{take:03d}"
                path = folder / ("unseen" if off else "seen") / label / f"{name}.wav"
                _write(path, note(label, midi, np.random.default_rng([seed, number, midi, take])), 16_000)
                split: Split = "test" if off or take % 5 == 0 else "validation" if take % 5 == 1 else "train"
                items.append(Item(path, {label: 1.0}, group=name, split=split))
    write_table(folder / "labels.csv", Collection(tuple(PARTIALS), "single", tuple(items)))


def _strokes(
    times: NDArray[np.float64],
    colours: Sequence[Colour],
    rng: np.random.Generator,
    rate: int,
    seconds: float,
) -> Samples:
    """Return short decaying noises at some times, each of one of the colours."""
    length = round(STROKE_SECONDS * rate)
    envelope = np.exp(-np.arange(length) / (DECAY_SECONDS * rate)) * np.hanning(2 * length)[length:]
    hz = np.fft.rfftfreq(length, 1 / rate)
    gains = [colour(hz) for colour in colours]
    sound = np.zeros(round(seconds * rate) + length)
    loudness = _decibels(rng, 6)
    for time in times[(times >= 0) & (times < seconds)]:
        spectrum = np.fft.rfft(rng.standard_normal(length)) * gains[int(rng.integers(len(gains)))]
        start = round(time * rate)
        sound[start : start + length] += loudness * _decibels(rng, 2) * envelope * np.fft.irfft(spectrum, length)
    return _finished(0.1 * sound[: round(seconds * rate)], rng)


def _colour(rng: np.random.Generator) -> Colour:
    """Return a random colour of two bands, those of ``FORMANTS`` among them."""
    low, high = np.sort(np.exp(rng.uniform(np.log(300), np.log(8000), 2)))
    return _formants((low, high), rng)


def _formants(middles: tuple[float, float], rng: np.random.Generator) -> Colour:
    """Return the gains of two bands that are equally wide in mel, a little displaced, each of random loudness."""
    mels = [_mel(np.array(hz)) + rng.uniform(-50, 50) for hz in middles]
    levels = [_decibels(rng, 4) for _ in middles]

    def gains(hz: Floats) -> Floats:
        bands = [
            level * np.exp(-0.5 * ((_mel(hz) - mel) / (FORMANT_MELS / 2)) ** 2)
            for level, mel in zip(levels, mels, strict=True)
        ]
        return np.asarray(np.sum(bands, axis=0))

    return gains


def _mel(hz: Floats) -> Floats:
    return np.asarray(1127 * np.log1p(hz / 700))


def _decibels(rng: np.random.Generator, spread: float) -> float:
    return float(10 ** (rng.uniform(-spread, spread) / 20))


def _finished(sound: NDArray[np.float64], rng: np.random.Generator) -> Samples:
    """Return the sound over faint noise."""
    return np.asarray(sound + NOISE_LEVEL * rng.standard_normal(len(sound)), np.float32)


def _write(path: Path, samples: Samples, rate: int) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, samples, rate, subtype="PCM_16")
    except (OSError, soundfile.LibsndfileError) as error:
        raise TrainingError(f"{path} cannot be written ({error}); choose another folder or make room.") from error


def main(arguments: Sequence[str] | None = None) -> None:
    """Write one of the sets."""
    parser = argparse.ArgumentParser(description="Make a small labelled set that isolates one property of music.")
    parser.add_argument("--output", type=Path, required=True, help="a folder")
    parser.add_argument("--kind", choices=("rhythm", "timbre", "pitch"), required=True)
    parser.add_argument("--clips", type=int, default=60, help="for each class; for pitch: for each instrument and note")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(arguments)
    if options.clips < FEWEST_CLIPS:
        parser.error(f"--clips must be {FEWEST_CLIPS} or more, so that each part of a split gets some")
    try:
        if options.kind == "pitch":
            write_pitch(options.output, options.clips, options.seed)
        else:
            write_rhythm_or_timbre(options.kind, options.output, options.clips, options.seed)
    except TimbrescopeError as error:
        parser.exit(1, f"{error}\n")


if __name__ == "__main__":
    main()
