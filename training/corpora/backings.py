"""Music without singing to sing over, from a table of labelled recordings: excerpts in which no voice is labelled."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from timbrescope.audio.file import AudioFile
from timbrescope.core.errors import AudioError
from training.collection import Split
from training.corpora.general_midi import VOICE
from training.corpora.utterances import SAMPLE_RATE, Samples
from training.sources.table import read_rows

TOGETHER = 2  # labels from which on a recording is a band
BAND_SHARE = 0.65
CACHED_FILES = 60
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
    """Return music of that many samples, of one recording that is repeated where it is too short.

    Silence is returned where the recording cannot be read, of which ``warn`` is told.
    """
    bands = [backing for backing in pool if backing.band]
    chosen = bands if bands and rng.random() < BAND_SHARE else pool
    backing = chosen[int(rng.integers(len(chosen)))]
    try:
        sound = _read(backing)
    except AudioError as error:
        warn(str(error))
        return np.zeros(samples, np.float32)
    if len(sound) < samples:
        rest = np.zeros(round(LOOP_REST_SECONDS * SAMPLE_RATE), np.float32)
        loop = np.concatenate([sound, rest])
        return np.asarray(np.tile(loop, -(-samples // len(loop)))[:samples], np.float32)
    start = int(rng.integers(len(sound) - samples + 1))
    return sound[start : start + samples]


@lru_cache(maxsize=CACHED_FILES)
def _read(backing: Backing) -> Samples:
    blocks = [block.samples[SAMPLE_RATE] for block in AudioFile(backing.path).blocks([SAMPLE_RATE])]
    if not blocks:
        raise AudioError(f"{backing.path} holds no sound; record or copy it again.")
    return np.concatenate(blocks)[round(backing.start * SAMPLE_RATE) : round(backing.end * SAMPLE_RATE)]
