"""Compose and render the demo recording: instruments one after another, then together.

The score below is the only place that knows who plays when: the MIDI file, the sound and the timeline beside it all
follow from it. FluidSynth renders it with the soundfont FluidR3 GM (MIT licence). Run from a checkout:

    python -m training.corpora.demo_recording [--output resources/demo/demo.flac]
"""

import argparse
import importlib
import io
import json
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

import numpy as np
import soundfile
from numpy.typing import NDArray

from timbrescope.core.errors import TimbrescopeError

SAMPLE_RATE = 44100  # Hz
PEAK = 10 ** (-1 / 20)  # -1 dBFS
DRIVE = 10 ** (3 / 20)  # gain into the soft limiter: drums would otherwise keep everything else quiet
KNEE = 0.5  # what stays below this share of full scale passes the limiter unchanged
BITS = 14  # coarser than the file's 16, inaudible, and makes it a fifth smaller
TAIL_SECONDS = 2.6  # after the last note, for the reverb
FADE_SECONDS = 0.8
BEATS_PER_BAR = 4
TICKS_PER_BEAT = 960
# (beat, beats per minute): slower into the last chord
TEMPI = ((0.0, 104.0), (53.0, 100.0), (54.0, 94.0), (55.0, 84.0))
TIMING_SPREAD = 0.012  # beats; a player is that much early or late at most
VELOCITY_SPREAD = 4.0
SEED = 7
DRUM_CHANNEL = 9
SOUNDFONTS = (Path("/usr/share/sounds/sf2/FluidR3_GM.sf2"), Path("/usr/share/soundfonts/FluidR3_GM.sf2"))
INSTALL = "on Debian: apt install fluidsynth fluid-soundfont-gm"
DRUMS = {"kick": 36, "snare": 38, "low": 43, "mid": 47, "high": 50, "hat": 42, "open": 46, "crash": 49, "ride": 51}
SEMITONES = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}


class Span(TypedDict):
    """One instrument's stretch of the recording, in seconds."""

    instrument: str
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class Note:
    """One key pressed: start and length in beats, MIDI key and velocity."""

    start: float
    length: float
    key: int
    velocity: float


@dataclass(frozen=True, slots=True)
class Phrase:
    """Music that begins at a bar line.

    Attributes:
        bar: counted from 1.
        text: tokens ``F#4+A4!:1.5``: keys that sound together, an accent, a length in beats. A token without length
            takes the one before; ``-`` is a rest; drums have names instead of pitches.
        loud: MIDI velocity at the start and at the end.
        ring: let every note sound on to the next multiple of so many beats, as with a pedal or open strings.
    """

    bar: int
    text: str
    loud: tuple[int, int]
    ring: float = 0.0

    def notes(self) -> list[Note]:
        """Return the notes in order of their start."""
        events: list[tuple[float, float, str]] = []
        beat, length = 0.0, 1.0
        for token in self.text.replace("|", " ").split():
            keys, _, written = token.partition(":")
            length = float(written) if written else length
            events.append((beat, length, keys))
            beat += length
        first = (self.bar - 1) * BEATS_PER_BAR
        notes: list[Note] = []
        for offset, written_length, keys in events:
            velocity = np.interp(offset, (0.0, beat), self.loud) + (14 if keys.endswith("!") else 0)
            sounding = max(written_length, self.ring - offset % self.ring) if self.ring else written_length
            names = [] if keys == "-" else keys.rstrip("!").split("+")
            notes += [Note(first + offset, sounding, key_number(name), float(velocity)) for name in names]
        return notes


@dataclass(frozen=True, slots=True)
class Part:
    """One player.

    Attributes:
        instrument: name for people and for the timeline; several parts may share it.
        program: General MIDI program, counted from 0; of the drums, the kit.
        pan: from 0 (left) to 127 (right).
        volume, reverb: MIDI controllers 7 and 91, from 0 to 127.
        phrases: what is played, in any order.
        held: sounding share of a note's written length.
    """

    instrument: str
    program: int
    pan: int
    volume: int
    phrases: Sequence[Phrase]
    reverb: int
    held: float = 0.96

    def notes(self) -> list[Note]:
        """Return all notes in order of their start."""
        return sorted((note for phrase in self.phrases for note in phrase.notes()), key=lambda note: note.start)


# fmt: off
THEME = "F#5:1.5 G5:.5 A5:1 E5 | F#5:1 D5:.5 E5 D5:1 B4:.5 D5 | G5:1 F#5:.5 E5 E5 D5 E5 C#5 | D5:4"
CHUG = "{0}!:.75 {0}:.25 {0}:.5 {0} "
POWER = {"B": "B2+F#3+B3", "G": "G2+D3+G3", "D": "D3+A3+D4", "A": "A2+E3+A3", "E": "E2+B2+E3"}
POWER_CHORDS = "".join(CHUG.format(POWER[root]) for root in "DAEADABGEA") + "D2+A2+D3+A3+D4!:4"
BASS_LINE = "".join("{0}!:.5 {0} {0} {1} ".format(*pair.split()) for pair in (
    "B1 A1", "G1 C#2", "D2 C#2", "A1 D2", "E1 G1", "A1 C#2", "D2 D2", "C#2 A1", "B1 A1", "G1 F#1", "E1 G1", "A1 C#2",
)) + "D1+D2!:4"
BEAT = "kick+{0}:.5 hat snare+hat! kick+hat hat kick+hat snare+hat! open "
STRUM = "{0}!:.5 {0}:.25 {0} {0}:.5 {0}:.25 {0} "
STRUMS = "".join(STRUM.format(chord) for chord in (
    "D3+A3+D4+F#4", "A2+E3+A3+C#4+E4", "B2+F#3+B3+D4+F#4", "G2+D3+G3+B3+G4", "E3+B3+D4+G4", "A2+E3+A3+C#4+E4",
))

SCORE = (
    Part("piano", 0, 60, 127, (
        Phrase(1, "F#4+A4+D5+F#5:1.5 G5:.5 E5+A5:1 A4+C#5+E5 |"
                  " D5+F#5:1 D5:.5 E5 A4+C#5:1.5 A4:.5 | G4+B4+D5:2", (112, 122)),
        Phrase(1, "D2:.25 A2 D3 F#3 A3 F#3 D3 A2 C#2 A2 C#3 E3 A3 E3 C#3 A2 |"
                  " B1 F#2 B2 D3 F#3 D3 B2 F#2 A1 F#2 A2 C#3 F#3 C#3 A2 F#2 | G1+G2+D3:2", (102, 108), ring=2),
        Phrase(12, "D4+F#4+A4+D5!:.5 A4 F#5 A4 C#4+E4+A4! A4 E5 A4 | B3+D4+F#4+B4! F#4 D5 F#4 B3+D4+G4! G4 D5 B4 |"
                   " E4+G4+B4+E5! B4 G5 B4 C#4+E4+A4! A4 E5 C#5", (72, 78), ring=2),
        Phrase(15, "D2+A2+D3:.25 D4 F#4 A4 D5 F#5 A5 D6:2.25", (78, 74), ring=4),
    ), reverb=8),
    Part("violin", 40, 44, 112, (
        Phrase(3, "B4:1 D5:.5 G5 F#5:1 D5:.5 E5 | G5:1 F#5:.5 E5 E5 D5 C#5:1", (98, 106)),
        Phrase(12, THEME, (88, 94)),
    ), reverb=70, held=1.0),
    Part("strings", 48, 74, 104, (
        Phrase(3, "G3+D4:2 F#3+D4 | G3+E4 A3+E4", (76, 88)),
        Phrase(3, "G2:2 F#2 E2 A2", (84, 92)),
        Phrase(3, "B4:1 D5:.5 G5 F#5:1 D5:.5 E5 | G5:1 F#5:.5 E5 E5 D5 C#5:1", (76, 84)),
        Phrase(12, "A4+D5:2 A4+C#5 | F#4+D5 G4+B4 | G4+B4 A4+C#5 | D3+A3+D4+F#4+A4:4", (52, 58)),
        Phrase(12, THEME, (58, 64)),
    ), reverb=80, held=1.0),
    Part("flute", 73, 76, 118, (
        Phrase(5, "B5:1 C#6:.25 B5 A5:.5 F#5:1 A5:.5 C#6 | D6:1 C#6:.25 B5 G5:.5 A5 G5:.25 F#5 E5:1", (92, 80)),
        Phrase(12, "D6:1.5 E6:.5 C#6:1 A5 | D6:.5 C#6 B5 A5 B5:1 G5 | B5:1 D6:.5 B5 C#6:1 E6:.5 C#6 | D6:3", (86, 92)),
    ), reverb=80),
    Part("acoustic guitar", 24, 50, 118, (
        Phrase(7, "D3+F#4!:.25 A3 D4 A3 G4! D4 A4! D4 B2+F#4! F#3 A3 D4 E4! D4 A3 D4 |"
                  " G2+D4! D3 G3 B3 E4! B3 D4! B3 A2+D4! E3 A3 D4 C#4! A3 E4! C#4", (82, 96), ring=1),
        Phrase(12, STRUMS + "D3+A3+D4+F#4!:4", (80, 84)),
    ), reverb=30),
    Part("drums", 16, 64, 127, (
        Phrase(9, BEAT.format("crash!") + BEAT.format("hat")
               + "kick+hat:.5 hat snare+hat! kick+hat snare:.25 snare snare! snare high high mid low", (106, 113)),
        Phrase(12, BEAT.format("crash!") + BEAT.format("ride")
               + "kick+crash!:.5 hat snare+hat! kick+hat snare:.25 snare high high mid mid low low |"
               " kick+crash!:4", (108, 113)),
    ), reverb=30),
    Part("electric bass", 34, 64, 100, (Phrase(9, BASS_LINE, (104, 110)),), reverb=10),
    Part("electric guitar", 30, 34, 66, (Phrase(10, POWER_CHORDS, (98, 104)),), reverb=25),
    Part("electric guitar", 29, 94, 66, (Phrase(10, POWER_CHORDS, (98, 104)),), reverb=25),
    Part("electric guitar", 30, 70, 62, (
        Phrase(10, "D5:.5 E5 F#5 A5 C#6:1 A5:.5 E5 | G5:1 F#5:.5 E5 E5:.25 F#5 G5 A5 B5 A5 G5 E5 | D5:1", (104, 116)),
    ), reverb=50),
)
# fmt: on


def key_number(name: str) -> int:
    """Return the MIDI key of a drum or of a pitch such as F#4 (C4 is key 60).

    Raises:
        ValueError: the score has a misspelt name.
    """
    if name in DRUMS:
        return DRUMS[name]
    match = re.fullmatch(r"([A-G])(#?)(\d)", name)
    if match is None:
        raise ValueError(f"{name!r} in the score is neither a pitch nor a drum")
    return 12 * (int(match[3]) + 1) + SEMITONES[match[1]] + len(match[2])


def seconds(beat: float) -> float:
    """Return when a beat falls, following the tempo changes."""
    ends = [*(start for start, _ in TEMPI[1:]), float("inf")]
    stretches = zip(TEMPI, ends, strict=True)
    return sum((60 / tempo * (min(beat, end) - start) for (start, tempo), end in stretches if beat > start), 0.0)


def last_beat(score: Iterable[Part]) -> float:
    """Return the beat at which the last note ends."""
    return max(note.start + note.length for part in score for note in part.notes())


def timeline(score: Iterable[Part]) -> list[Span]:
    """Return when each instrument plays, in order of entry; rests shorter than a bar do not count as silence."""
    played: dict[str, list[tuple[float, float]]] = {}
    for part in score:
        for note in part.notes():
            played.setdefault(part.instrument, []).append((note.start, note.start + note.length))
    spans = []
    for instrument, notes in played.items():
        joined: list[tuple[float, float]] = []
        for start, end in sorted(notes):
            if joined and start - joined[-1][1] < BEATS_PER_BAR:
                joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
            else:
                joined.append((start, end))
        spans += [Span(instrument=instrument, start=round(seconds(a), 2), end=round(seconds(b), 2)) for a, b in joined]
    return sorted(spans, key=lambda span: span["start"])


def humanised(part: Part, rng: np.random.Generator) -> list[Note]:
    """Return a part's notes with small deviations of a player; a repeated key is released before it is struck again."""
    next_strike: dict[int, float] = {}
    played = []
    for note in reversed(part.notes()):
        start = max(0.0, note.start + rng.uniform(-TIMING_SPREAD, TIMING_SPREAD))
        length = min(note.length * part.held, next_strike.get(note.key, float("inf")) - start)
        velocity = note.velocity + rng.uniform(-VELOCITY_SPREAD, VELOCITY_SPREAD)
        if length > 0:
            played.append(Note(start, length, note.key, min(127.0, velocity)))
            next_strike[note.key] = start
    return played[::-1]


def build_midi(score: Sequence[Part]) -> bytes:
    """Return the score as a MIDI file, one track a part; the same score gives the same bytes.

    Raises:
        TimbrescopeError: the package mido is missing.
    """
    try:
        mido = importlib.import_module("mido")
    except ModuleNotFoundError as error:
        raise TimbrescopeError("The demo recording needs the package mido; install it (pip install mido).") from error

    rng = np.random.default_rng(SEED)
    midi = mido.MidiFile(ticks_per_beat=TICKS_PER_BEAT)
    tempi = mido.MidiTrack()
    heard = [(beat, tempo) for beat, tempo in TEMPI if beat < last_beat(score)]
    changes = [(beat, mido.MetaMessage("set_tempo", tempo=mido.bpm2tempo(tempo))) for beat, tempo in heard]
    end = last_beat(score) + TAIL_SECONDS * heard[-1][1] / 60  # the player stops at the end of the longest track
    now = 0
    for beat, message in [*changes, (end, mido.MetaMessage("end_of_track"))]:
        tick = round(beat * TICKS_PER_BEAT)
        tempi.append(message.copy(time=tick - now))
        now = tick
    midi.tracks.append(tempi)
    channels = iter(channel for channel in range(16) if channel != DRUM_CHANNEL)
    for part in score:
        channel = DRUM_CHANNEL if part.instrument == "drums" else next(channels)
        track = mido.MidiTrack([mido.Message("program_change", channel=channel, program=part.program)])
        for control, value in ((7, part.volume), (10, part.pan), (91, part.reverb)):
            track.append(mido.Message("control_change", channel=channel, control=control, value=value))
        events = []
        for note in humanised(part, rng):
            start, stop = (round(beat * TICKS_PER_BEAT) for beat in (note.start, note.start + note.length))
            events += [(start, 1, note.key, round(note.velocity)), (stop, 0, note.key, 0)]
        now = 0
        for tick, pressed, key, velocity in sorted(events):  # releases before strikes of the same tick
            kind = "note_on" if pressed else "note_off"
            track.append(mido.Message(kind, channel=channel, note=key, velocity=velocity, time=tick - now))
            now = tick
        midi.tracks.append(track)
    file = io.BytesIO()
    midi.save(file=file)
    return file.getvalue()


def render(score: Sequence[Part], soundfont: Path | None = None) -> NDArray[np.float32]:
    """Play the score with FluidSynth and return float32 stereo samples, shape (n, 2), not yet levelled.

    Raises:
        TimbrescopeError: FluidSynth, the soundfont or mido is missing, or FluidSynth fails.
    """
    program = shutil.which("fluidsynth")
    if program is None:
        raise TimbrescopeError(f"The demo recording needs the program fluidsynth; install it ({INSTALL}).")
    found = next((path for path in ([soundfont] if soundfont else SOUNDFONTS) if path.is_file()), None)
    if found is None:
        raise TimbrescopeError(f"The soundfont {soundfont or SOUNDFONTS[0]} is missing; install it ({INSTALL}).")
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / "demo.mid", Path(folder) / "demo.wav"
        source.write_bytes(build_midi(score))
        options = ["-o", "synth.cpu-cores=1", "-o", "synth.chorus.active=0", "-o", "synth.reverb.room-size=0.7"]
        command = [program, "-niq", "-g", "0.35", "-r", str(SAMPLE_RATE), *options, "-T", "wav", "-O", "float"]
        command += ["-F", str(target), str(found), str(source)]
        result = subprocess.run(command, capture_output=True, text=True, check=False)
        if result.returncode or not target.is_file():
            raise TimbrescopeError(f"fluidsynth could not render the demo recording: {result.stderr.strip()[-200:]}.")
        samples = np.asarray(soundfile.read(target, dtype="float32")[0])
    return samples[: round((seconds(last_beat(score)) + TAIL_SECONDS) * SAMPLE_RATE)]


def master(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the samples, shape (n, 2), with soft-limited peaks, -1 dBFS at most, and a fade-out at the end."""
    level = samples.astype(np.float64) * (DRIVE / np.abs(samples).max())
    above = np.maximum(np.abs(level) - KNEE, 0)
    limited = np.copysign(np.minimum(np.abs(level), KNEE) + (1 - KNEE) * np.tanh(above / (1 - KNEE)), level)
    fade = round(FADE_SECONDS * SAMPLE_RATE)
    limited[-fade:] *= np.linspace(1, 0, fade)[:, None]
    steps = 2 ** (BITS - 1)
    limited *= PEAK / np.abs(limited).max()
    return np.asarray(np.floor(limited * steps + 0.5) / steps, dtype=np.float32)


def main(arguments: Sequence[str] | None = None) -> None:
    """Render the demo recording and write its timeline."""
    parser = argparse.ArgumentParser(description="Render the demo recording and its timeline.")
    parser.add_argument("--output", type=Path, default=Path("resources/demo/demo.flac"), help="a FLAC file")
    parser.add_argument("--timeline", type=Path, default=Path("resources/demo-timeline.json"), help="a JSON file")
    parser.add_argument("--soundfont", type=Path, help="FluidR3_GM.sf2, when it is not in the usual place")
    options = parser.parse_args(arguments)
    try:
        samples = master(render(SCORE, options.soundfont))
    except TimbrescopeError as error:
        parser.exit(1, f"{error}\n")
    options.output.parent.mkdir(parents=True, exist_ok=True)
    kind = {"subtype": "PCM_16", "format": "FLAC", "compression_level": 1.0}
    with soundfile.SoundFile(options.output, "w", SAMPLE_RATE, 2, **kind) as file:
        file.title, file.artist, file.license = "Demo", "timbrescope", "MIT"  # no date: the same bytes every time
        file.write(samples)
    spans = timeline(SCORE)
    options.timeline.write_text(json.dumps(spans, indent=2) + "\n", encoding="utf-8")
    for span in spans:
        print(f"| {span['instrument']} | {span['start']:.2f} | {span['end']:.2f} |")


if __name__ == "__main__":
    main()
