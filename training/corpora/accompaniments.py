"""Accompaniments by MMA: chord progressions played in the grooves of its library, one part an instrument."""

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np

from training.corpora.notes import Part
from training.corpora.packages import Package
from training.corpora.scores import read_midi
from training.errors import TrainingError

MMA = Package("debian", "mma", "GPL-2+")
PROGRESSIONS = (
    "C Am F G7", "C F G7 C", "Am F C G", "Dm7 G7 Cmaj7 Am7", "C7 C7 F7 C7", "Em C G D", "Am Dm E7 Am", "G D Em C",
    "Fmaj7 Em7 Dm7 Cmaj7", "A D E D", "Bm G D A", "Eb Bb Cm Ab", "Gm Eb Bb F", "E A B7 A", "Dm C Bb A7",
)  # fmt: skip


def grooves(folder: Path) -> list[str]:
    """Return the names of the grooves of an unpacked MMA's standard library, each with its file, in order."""
    library = folder / "usr" / "share" / "mma" / "lib"
    found = []
    for path in sorted(library.glob("stdlib/*.mma")):
        names = re.findall(r"(?im)^\s*DefGroove\s+(\S+)", path.read_text(encoding="latin-1"))
        found += [f"{path.relative_to(library).with_suffix('').as_posix()}:{name}" for name in names]
    return found


def accompany(folder: Path, groove: str, target: Path, rng: np.random.Generator) -> list[Part]:
    """Play a random progression in a groove and return its parts; the MIDI file is kept at ``target``.

    Raises:
        TrainingError: MMA cannot play the groove.
    """
    if not target.is_file():
        lines = [f"Tempo {rng.integers(75, 150)}", f"Groove {groove}"]
        chords: list[str] = []
        for _ in range(3):
            chords += str(rng.choice(PROGRESSIONS)).split() * 2
        lines += [f"{bar} {chord}" for bar, chord in enumerate(chords, 1)]
        target.parent.mkdir(parents=True, exist_ok=True)
        score = target.with_suffix(".mma")
        score.write_text("\n".join(lines) + "\n", encoding="ascii")
        home = (folder / "usr" / "share" / "mma").resolve()
        command = [sys.executable, str(folder / "usr" / "bin" / "mma"), "-f", str(target), str(score)]
        environment = {**os.environ, "MMA_HOME": str(home)}
        result = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
        if result.returncode or not target.is_file():
            raise TrainingError(f"MMA cannot play the groove {groove} ({result.stdout.strip()[-150:]}).")
    return read_midi(target)
