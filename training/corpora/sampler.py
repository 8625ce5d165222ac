"""Phrases played with recorded notes of a real instrument: the nearest note, moved to the pitch that is wanted."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import soxr

from training.corpora.notes import Note
from training.corpora.takes import SAMPLE_RATE, Samples

SEMITONES = {"c": 0, "d": 2, "e": 4, "f": 5, "g": 7, "a": 9, "b": 11}
FARTHEST = 3  # semitones that a note may be moved; beyond, its octave is changed
RELEASE_SECONDS = 0.12
ATTACK_SECONDS = 0.003
TAIL_SECONDS = 0.5

Instrument = Mapping[int, Sequence[Samples]]
"""MIDI key -> recordings of it, mono at ``SAMPLE_RATE``."""


def key_of(name: str) -> int | None:
    """Return the MIDI key that a file's name or description tells, such as ``A#3``, ``As3``, ``a2`` or ``midi 050``."""
    numbered = re.search(r"midi (\d{2,3})\b", name)
    if numbered:
        return int(numbered[1])
    names = re.findall(r"(?:^|[_\-. /])([A-Ga-g])(s|#|b)?(-?\d)(?=[_\-. v]|$)", name)
    if not names:
        return None
    step, accidental, octave = names[-1]
    return 12 * (int(octave) + 1) + SEMITONES[step.lower()] + {"": 0, "b": -1}.get(accidental, 1)


def nearest(instrument: Instrument, key: int) -> tuple[int, int]:
    """Return the recorded key to use for ``key`` and the semitones that it has to be moved by.

    A key that is far from all recorded ones is played in the octave where one is near.
    """
    recorded = sorted(instrument)
    best = min(recorded, key=lambda other: (abs(other - key), other))
    if abs(best - key) > FARTHEST:
        best = min(recorded, key=lambda other: (min((other - key) % 12, (key - other) % 12), abs(other - key)))
        step = (key - best) % 12
        return best, step if step <= 6 else step - 12
    return best, key - best


def play(notes: Sequence[Note], instrument: Instrument, rng: np.random.Generator) -> Samples:
    """Return a phrase, float32, shape (n,); a note lasts no longer than its recording."""
    end = max(note.end for note in notes) + TAIL_SECONDS
    sound = np.zeros(round(end * SAMPLE_RATE) + 1, dtype=np.float32)
    for note in notes:
        key, shift = nearest(instrument, note.key)
        takes = instrument[key]
        recorded = takes[int(rng.integers(len(takes)))]
        if shift:
            ratio = 2 ** (shift / 12)
            recorded = soxr.resample(recorded, SAMPLE_RATE * ratio, SAMPLE_RATE, quality="LQ")
        start = round(note.start * SAMPLE_RATE)
        length = min(round((note.length + RELEASE_SECONDS) * SAMPLE_RATE), len(recorded), len(sound) - start)
        part = recorded[:length] * (note.velocity / 127) ** 1.5
        _fade(part)
        sound[start : start + length] += part
    return sound


def sounding(notes: Sequence[Note], instrument: Instrument) -> tuple[tuple[float, float], ...]:
    """Return when each note is heard: its recording may be shorter than the note."""
    result = []
    for note in notes:
        key, shift = nearest(instrument, note.key)
        longest = min(len(take) for take in instrument[key]) / SAMPLE_RATE / 2 ** (shift / 12)
        result.append((note.start, note.start + min(note.length + RELEASE_SECONDS, longest)))
    return tuple(result)


def from_files(files: Mapping[Path, Samples], described: Mapping[Path, str]) -> dict[int, list[Samples]]:
    """Return an instrument of the recordings whose name or description tells their key."""
    instrument: dict[int, list[Samples]] = {}
    for path in sorted(files):
        key = key_of(f"{path.stem} {described.get(path, '')}")
        if key is not None and len(files[path]) > SAMPLE_RATE // 5:
            instrument.setdefault(key, []).append(files[path])
    return instrument


def _fade(part: Samples) -> None:
    attack = min(len(part), round(ATTACK_SECONDS * SAMPLE_RATE))
    release = min(len(part), round(RELEASE_SECONDS * SAMPLE_RATE))
    part[:attack] *= np.linspace(0, 1, attack, dtype=np.float32)
    part[len(part) - release :] *= np.linspace(1, 0, release, dtype=np.float32)
