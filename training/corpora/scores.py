"""Parts to play, from MIDI files and MusicXML scores."""

import importlib
import zipfile
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree as ET

from training.corpora.general_midi import DRUM_CHANNEL
from training.corpora.notes import Note, Part, kind_of
from training.corpora.packages import Package
from training.errors import TrainingError

MUSIC21 = Package("pypi", "music21", "BSD-3-Clause (software); the encodings as their folders say", "10.5.0")
OPENMSX = Package("debian", "openttd-openmsx", "GPL-2")
PLANETBLUPI = Package("debian", "planetblupi-music-midi", "GPL-3+")
LEFT_OUT = ("palestrina", "demos", "theoryExercises")  # restricted, or no music
FEWEST_NOTES = 12
STEPS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
BEATS_PER_MINUTE = 100.0


def read_midi(path: Path) -> list[Part]:
    """Return the parts of a MIDI file, one for each channel and program, with times in seconds.

    Raises:
        TrainingError: mido is missing, or the file is damaged.
    """
    try:
        mido = importlib.import_module("mido")
    except ModuleNotFoundError as error:
        raise TrainingError("Reading scores needs the package mido; install it (pip install mido).") from error
    try:
        messages = list(mido.MidiFile(path, clip=True))
    except (OSError, ValueError, EOFError, IndexError, KeyError) as error:
        raise TrainingError(f"The score {path} cannot be read ({error}); fetch its package again.") from error
    now = 0.0
    programs: dict[int, int] = {}
    pressed: dict[tuple[int, int], tuple[float, int]] = {}
    found: dict[tuple[int, int], list[Note]] = {}
    for message in messages:
        now += message.time
        if message.type == "program_change":
            programs[message.channel] = message.program
        elif message.type in {"note_on", "note_off"}:
            key = (message.channel, message.note)
            if key in pressed:
                start, velocity = pressed.pop(key)
                part = found.setdefault((message.channel, programs.get(message.channel, 0)), [])
                part.append(Note(start, max(0.05, now - start), message.note, velocity))
            if message.type == "note_on" and message.velocity:
                pressed[key] = (now, message.velocity)
    parts = []
    for (channel, _), notes in sorted(found.items()):
        if len(notes) >= FEWEST_NOTES:
            ordered = tuple(sorted(notes, key=lambda note: (note.start, note.key)))
            parts.append(Part(ordered, "drums" if channel == DRUM_CHANNEL else kind_of(ordered)))
    return parts


def read_musicxml(path: Path) -> list[Part]:
    """Return the parts of a MusicXML score, plain or compressed, and then all of them as one part of chords.

    Times are in seconds at 100 quarter notes a minute; repeats and ornaments are not played.

    Raises:
        TrainingError: the file is damaged.
    """
    try:
        root = ET.fromstring(_xml(path))  # noqa: S314 - scores of a package whose checksum is noted
    except (OSError, KeyError, StopIteration, zipfile.BadZipFile, ET.ParseError) as error:
        raise TrainingError(f"The score {path} cannot be read ({error}); fetch its package again.") from error
    voices = [sorted(_notes(part), key=lambda note: (note.start, note.key)) for part in root.iter("part")]
    voices = [voice for voice in voices if len(voice) >= FEWEST_NOTES]
    parts = [Part(tuple(voice), kind_of(voice)) for voice in voices]
    if len(voices) > 1:
        together = sorted((note for voice in voices for note in voice), key=lambda note: (note.start, note.key))
        parts.append(Part(tuple(together), "chords"))
    return parts


def music21_scores(folder: Path) -> list[Path]:
    """Return the MusicXML scores of an unpacked music21, in order, without those that are restricted."""
    corpus = folder / "music21" / "corpus"
    return sorted(
        path
        for path in corpus.rglob("*")
        if path.suffix in {".mxl", ".xml", ".musicxml"} and path.relative_to(corpus).parts[0] not in LEFT_OUT
    )


def midi_scores(folder: Path) -> list[Path]:
    """Return all MIDI files of an unpacked package, in order."""
    return sorted(path for path in folder.rglob("*") if path.suffix.lower() in {".mid", ".midi"})


def _xml(path: Path) -> bytes:
    if path.suffix != ".mxl":
        return path.read_bytes()
    with zipfile.ZipFile(path) as archive:
        name = next(n for n in archive.namelist() if n.endswith((".xml", ".musicxml")) and not n.startswith("META-INF"))
        return archive.read(name)


def _notes(part: ET.Element) -> Iterator[Note]:
    """Yield a part's notes, tied ones made one."""
    quarter = 60 / BEATS_PER_MINUTE
    divisions, beat, before = 1.0, 0.0, 0.0
    tied: dict[int, tuple[float, float]] = {}
    for element in part.iter():
        if element.tag == "divisions":
            divisions = float(element.text or 1)
        elif element.tag in {"backup", "forward"}:
            length = float(element.findtext("duration", "0")) / divisions
            beat += length if element.tag == "forward" else -length
        elif element.tag == "note" and element.find("grace") is None:
            length = float(element.findtext("duration", "0")) / divisions
            start = before if element.find("chord") is not None else beat
            if element.find("chord") is None:
                before, beat = beat, beat + length
            key = _key(element.find("pitch"))
            if key is None or length <= 0:
                continue
            ties = {tie.get("type") for tie in element.findall("tie")}
            first, held = tied.pop(key, (start, 0.0)) if "stop" in ties else (start, 0.0)
            if "start" in ties:
                tied[key] = (first, held + length)
            else:
                yield Note(first * quarter, (held + length) * quarter, key)


def _key(pitch: ET.Element | None) -> int | None:
    if pitch is None:
        return None
    step = STEPS[pitch.findtext("step", "C")]
    return 12 * (int(pitch.findtext("octave", "4")) + 1) + step + round(float(pitch.findtext("alter", "0")))
