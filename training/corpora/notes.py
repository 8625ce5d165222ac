"""Music as notes in seconds: moved into an instrument's range, phrased as a player would, written as MIDI."""

import importlib
import io
import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from training.corpora.general_midi import DRUM_CHANNEL, Kind
from training.corpora.takes import Span
from training.errors import TrainingError

TICKS_PER_SECOND = 960
LEGATO_OVERLAP = 0.03  # seconds that a tied note sounds into the next
TAIL_SECONDS = 1.5
POWER_CHORD = (0, 7, 12)


@dataclass(frozen=True, slots=True)
class Note:
    """One key pressed: start and length in seconds, MIDI key and velocity (1 to 127)."""

    start: float
    length: float
    key: int
    velocity: int = 90

    @property
    def end(self) -> float:
        """When the key is released."""
        return self.start + self.length


@dataclass(frozen=True, slots=True)
class Part:
    """What one player plays in a score, in order of the start, and what kind of part it is."""

    notes: tuple[Note, ...]
    kind: Kind


@dataclass(frozen=True, slots=True)
class Phrase:
    """Notes to be played with a program; ``controls`` are (time, controller, value)."""

    notes: tuple[Note, ...]
    program: int
    controls: tuple[tuple[float, int, int], ...] = ()


def kind_of(notes: Sequence[Note]) -> Kind:
    """Return what a part with these notes is: chords, where a quarter of the notes start with another; bass; melody."""
    together = sum(abs(a.start - b.start) < 0.02 for a, b in itertools.pairwise(notes))
    if together > len(notes) / 4:
        return "chords"
    return "bass" if np.mean([note.key for note in notes]) < 46 else "melody"


def into_range(notes: Sequence[Note], lowest: int, highest: int, shift: int = 0) -> list[Note]:
    """Return notes moved by ``shift`` semitones and then by whole octaves, so that most fit; the rest move singly."""
    if not notes:
        return []
    centre = float(np.median([note.key for note in notes])) + shift
    octaves = 12 * round(((lowest + highest) / 2 - centre) / 12)
    moved = []
    for note in notes:
        key = note.key + shift + octaves
        while key < lowest:
            key += 12
        while key > highest:
            key -= 12
        moved.append(replace(note, key=max(lowest, key)))
    return moved


def window(part: Part, seconds: float, rng: np.random.Generator) -> list[Note]:
    """Return a stretch of a part of about so many seconds, beginning at a random note, at time 0."""
    if not part.notes:
        return []
    last = max(part.notes[-1].end - seconds, 0.0)
    starts = [at for at, note in enumerate(part.notes) if note.start <= last] or [0]
    first = part.notes[int(rng.choice(starts))].start
    chosen = [note for note in part.notes if first <= note.start < first + seconds]
    return [replace(note, start=note.start - first) for note in chosen]


def paced(notes: Iterable[Note], factor: float) -> list[Note]:
    """Return notes played ``factor`` times as slowly."""
    return [replace(note, start=note.start * factor, length=note.length * factor) for note in notes]


def monophonic(notes: Iterable[Note]) -> list[Note]:
    """Return the upper line, each note released when the next begins."""
    line: list[Note] = []
    for note in sorted(notes, key=lambda note: (note.start, -note.key)):
        if line and note.start - line[-1].start < 0.02:
            continue
        if line and line[-1].end > note.start:
            line[-1] = replace(line[-1], length=note.start - line[-1].start)
        line.append(note)
    return line


def power_chords(notes: Iterable[Note]) -> list[Note]:
    """Return each chord as its lowest note with fifth and octave, as a distorted guitar plays it."""
    lowest: list[Note] = []
    for note in sorted(notes, key=lambda note: (note.start, note.key)):
        if not lowest or note.start - lowest[-1].start > 0.05:
            lowest.append(note)
    return [replace(note, key=note.key + step) for note in lowest for step in POWER_CHORD]


def articulated(notes: Sequence[Note], rng: np.random.Generator, *, strummed: bool = False) -> list[Note]:
    """Return notes with a player's velocities, timing and one articulation: legato, detached or short.

    Chords that are ``strummed`` sound from the lowest string to the highest or the other way within 60 ms.
    """
    style = rng.choice(["legato", "detached", "short"], p=[0.55, 0.3, 0.15])
    loudness = rng.integers(55, 115)
    swell = rng.uniform(-25, 25)
    span = max((note.end for note in notes), default=1.0)
    spread = rng.uniform(0.005, 0.06) if strummed else 0.0
    upwards = 1 if rng.random() < 0.75 else -1
    order = sorted(notes, key=lambda note: (round(note.start, 2), upwards * note.key))
    played, rank = [], 0
    for at, note in enumerate(order):
        rank = rank + 1 if at and abs(order[at - 1].start - note.start) < 0.02 else 0
        velocity = loudness + swell * (note.start / span - 0.5) * 2 + rng.normal(0, 6)
        start = max(0.0, note.start + rng.normal(0, 0.006) + rank * spread / 5)
        length = note.length + LEGATO_OVERLAP
        if style != "legato":
            length = note.length * (rng.uniform(0.7, 0.9) if style == "detached" else rng.uniform(0.25, 0.5))
        played.append(Note(start, max(0.06, length), note.key, int(np.clip(velocity, 25, 127))))
    return played


def placed(phrases: Iterable[Phrase], rng: np.random.Generator) -> list[Phrase]:
    """Return phrases one after another with a breath between them."""
    result, now = [], 0.1
    for phrase in phrases:
        end = max(note.end for note in phrase.notes)
        notes = tuple(replace(note, start=note.start + now) for note in phrase.notes)
        controls = tuple((time + now, number, value) for time, number, value in phrase.controls)
        result.append(replace(phrase, notes=notes, controls=controls))
        now += end + float(rng.uniform(0.8, 1.6))
    return result


def spans(notes: Iterable[Note], ring: float = 0.1) -> tuple[Span, ...]:
    """Return when each note sounds; ``ring`` seconds are added to each for its release."""
    return tuple((note.start, note.end + ring) for note in notes)


def midi_file(phrases: Sequence[Phrase], *, drums: bool = False) -> bytes:
    """Return placed phrases as a MIDI file with one track on one channel; the same phrases give the same bytes.

    Raises:
        TrainingError: the package mido is missing.
    """
    try:
        mido = importlib.import_module("mido")
    except ModuleNotFoundError as error:
        raise TrainingError("Building the corpus needs the package mido; install it (pip install mido).") from error
    channel = DRUM_CHANNEL if drums else 0
    events: list[tuple[float, int, object]] = []
    for phrase in phrases:
        begin = max(0.0, min(note.start for note in phrase.notes) - 0.05)
        events.append((begin, 0, mido.Message("program_change", channel=channel, program=phrase.program)))
        for time, number, value in phrase.controls:
            events.append((time, 1, mido.Message("control_change", channel=channel, control=number, value=value)))
        for note in phrase.notes:
            events.append((note.end, 2, mido.Message("note_off", channel=channel, note=note.key)))
            pressed = mido.Message("note_on", channel=channel, note=note.key, velocity=note.velocity)
            events.append((note.start, 3, pressed))
    end = max(time for time, _, _ in events) + TAIL_SECONDS
    events.append((end, 4, mido.MetaMessage("end_of_track")))
    midi = mido.MidiFile(ticks_per_beat=TICKS_PER_SECOND // 2)  # at 120 beats a minute, the default tempo
    track = mido.MidiTrack()
    now = 0
    for time, _, message in sorted(events, key=lambda event: (round(event[0] * TICKS_PER_SECOND), event[1])):
        tick = round(time * TICKS_PER_SECOND)
        track.append(message.copy(time=tick - now))  # type: ignore[attr-defined]  # mido has no types
        now = tick
    midi.tracks.append(track)
    file = io.BytesIO()
    midi.save(file=file)
    return file.getvalue()
