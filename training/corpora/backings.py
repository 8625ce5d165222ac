"""Music without singing to sing over, from a table of labelled recordings: excerpts in which no voice is labelled."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soxr

from timbrescope.audio.file import AudioFile
from timbrescope.core.errors import AudioError
from training.collection import Split
from training.corpora.general_midi import VOICE
from training.corpora.utterances import SAMPLE_RATE, Samples
from training.sources.table import read_rows

TOGETHER = 2  # labels from which on a recording is a band
BAND_SHARE = 0.65
LOOP_REST_SECONDS = 0.15
REST_SECONDS = 0.7  # a shorter one does not end a stretch of music


@dataclass(frozen=True, slots=True)
class Backing:
    """A recording in which nobody sings: its file and the stretch of it that is labelled, in seconds."""

    path: Path
    start: float
    end: float
    band: bool


def backings(table: Path) -> Mapping[Split, Sequence[Backing]]:
    """Return the recordings without voice by split; validation's groups are shared between validation and test.

    Recordings without any label are left out, for there may be speech in them.

    Raises:
        TrainingError: the table cannot be read.
    """
    rows: dict[str, list[Mapping[str, str]]] = defaultdict(list)
    for _, cells in read_rows(table):
        rows[cells["path"]].append(cells)
    found: dict[Split, list[Backing]] = {"train": [], "validation": [], "test": []}
    others: dict[str, Split] = {}  # the split of each group that is not learnt from
    for path in sorted(rows):
        stretches = _stretches(table.parent / path, rows[path])
        if not stretches:
            continue
        split: Split = "train"
        if rows[path][0]["split"] != "train":
            group = rows[path][0]["group"] or path
            split = others.setdefault(group, "validation" if len(others) % 2 == 0 else "test")
        found[split] += stretches
    return found


def _stretches(path: Path, rows: Sequence[Mapping[str, str]]) -> list[Backing]:
    """Return the stretches of a recording in which nobody sings."""
    found: list[Backing] = []
    for cells in sorted(rows, key=lambda cells: float(cells["start"] or 0)):
        labels = set(filter(None, cells["labels"].split(";")))
        if not labels or VOICE in labels or not cells["end"]:
            continue
        start, end, band = float(cells["start"] or 0), float(cells["end"]), len(labels) >= TOGETHER
        if found and start - found[-1].end < REST_SECONDS:
            found[-1] = Backing(path, found[-1].start, max(end, found[-1].end), band or found[-1].band)
        else:
            found.append(Backing(path, start, end, band))
    return found


def excerpt(pool: Sequence[Backing], samples: int, rng: np.random.Generator, warn: Callable[[str], None]) -> Samples:
    """Return music of that many samples out of one recording, repeated where the recording is too short.

    Silence is returned where the recording cannot be read, of which ``warn`` is told.
    """
    rest = np.zeros(round(LOOP_REST_SECONDS * SAMPLE_RATE), np.float32)
    bands = [at for at, backing in enumerate(pool) if backing.band]
    chosen = bands if bands and rng.random() < BAND_SHARE else range(len(pool))
    first = chosen[int(rng.integers(len(chosen)))]
    sounds: list[Samples] = []
    try:
        for backing in pool[first:]:
            left = (samples - sum(map(len, sounds))) / SAMPLE_RATE
            if backing.path != pool[first].path or left <= 0:
                break
            spare = max(0.0, backing.end - backing.start - left)
            start = backing.start + float(rng.uniform(0, spare))
            sounds += [_read(backing.path, start, min(left, backing.end - start)), rest]
    except AudioError as error:
        warn(str(error))
    sound = np.concatenate(sounds) if sounds else rest
    return np.asarray(np.tile(sound, -(-samples // len(sound)))[:samples], np.float32)


def _read(path: Path, start: float, seconds: float) -> Samples:
    """Return a part of a recording, mono at ``SAMPLE_RATE``.

    Raises:
        AudioError: the recording cannot be read, or there is no sound in that part.
    """
    file = AudioFile(path)
    wanted = round(seconds * file.sample_rate)
    blocks: list[Samples] = []
    for block in file.pcm(start):
        blocks.append(np.asarray(block.mean(axis=1), np.float32))
        if sum(map(len, blocks)) >= wanted:
            break
    if not blocks:
        raise AudioError(f"{path} holds no sound at {start:.1f} s; record or copy it again.")
    return np.asarray(soxr.resample(np.concatenate(blocks)[:wanted], file.sample_rate, SAMPLE_RATE), np.float32)
