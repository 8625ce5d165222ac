"""Bands and small orchestras: the parts of one score, each played by an instrument of another source, mixed.

What plays together is in one key and one metre, as in music, and how loud each part is in each piece is known, so that
the labels say who is heard and also who is not.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from training.corpora import sampled
from training.corpora.amplifier import amplified
from training.corpora.general_midi import (
    ACOUSTIC_GUITAR,
    DRUMS,
    ELECTRIC_BASS,
    ELECTRIC_GUITAR,
    LABELS,
    ORGAN,
    PIANO,
    PROGRAMS,
    Kind,
    range_of,
)
from training.corpora.notes import Note, Part, Phrase, articulated, into_range, midi_file, monophonic
from training.corpora.pool import Song
from training.corpora.rendered import AMPLIFIED_SHARE, SUSTAINED
from training.corpora.soundfonts import Soundfont, render
from training.corpora.splits import VALIDATION_SOURCES
from training.corpora.takes import SAMPLE_RATE, Job, Samples, Span, Take

TAKE_SECONDS = 24.0
PIECE_SECONDS = 3.0
VALIDATION_EVERY = 6  # one take in so many is played by what is kept for validation
GROUPS = 12  # takes of one group share nothing, but groups are how often a source is drawn in training
HEARD_DB, UNHEARD_DB = -18.0, -30.0  # of a part against all of them; between them nobody can say
LEAD_SHARE, SOLOIST_SHARE, SAMPLED_SHARE, OTHER_SHARE = 0.85, 0.7, 0.5, 0.2
LEADS = tuple(label for label in LABELS if label not in {DRUMS, ELECTRIC_BASS})
SOLOISTS = tuple(label for label in LEADS if label in SUSTAINED and label != ORGAN)
CHORDS = (PIANO, ACOUSTIC_GUITAR, ELECTRIC_GUITAR, ORGAN)
PADS = (11, 12, 46, 81, 88, 89, 90, 95, 104)  # vibraphone, marimba, harp, synthesisers, sitar: none of the thirteen
BACKING_DB = (-14.0, 0.0)
MOST_CHORDS = 2


@dataclass(frozen=True, slots=True)
class _Stem:
    """One part's sound, with a mean square of 1 where it plays; no label where it is none of the thirteen."""

    label: str
    samples: Samples


def jobs(
    installed: Mapping[Soundfont, Path],
    instruments: Mapping[str, Sequence[sampled.Recorded]],
    songs: Sequence[Song],
    minutes: float,
) -> Iterator[Job]:
    """Yield takes of random songs.

    Args:
        installed: the soundfonts and where they are.
        instruments: recorded notes to play with, by label.
        songs: scores; those with drums or a bass are taken.
        minutes: of all takes together.
    """
    bands = [song for song in songs if any(part.kind in {"drums", "bass"} for part in song) and len(song) > 1]
    if not bands:
        return
    for number in range(round(minutes * 60 / TAKE_SECONDS)):
        validation = number % VALIDATION_EVERY == 0
        fonts = {font: path for font, path in installed.items() if (font.family in VALIDATION_SOURCES) == validation}
        if fonts:
            recorded = {} if validation else instruments
            source = "ensemble_validation" if validation else "ensemble"
            yield Job(f"{source}/{number:03d}", partial(_take, source, number % GROUPS, fonts, recorded, bands))


def _take(
    source: str,
    group: int,
    fonts: Mapping[Soundfont, Path],
    instruments: Mapping[str, Sequence[sampled.Recorded]],
    bands: Sequence[Song],
    rng: np.random.Generator,
) -> Take | None:
    song = _excerpt(bands[int(rng.integers(len(bands)))], rng)
    pitched = [part for part in song if part.kind != "drums"]
    if not pitched:
        return None
    transposed = int(rng.integers(-6, 7))
    stems: list[_Stem | None] = []
    if rng.random() < LEAD_SHARE:
        part = pitched[int(rng.integers(len(pitched)))]
        lead = str(rng.choice(SOLOISTS if rng.random() < SOLOIST_SHARE else LEADS))
        stems.append(_play(lead, "melody", part, transposed, fonts, instruments, rng))
    stems += [
        _play(_backing(part.kind, rng), part.kind, part, transposed, fonts, instruments, rng)
        for part in _band(song, rng)
    ]
    sounding = [stem for stem in stems if stem is not None]
    if not sounding:
        return None
    levels = [0.0, *rng.uniform(*BACKING_DB, len(sounding) - 1)]
    scaled = [_Stem(stem.label, stem.samples * 10 ** (db / 20)) for stem, db in zip(sounding, levels, strict=True)]
    return Take(
        samples=np.asarray(np.sum([stem.samples for stem in scaled], axis=0), dtype=np.float32),
        labels=(),
        source=source,
        group=f"{source}_{group}",
        licence="rendered; samples as their packages say",
        pieces=tuple(_labelled(scaled)),
    )


def _excerpt(song: Song, rng: np.random.Generator) -> list[Part]:
    end = max(part.notes[-1].end for part in song)
    start = float(rng.uniform(0, max(0.0, end - TAKE_SECONDS)))
    excerpt = []
    for part in song:
        chosen = [note for note in part.notes if start <= note.start < start + TAKE_SECONDS]
        if len(chosen) >= 4:
            moved = tuple(Note(note.start - start, note.length, note.key, note.velocity) for note in chosen)
            excerpt.append(Part(moved, part.kind))
    return excerpt


def _band(song: Sequence[Part], rng: np.random.Generator) -> list[Part]:
    """Return one part of drums and bass each and one or two others, where there are any."""
    band: list[Part] = []
    for kind in ("drums", "bass"):
        parts = [part for part in song if part.kind == kind]
        if parts and rng.random() < 0.8:
            band.append(parts[int(rng.integers(len(parts)))])
    others = [part for part in song if part.kind in {"chords", "melody"}]
    chosen = rng.permutation(len(others))[: int(rng.integers(1, MOST_CHORDS + 1))]
    return band + [Part(others[int(at)].notes, "chords") for at in chosen]


def _backing(kind: Kind, rng: np.random.Generator) -> str:
    if kind == "drums":
        return DRUMS
    if rng.random() < OTHER_SHARE:
        return ""
    return ELECTRIC_BASS if kind == "bass" else str(rng.choice(CHORDS))


def _play(
    label: str,
    kind: Kind,
    part: Part,
    transposed: int,
    fonts: Mapping[Soundfont, Path],
    instruments: Mapping[str, Sequence[sampled.Recorded]],
    rng: np.random.Generator,
) -> _Stem | None:
    """Return a part played by an instrument of a random source, TAKE_SECONDS long; None where nothing sounds."""
    notes: Sequence[Note] = part.notes
    choices = [font for font in fonts if label in font.labels]
    if not choices:
        return None
    font = choices[int(rng.integers(len(choices)))]
    available = [program for program in PROGRAMS.get(label, PADS) if label == DRUMS or program not in font.missing]
    program = int(rng.choice(available))
    if label != DRUMS:
        if kind == "melody" and label not in CHORDS:
            notes = monophonic(notes)
        lowest, highest = range_of(label, program)
        notes = articulated(into_range(notes, lowest, highest, transposed), rng, strummed="guitar" in label)
    recorded = instruments.get(label, ())
    if recorded and rng.random() < SAMPLED_SHARE:
        samples = sampled.played(recorded[int(rng.integers(len(recorded)))], notes, rng)
    else:
        phrase = Phrase(tuple(notes), program)
        samples = render(midi_file([phrase], drums=label == DRUMS and font.drum_channel), fonts[font])
    if label == ELECTRIC_GUITAR and rng.random() < AMPLIFIED_SHARE:
        samples = amplified(samples, rng)
    whole = np.zeros(round(TAKE_SECONDS * SAMPLE_RATE), np.float32)
    whole[: len(samples)] = samples[: len(whole)]
    power = whole.astype(np.float64) ** 2
    loud = power > power.max() * 1e-5
    if not power.max() > 1e-8:
        return None
    return _Stem(label, np.asarray(whole / np.sqrt(power[loud].mean()), np.float32))


def _labelled(stems: Sequence[_Stem]) -> Iterator[tuple[Span, str]]:
    """Yield pieces with their labels: who is heard, and with a question mark who may be."""
    size = round(PIECE_SECONDS * SAMPLE_RATE)
    for first in range(0, len(stems[0].samples) - size + 1, size):
        powers = [float(np.mean(stem.samples[first : first + size].astype(np.float64) ** 2)) for stem in stems]
        total = sum(powers)
        if total < 1e-6:
            continue
        shares: dict[str, float] = {}
        for stem, power in zip(stems, powers, strict=True):
            shares[stem.label] = shares.get(stem.label, 0.0) + power / total
        marks = []
        for label, share in sorted(shares.items()):
            decibels = 10 * np.log10(max(share, 1e-12))
            if label and decibels > UNHEARD_DB:
                marks.append(label if decibels > HEARD_DB else f"{label}=?")
        start = first / SAMPLE_RATE
        yield (start, start + PIECE_SECONDS), ";".join(marks)
