"""The soundfonts that phrases are rendered with, and the synthesisers that play them."""

import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

from training.corpora.general_midi import DRUMS, LABELS, PIANO
from training.corpora.packages import Package
from training.corpora.takes import SAMPLE_RATE, Samples
from training.errors import TrainingError


@dataclass(frozen=True, slots=True)
class Soundfont:
    """A soundfont in a package.

    Attributes:
        family: soundfonts with samples in common have one name, which is the source of the takes.
        path: of the soundfont, or of TiMidity's configuration, in the unpacked package.
        labels: instruments that are worth rendering with it; an empty label stands for all others.
        drum_channel: its drum kits are on channel 10; a soundfont that is nothing but a kit has it on every channel.
        missing: programs that it lacks, of those that are wanted.
    """

    family: str
    package: Package
    path: str
    labels: tuple[str, ...] = (*LABELS, "")
    drum_channel: bool = True
    missing: frozenset[int] = frozenset()

    @property
    def synthesiser(self) -> str:
        """The program that plays it."""
        return synthesiser(Path(self.path))


SOUNDFONTS = (
    Soundfont("fluidr3", Package("debian", "fluid-soundfont-gm", "MIT"), "usr/share/sounds/sf2/FluidR3_GM.sf2"),
    Soundfont(
        "generaluser",
        Package("debian", "minuet-data", "GPL-2+ (package); GeneralUser GS licence 2.0 (soundfont: any use)"),
        "usr/share/minuet/soundfonts/GeneralUser-v1.47.sf2",
    ),
    Soundfont("a320u", Package("debian", "denemo-data", "GPL-2"), "usr/share/sounds/sf2/A320U.sf2"),
    Soundfont("gmbank", Package("debian", "csound-soundfont", "LGPL-2.1+"), "usr/share/sounds/sf2/sf_GMbank.sf2"),
    Soundfont(
        "freepats",
        Package("debian", "freepats", "GPL-2+ with composition exception"),
        "etc/timidity/freepats.cfg",
        missing=frozenset({3, 11, 12, 17, 18, 20, 22, 39, 49, 50, 52, 62, 81, 89, 90, 105, 108, 109}),
    ),
    Soundfont(
        "musescore_piano",  # all its other instruments come from FluidR3
        Package("debian", "musescore-general-soundfont", "MIT"),
        "usr/share/sounds/sf3/MuseScore_General_Full.sf3",
        (PIANO,),
    ),
    Soundfont(
        "avldrums",
        Package("debian", "avldrums.lv2-soundfont", "CC BY-SA 3.0"),
        "usr/share/sounds/sf2/Red_Zeppelin_4_LV2.sf2",
        (DRUMS,),
        drum_channel=False,
    ),
)


def synthesiser(path: Path) -> str:
    """Return the program that plays a soundfont, or TiMidity for a configuration of patches."""
    return "timidity" if path.suffix == ".cfg" else "fluidsynth"


def render(midi: bytes, soundfont: Path) -> Samples:
    """Play a MIDI file dry, without reverb and chorus, and return it as mono at ``SAMPLE_RATE``, shape (n,).

    Raises:
        TrainingError: the synthesiser is missing or fails.
    """
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / "phrase.mid", Path(folder) / "phrase.wav"
        source.write_bytes(midi)
        program = synthesiser(soundfont)
        if program == "timidity":
            configuration = Path(folder) / "patches.cfg"
            configuration.write_text(_patches(soundfont), encoding="utf-8")
            options = ["-c", str(configuration), "-OwM", "-s", str(SAMPLE_RATE), "-EFreverb=d", "-EFchorus=d"]
            options.append("--preserve-silence")  # before the first note, too
            _run(program, [*options, "-id", "-o", str(target), str(source)], target)
        else:
            options = ["-niq", "-R", "0", "-C", "0", "-g", "0.4", "-r", str(SAMPLE_RATE), "-o", "synth.cpu-cores=1"]
            output = ["-T", "wav", "-O", "float", "-F", str(target)]
            _run(program, [*options, *output, str(soundfont), str(source)], target)
        samples = soundfile.read(target, dtype="float32", always_2d=True)[0].mean(axis=1)
    return np.asarray(samples, dtype=np.float32)


def _patches(configuration: Path) -> str:
    """Return TiMidity's configuration with the folder where the package was unpacked, not where it is installed."""
    lines = configuration.read_text(encoding="latin-1").splitlines()
    unpacked = configuration.parents[2]
    return "\n".join(f"dir {unpacked}{line[4:]}" if line.startswith("dir /") else line for line in lines) + "\n"


def _run(program: str, arguments: Sequence[str], target: Path) -> None:
    found = shutil.which(program)
    if found is None:
        raise TrainingError(f"Rendering phrases needs {program}, which is missing; install it (apt install {program}).")
    result = subprocess.run([found, *arguments], capture_output=True, text=True, check=False)
    if result.returncode or not target.is_file():
        raise TrainingError(f"{program} could not render a phrase ({result.stderr.strip()[-200:]}).")
