"""People singing and speaking: singers' voice banks, and readers whose words are in packages."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import av
import numpy as np
import soxr

from timbrescope.core.errors import AudioError
from training.corpora.general_midi import VOICE
from training.corpora.packages import Package
from training.corpora.singing import sing
from training.corpora.takes import SAMPLE_RATE, Job, Samples, Take, read_audio, trimmed

TAKE_SECONDS = 45.0
LONGEST_SECONDS = 8.0
G722_RATE = 16000
ASTERISK_LICENCE = "CC BY-SA 3.0"


@dataclass(frozen=True, slots=True)
class Readers:
    """People who speak in a package.

    Attributes:
        package: where their recordings are.
        source: the family of the recordings.
        base: a folder of the package; ``pattern`` gives the recordings below it.
        depth: how many folders below ``base``, at most, tell the speaker; 0 where there is one.
    """

    package: Package
    source: str
    base: str
    pattern: str
    depth: int = 0

    def speakers(self, folder: Path) -> dict[str, list[Path]]:
        """Return each speaker's recordings in an unpacked package, in order."""
        found: dict[str, list[Path]] = {}
        for path in sorted((folder / self.base).glob(self.pattern)):
            parts = path.relative_to(folder / self.base).parts[:-1][: self.depth]
            found.setdefault("_".join((self.source, *parts)), []).append(path)
        return found


READERS = (
    *(
        Readers(
            Package("debian", f"asterisk-core-sounds-{language}-g722", ASTERISK_LICENCE),
            f"asterisk_{language}",
            "usr/share/asterisk/sounds",
            "**/*.g722",
        )
        for language in ("es", "fr", "it", "ru")  # the English one is kept for judging
    ),
    Readers(Package("debian", "klettres-data", "GPL-2+"), "klettres", "usr/share/klettres", "*/*/*.ogg", depth=1),
    Readers(Package("debian", "kajongg", "GPL-2"), "kajongg", "usr/share/kajongg/voices", "**/*.ogg", depth=2),
    Readers(
        Package("debian", "festvox-ru", "BSD-like"),
        "festvox_ru",
        "usr/share/festival/voices/russian/msu_ru_nsh_clunits/wav",
        "*.wav",
    ),
)


def reader_jobs(
    readers: Readers, folder: Path, sung: float, spoken: float, warn: Callable[[str], None]
) -> Iterator[Job]:
    """Yield, for every speaker, takes in which their speech was made into singing, and takes as they spoke.

    Args:
        readers: who speaks in the package.
        folder: where it was unpacked.
        sung: minutes of singing a speaker, labelled voice.
        spoken: minutes of speech a speaker, with no label.
        warn: told of recordings that cannot be read.
    """
    for speaker, files in readers.speakers(folder).items():
        for kind, minutes, label in (("sung", sung, VOICE), ("spoken", spoken, "")):
            count = round(minutes * 60 / TAKE_SECONDS)
            for number in range(count):
                make = partial(
                    _take, files[number::count], label, readers.source, speaker, readers.package.licence, kind, warn
                )
                yield Job(f"voices/{readers.source}/{speaker}/{kind}_{number:02d}", make)


def singer_jobs(folder: Path, minutes: float, warn: Callable[[str], None], *, sung: bool) -> Iterator[Job]:
    """Yield, for every singer's folder of recordings, takes as they sang and, if ``sung``, with other melodies."""
    for bank in sorted(path for path in folder.iterdir() if path.is_dir()):
        files = sorted(path for path in bank.rglob("*") if path.suffix.lower() in {".ogg", ".wav", ".flac"})
        if not files:
            continue
        licence = f"as in the LICENSE of the voice bank {bank.name}"
        for kind in ("as_is", "sung") if sung else ("as_is",):
            count = max(1, round(minutes * 60 / TAKE_SECONDS))
            for number in range(count):
                make = partial(_take, files[number::count], VOICE, bank.name, bank.name, licence, kind, warn)
                yield Job(f"voices/{bank.name}/{kind}_{number:02d}", make)


def _take(
    files: Sequence[Path],
    label: str,
    source: str,
    group: str,
    licence: str,
    kind: str,
    warn: Callable[[str], None],
    rng: np.random.Generator,
) -> Take | None:
    sounds: list[Samples] = []
    length = 0.0
    for at in rng.permutation(len(files)):
        try:
            samples = trimmed(_read(files[int(at)]))
        except (AudioError, av.FFmpegError) as error:
            warn(str(error))
            continue
        if len(samples) < SAMPLE_RATE // 8:
            continue
        samples = samples / np.abs(samples).max()
        if kind == "sung":
            samples = sing(samples, rng)
        sounds += [samples, np.zeros(round(rng.uniform(0.03, 0.35) * SAMPLE_RATE), dtype=np.float32)]
        length += (len(sounds[-1]) + len(samples)) / SAMPLE_RATE
        if length > TAKE_SECONDS:
            break
    if not sounds:
        return None
    return Take(
        samples=np.concatenate(sounds),
        labels=(label,) if label else (),
        source=source,
        group=group,
        licence=licence,
    )


def _read(path: Path) -> Samples:
    """Return the first seconds of a recording; G.722 has no header by which it could be told."""
    if path.suffix != ".g722":
        return read_audio(path, LONGEST_SECONDS)
    blocks: list[np.ndarray] = []
    with av.open(str(path), format="g722") as container:
        for frame in container.decode(audio=0):
            blocks.append(frame.to_ndarray().reshape(-1))
            if sum(map(len, blocks)) > LONGEST_SECONDS * G722_RATE:
                break
    if not blocks:
        return np.zeros(0, dtype=np.float32)
    samples = np.concatenate(blocks).astype(np.float32) / 32768
    return np.asarray(soxr.resample(samples, G722_RATE, SAMPLE_RATE), dtype=np.float32)
