"""Build the corpus with which the instrument models are trained, from packages and from a folder of recordings.

Every run does what is missing: takes that are there are not made again. The same seed and the same packages give the
same corpus. Run from a checkout:

    python -m training.corpora.instruments --output DIR [--recordings DIR] [--singers DIR] [--minutes N] [--seed N]

In DIR are then ``corpus.csv`` (the table to train with), ``audio/`` (FLAC, mono, 32 kHz), ``unlabelled.csv`` (music
without labels), ``manifest.json`` (every package with its version, checksum and licence) and ``packages/``, the cache.
"""

import argparse
import csv
import io
import json
import shutil
import sys
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from tqdm import tqdm

from timbrescope.core.errors import TimbrescopeError
from timbrescope.core.files import replaced_when_done
from training.corpora import ensembles, negatives, pool, recordings, rendered, sampled, takes, unlabelled, voices
from training.corpora.amplifier import CABINETS, cabinet_files
from training.corpora.general_midi import CLARINET, DRUMS, ELECTRIC_GUITAR, LABELS, ORGAN, SAXOPHONE, TRUMPET, VOICE
from training.corpora.packages import Package, fetch, read_manifest
from training.corpora.recorded_packages import RECORDED
from training.corpora.soundfonts import SOUNDFONTS, Soundfont
from training.errors import TrainingError

WEAK = frozenset({CLARINET, ELECTRIC_GUITAR, ORGAN, SAXOPHONE, TRUMPET})
"""What models confuse most; there is twice as much of it."""
SUNG_MINUTES = 0.75  # of each reader
SPOKEN_MINUTES = 0.75
SINGER_MINUTES = 5.0

Warn = Callable[[str], None]


def minutes_of(label: str, weak: float) -> float:
    """Return the minutes to render of a label, when weak classes get ``weak`` minutes.

    Of the voice there is little, because a soundfont's choir sings no words; the empty label is all other instruments.
    """
    if label == VOICE:
        return weak / 4
    return weak if label in WEAK or not label else weak / 2


def build(output: Path, recorded: Path | None, singers: Path | None, minutes: float, seed: int, warn: Warn) -> int:
    """Build the corpus and return the number of its rows.

    Args:
        output: the corpus's folder.
        recorded: a folder of recordings with its ``manifest.csv``.
        singers: a folder with a folder of recordings for each singer.
        minutes: to render of each weak class.
        seed: of all random choices.
        warn: told of what cannot be had; the corpus is built without it.

    Raises:
        TrainingError: nothing could be made.
        OSError: the disk is full or may not be written.
    """
    cache = output / "packages"
    entries = recordings.read_manifest(recorded) if recorded else []
    work = list(_jobs(cache, entries, singers, minutes, seed, warn))
    done: list[str] = []
    for job in tqdm(work, desc="takes", unit="take"):
        if not takes.rows_file(output, job.name).is_file():
            rng = np.random.default_rng([seed, zlib.crc32(job.name.encode())])
            try:
                take = job.make(rng)
            except TimbrescopeError as error:
                warn(str(error))
                continue
            if take is None:
                _store_nothing(output, job.name)
            else:
                takes.store(take, output, job.name)
        done.append(job.name)
    table = "".join(takes.rows_file(output, name).read_text(encoding="utf-8") for name in sorted(done))
    if not table:
        raise TrainingError(f"Nothing could be made in {output}; see the messages above.")
    _write(output / "corpus.csv", ",".join(takes.COLUMNS) + "\n" + table)
    unlabelled.list_music(output, cache, warn)
    unlabelled.list_held_out(output, cache, warn)
    described = {"seed": seed, "minutes": minutes, "packages": read_manifest(cache)}
    _write(output / "manifest.json", json.dumps(described, indent=2, sort_keys=True) + "\n")
    return table.count("\n")


def summary(table: Path) -> str:
    """Return how many minutes and groups of each label a corpus's table has, as lines of text."""
    seconds: dict[str, float] = {}
    groups: dict[str, set[str]] = {}
    with table.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            for label in row["labels"].split(";"):
                seconds[label] = seconds.get(label, 0.0) + float(row["end"]) - float(row["start"])
                groups.setdefault(label, set()).add(row["group"])
    text = io.StringIO()
    for label in sorted(seconds):
        text.write(f"{label or '(none)':16} {seconds[label] / 60:7.1f} min {len(groups[label]):4} groups\n")
    return text.getvalue()


def main(arguments: Sequence[str] | None = None) -> None:
    """Build the corpus."""
    parser = argparse.ArgumentParser(description="Build the training corpus of the instrument models.")
    parser.add_argument("--output", type=Path, required=True, help="the corpus's folder; a few gigabytes")
    parser.add_argument("--recordings", type=Path, help="a folder of recordings with a manifest.csv")
    parser.add_argument("--singers", type=Path, help="a folder with a folder of recordings for each singer")
    parser.add_argument("--minutes", type=float, default=40.0, help="to render of each weak class (default: 40)")
    parser.add_argument("--seed", type=int, default=1, help="of all random choices (default: 1)")
    options = parser.parse_args(arguments)
    told: set[str] = set()

    def warn(message: str) -> None:
        if message not in told:
            told.add(message)
            tqdm.write(message, file=sys.stderr)

    try:
        options.output.mkdir(parents=True, exist_ok=True)
        build(options.output, options.recordings, options.singers, options.minutes, options.seed, warn)
        print(summary(options.output / "corpus.csv"), end="")
    except TimbrescopeError as error:
        parser.exit(1, f"{error}\n")
    except OSError as error:
        parser.exit(1, f"{options.output} cannot be written ({error}); choose another folder or make room.\n")


def _jobs(
    cache: Path, entries: Sequence[recordings.Entry], singers: Path | None, minutes: float, seed: int, warn: Warn
) -> Iterator[takes.Job]:
    wanted = [*(part.package for part in RECORDED), *(readers.package for readers in voices.READERS)]
    wanted += [*sampled.HYDROGEN, sampled.GRANDORGUE, CABINETS, *(font.package for font in _playable(warn))]
    folders = _fetched(wanted, cache, warn)
    entries = [*entries, *recordings.package_entries(RECORDED, folders)]
    songs = pool.gather(cache, seed, warn)
    parts = pool.by_kind(songs)
    cabinets = cabinet_files(folders[CABINETS.key]) if CABINETS.key in folders else []
    fonts = {font: folders[font.package.key] / font.path for font in _playable(warn) if font.package.key in folders}
    asked = {label: minutes_of(label, minutes) for label in (*LABELS, rendered.OTHER)}
    yield from recordings.jobs(entries, warn)
    yield from rendered.jobs(fonts, parts, asked, cabinets)
    half = {label: asked[label] / 2 for label in LABELS}
    yield from sampled.pitched_jobs(entries, parts, half)
    kits = [folders[package.key] for package in sampled.HYDROGEN if package.key in folders]
    yield from sampled.drum_jobs(kits, entries, asked[DRUMS], warn)
    if sampled.GRANDORGUE.key in folders:
        yield from sampled.pipe_organ_jobs(folders[sampled.GRANDORGUE.key], parts, minutes / 4)
    yield from sampled.tonewheel_jobs(parts, minutes / 4)
    yield from ensembles.jobs(fonts, sampled.recorded_instruments(entries), songs, 2 * minutes)
    yield from negatives.jobs(minutes / 2)
    sung = SUNG_MINUTES if find_spec("pyworld") else 0.0
    if not sung:
        warn("No speech is made into singing, because pyworld is missing; install it (pip install pyworld).")
    for readers in voices.READERS:
        if readers.package.key in folders:
            yield from voices.reader_jobs(readers, folders[readers.package.key], sung, SPOKEN_MINUTES, warn)
    if singers is not None:
        yield from voices.singer_jobs(singers, SINGER_MINUTES, warn, sung=bool(sung))


def _playable(warn: Warn) -> Iterator[Soundfont]:
    for font in SOUNDFONTS:
        if shutil.which(font.synthesiser) is None:
            warn(f"{font.family} is left out, because {font.synthesiser} is missing (apt install {font.synthesiser}).")
        else:
            yield font


def _fetched(packages: Iterable[Package], cache: Path, warn: Warn) -> dict[str, Path]:
    folders = {}
    for package in tqdm({package.key: package for package in packages}.values(), desc="packages", unit="package"):
        try:
            folders[package.key] = fetch(package, cache)
        except TrainingError as error:
            warn(str(error))
    return folders


def _store_nothing(output: Path, name: str) -> None:
    takes.rows_file(output, name).parent.mkdir(parents=True, exist_ok=True)
    _write(takes.rows_file(output, name), "")


def _write(path: Path, text: str) -> None:
    with replaced_when_done(path) as file:
        file.write(text.encode())


if __name__ == "__main__":
    main()
