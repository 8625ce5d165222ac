"""What General MIDI's programs are called among the thirteen instruments, and what players play on them."""

from typing import Literal

DRUM_CHANNEL = 9
Kind = Literal["melody", "chords", "bass", "drums"]

CELLO, CLARINET, FLUTE = "cello", "clarinet", "flute"
ACOUSTIC_GUITAR, ELECTRIC_GUITAR, ELECTRIC_BASS = "acoustic guitar", "electric guitar", "electric bass"
ORGAN, PIANO, SAXOPHONE, TRUMPET, VIOLIN = "organ", "piano", "saxophone", "trumpet", "violin"
VOICE, DRUMS = "voice", "drums"
LABELS = (
    CELLO, CLARINET, FLUTE, ACOUSTIC_GUITAR, ELECTRIC_GUITAR, ORGAN, PIANO, SAXOPHONE, TRUMPET, VIOLIN, VOICE, DRUMS,
    ELECTRIC_BASS,
)  # fmt: skip
"""The thirteen instruments."""

PROGRAMS: dict[str, tuple[int, ...]] = {
    ACOUSTIC_GUITAR: (24, 25),
    ELECTRIC_GUITAR: (26, 27, 28, 29, 30),
    ORGAN: (16, 17, 18, 19, 20),
    PIANO: (0, 1, 2, 3),
    ELECTRIC_BASS: (33, 34, 35, 36, 37),
    SAXOPHONE: (64, 65, 66, 67),
    TRUMPET: (56, 56, 56, 59),  # the last is muted
    VIOLIN: (40,),
    CELLO: (42,),
    CLARINET: (71,),
    FLUTE: (73,),
    VOICE: (52, 53),  # choir "aah", voice "ooh"; 54 is a synthesiser
    DRUMS: (0, 8, 16, 24, 25, 32, 40),  # kits
}
"""Programs counted from 0. Programs 31 (guitar harmonics), 32 (double bass), 38 and 39 (synth bass) are in no class."""

OTHERS: dict[int, Kind] = {
    4: "chords", 5: "chords", 6: "chords", 7: "chords", 8: "melody", 9: "melody", 11: "chords", 12: "melody",
    14: "melody", 15: "chords", 22: "melody", 32: "bass", 38: "bass", 39: "bass", 44: "chords", 45: "melody",
    46: "chords", 48: "chords", 49: "chords", 50: "chords", 57: "melody", 58: "bass", 60: "melody", 61: "chords",
    62: "chords", 68: "melody", 69: "melody", 70: "melody", 75: "melody", 80: "melody", 81: "melody", 84: "melody",
    88: "chords", 89: "chords", 90: "chords", 95: "chords", 104: "melody", 105: "chords", 108: "melody",
    109: "melody", 114: "melody",
}  # fmt: skip
"""Instruments that are none of the thirteen, and what they play."""

RANGES: dict[str, tuple[int, int]] = {
    CELLO: (36, 76), CLARINET: (50, 91), FLUTE: (60, 96), ACOUSTIC_GUITAR: (40, 79), ELECTRIC_GUITAR: (40, 84),
    ORGAN: (36, 91), PIANO: (24, 103), SAXOPHONE: (46, 85), TRUMPET: (54, 84), VIOLIN: (55, 98), VOICE: (43, 79),
    ELECTRIC_BASS: (28, 58),
}  # fmt: skip
"""Lowest and highest MIDI key that players commonly use."""

PROGRAM_RANGES: dict[int, tuple[int, int]] = {
    57: (40, 70), 58: (29, 58), 60: (41, 76), 68: (58, 88), 69: (52, 81), 70: (35, 72), 64: (56, 87), 65: (49, 80),
    66: (44, 75), 67: (36, 68), 32: (28, 55), 38: (28, 55), 39: (28, 55), 8: (60, 96), 9: (72, 96), 14: (60, 77),
}  # fmt: skip
"""Ranges of single programs where they differ from their class's, or from the one below for other instruments."""
OTHER_RANGE = (45, 84)

KINDS: dict[str, tuple[Kind, ...]] = {
    CELLO: ("melody",), CLARINET: ("melody",), FLUTE: ("melody",), SAXOPHONE: ("melody",), TRUMPET: ("melody",),
    VIOLIN: ("melody",), VOICE: ("melody", "chords"), ACOUSTIC_GUITAR: ("chords", "chords", "melody"),
    ELECTRIC_GUITAR: ("chords", "melody"), ORGAN: ("chords", "chords", "melody"),
    PIANO: ("chords", "chords", "melody"), ELECTRIC_BASS: ("bass",), DRUMS: ("drums",),
}  # fmt: skip
"""What each instrument plays, the more common twice."""


def label_of(program: int, *, drums: bool = False) -> str | None:
    """Return the instrument that a program stands for, or None for any other; ``drums`` is channel 10."""
    if drums:
        return DRUMS
    return next((label for label, programs in PROGRAMS.items() if label != DRUMS and program in programs), None)


def range_of(label: str | None, program: int) -> tuple[int, int]:
    """Return the lowest and highest key that suit a program of a class; ``None`` stands for other instruments."""
    if program in PROGRAM_RANGES:
        return PROGRAM_RANGES[program]
    return RANGES[label] if label else OTHER_RANGE
