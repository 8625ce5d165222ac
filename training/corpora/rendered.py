"""Phrases played by soundfonts: every family of soundfonts with every instrument that it has."""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

import numpy as np

from training.corpora.amplifier import amplified
from training.corpora.general_midi import (
    ACOUSTIC_GUITAR,
    DRUMS,
    ELECTRIC_GUITAR,
    KINDS,
    LABELS,
    ORGAN,
    OTHERS,
    PIANO,
    PROGRAMS,
    Kind,
    range_of,
)
from training.corpora.notes import (
    Note,
    Phrase,
    articulated,
    into_range,
    midi_file,
    monophonic,
    paced,
    placed,
    power_chords,
    spans,
    window,
)
from training.corpora.pool import Pool
from training.corpora.soundfonts import Soundfont, render
from training.corpora.takes import Job, Take

TAKE_SECONDS = 70.0
PHRASE_SECONDS = (8.0, 20.0)
DISTORTED = (29, 30)
AMPLIFIED_SHARE = 0.5
OTHER = ""  # the label of all other instruments in a soundfont's list
MODULATION, VOLUME, EXPRESSION = 1, 7, 11
SUSTAINED = frozenset(LABELS) - {ACOUSTIC_GUITAR, ELECTRIC_GUITAR, PIANO, DRUMS, "electric bass"}


def jobs(
    installed: Mapping[Soundfont, Path], pool: Pool, minutes: Mapping[str, float], cabinets: Sequence[Path]
) -> Iterator[Job]:
    """Yield the takes to be rendered: of each label the minutes asked for, shared by the soundfonts that have it.

    Args:
        installed: the soundfonts and where they are.
        pool: parts to play.
        minutes: of each label, and of ``OTHER``.
        cabinets: impulse responses for the electric guitar.
    """
    for label, asked in minutes.items():
        fonts = [font for font in installed if label in font.labels]
        if not fonts:
            continue
        count = max(1, round(asked * 60 / TAKE_SECONDS / len(fonts)))
        for font in fonts:
            for number in range(count):
                name = f"rendered/{font.family}/{(label or 'other').replace(' ', '_')}/{number:03d}"
                yield Job(name, partial(_take, label, font, installed[font], pool, cabinets))


def _take(
    label: str, font: Soundfont, path: Path, pool: Pool, cabinets: Sequence[Path], rng: np.random.Generator
) -> Take | None:
    phrases: list[Phrase] = []
    length = 0.0
    while length < TAKE_SECONDS:
        program, kind = _choice(label, font.missing, rng)
        phrase = compose(label or None, program, kind, pool, rng)
        if phrase is None:
            continue
        phrases.append(phrase)
        length += max(note.end for note in phrase.notes) + 1.2
    phrases = placed(phrases, rng)
    samples = render(midi_file(phrases, drums=label == DRUMS and font.drum_channel), path)
    if not np.any(np.abs(samples) > 1e-4):
        return None  # the soundfont lacks the instrument
    if label == ELECTRIC_GUITAR and rng.random() < AMPLIFIED_SHARE:
        samples = amplified(samples, rng, cabinets)
    return Take(
        samples=samples,
        labels=(label,) if label else (),
        source=font.family,
        group=font.family,
        licence=font.package.licence,
        spans=tuple(span for phrase in phrases for span in spans(phrase.notes)),
    )


def _choice(label: str, missing: frozenset[int], rng: np.random.Generator) -> tuple[int, Kind]:
    programs = [program for program in PROGRAMS.get(label, tuple(OTHERS)) if label == DRUMS or program not in missing]
    program = int(rng.choice(programs))
    if label == OTHER:
        return program, OTHERS[program]
    return program, KINDS[label][int(rng.integers(len(KINDS[label])))]


def compose(label: str | None, program: int, kind: Kind, pool: Pool, rng: np.random.Generator) -> Phrase | None:
    """Return a random phrase of a kind, as the instrument would play it; None when the chosen part is too sparse."""
    part = pool[kind][int(rng.integers(len(pool[kind])))]
    notes: Sequence[Note] = window(part, float(rng.uniform(*PHRASE_SECONDS)), rng)
    if len(notes) < 4:
        return None
    lowest, highest = range_of(label, program) if label != DRUMS else (0, 127)
    if kind != "drums":
        if kind == "melody" and label not in {PIANO, ORGAN, ACOUSTIC_GUITAR}:
            notes = monophonic(notes)
        if label == ELECTRIC_GUITAR and kind == "chords" and program in DISTORTED:
            notes, highest = power_chords(notes), lowest + 28
        notes = into_range(notes, lowest, highest, int(rng.integers(-6, 7)))
        notes = articulated(notes, rng, strummed=label in {ACOUSTIC_GUITAR, ELECTRIC_GUITAR})
    notes = paced(notes, float(rng.uniform(0.8, 1.3)))
    return Phrase(tuple(notes), program, _controls(label, notes, rng))


def _controls(label: str | None, notes: Sequence[Note], rng: np.random.Generator) -> tuple[tuple[float, int, int], ...]:
    """Return volume and, for what is blown or bowed, vibrato and swells."""
    controls = [(0.0, VOLUME, int(rng.integers(80, 128)))]
    if label in SUSTAINED:
        controls.append((0.0, MODULATION, int(rng.integers(0, 70))))
        end = max(note.end for note in notes)
        times = np.arange(0, end, 0.2)
        depth, period, phase = rng.uniform(0, 35), rng.uniform(1.5, 6), rng.uniform(0, 6)
        swell = 110 + depth * (np.sin(2 * np.pi * times / period + phase) - 1) / 2
        controls += [(float(time), EXPRESSION, int(value)) for time, value in zip(times, swell, strict=True)]
    return tuple(controls)
