"""Speech by Flite and Festival, which say when each phoneme ends.

Both programs and Festival's voices are taken out of their Debian packages; nothing is installed.
"""

import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import soundfile
import soxr

from training.collection import Segment
from training.corpora.packages import Package, fetch
from training.corpora.utterances import SAMPLE_RATE, Utterance, utterance
from training.errors import TrainingError
from training.sources.annotations import read_segments

PROGRAMS = (
    Package("debian", "festival", "X11-like"),
    Package("debian", "libestools2.5", "X11-like"),
    Package("debian", "flite", "X11-like"),
    Package("debian", "libflite1", "X11-like"),
    Package("debian", "festlex-cmu", "BSD-like"),
    Package("debian", "festlex-poslex", "BSD-like"),
    Package("debian", "festlex-ifd", "GPL-2+"),
    Package("debian", "festival-czech", "GPL-2+"),
    Package("debian", "festival-ca", "LGPL-2.1+"),
    Package("debian", "festvox-suopuhe-common", "LGPL-2.1+"),
)
LONGEST_SECONDS = 60.0  # that a phrase may take to be spoken
TREE = "festival"


@dataclass(frozen=True, slots=True)
class FestivalVoice:
    """A voice of Festival: its package, the function that selects it, and the set of its phonemes."""

    package: Package
    function: str
    phone_set: str
    encoding: str = "utf-8"


def tree(cache: Path, voices: tuple[FestivalVoice, ...]) -> Path:
    """Return a folder with the programs and voices out of their packages, made once, under ``cache``.

    Raises:
        TrainingError: a package cannot be fetched.
    """
    packages = (*PROGRAMS, *(voice.package for voice in voices))
    folder = cache / TREE
    done = folder / "packages.txt"
    names = "\n".join(package.key for package in packages)
    if done.is_file() and done.read_text(encoding="utf-8") == names:
        return folder
    shutil.rmtree(folder, ignore_errors=True)
    for package in packages:
        shutil.copytree(fetch(package, cache), folder, dirs_exist_ok=True, symlinks=True)
    library = folder.resolve() / "usr/share/festival"
    for path in library.rglob("*.scm"):  # several name the place where Debian installs them
        content = path.read_bytes()
        if b"/usr/share/festival" in content and not path.is_symlink():
            path.write_bytes(content.replace(b"/usr/share/festival", str(library).encode()))
    done.write_text(names, encoding="utf-8")
    return folder


def flite(folder: Path, text: str, voice: str) -> Utterance:
    """Return a text spoken by a voice of Flite, such as ``slt``; an end is right within 5 ms, except for ``kal16``.

    Raises:
        TrainingError: Flite failed.
        LabelError: a phoneme is unknown.
    """
    with tempfile.TemporaryDirectory() as scratch:
        wave = Path(scratch) / "spoken.wav"
        said = _run(folder, "flite", "-voice", voice, "-psdur", "-t", text, "-o", str(wave))
        labels: list[Segment] = []
        for word in said.split():
            name, _, end = word.partition(":")
            labels.append(Segment(labels[-1].end if labels else 0.0, float(end), name))
        return _read(wave, labels, "arpabet")


def festival(folder: Path, text: str, voice: FestivalVoice) -> Utterance:
    """Return a text spoken by a voice of Festival.

    Raises:
        TrainingError: Festival failed.
        LabelError: a phoneme is unknown.
    """
    with tempfile.TemporaryDirectory() as scratch:
        wave, segments = Path(scratch) / "spoken.wav", Path(scratch) / "spoken.lab"
        script = Path(scratch) / "say.scm"
        quoted = text.replace("\\", " ").replace('"', " ")
        script.write_text(
            f'({voice.function})\n(set! said (Utterance Text "{quoted}"))\n(utt.synth said)\n'
            f'(utt.save.wave said "{wave}" \'riff)\n(utt.save.segs said "{segments}")\n',
            encoding=voice.encoding,
            errors="ignore",
        )
        library = str(folder.resolve() / "usr/share/festival")
        _run(folder, "festival", "--datadir", library, "--libdir", library, "-b", str(script))
        if not wave.is_file() or not segments.is_file():
            raise TrainingError(f'Festival could not say "{text}" with {voice.function}.')
        return _read(wave, read_segments(segments), voice.phone_set)


def _read(wave: Path, labels: list[Segment] | tuple[Segment, ...], phone_set: str) -> Utterance:
    samples, rate = soundfile.read(wave, dtype="float32")
    return utterance(soxr.resample(samples, rate, SAMPLE_RATE), labels, phone_set)


def _run(folder: Path, program: str, *arguments: str) -> str:
    libraries = sorted({str(path.parent.resolve()) for path in (folder / "usr/lib").rglob("*.so*")})
    environment = {**os.environ, "LD_LIBRARY_PATH": os.pathsep.join(libraries)}
    try:
        result = subprocess.run(
            [str(folder / "usr/bin" / program), *arguments],
            capture_output=True,
            check=True,
            env=environment,
            timeout=LONGEST_SECONDS,
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise TrainingError(f"{program} could not speak ({error}).") from error
    return result.stdout.decode(errors="replace")
