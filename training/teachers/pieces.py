"""From tables of recordings to the pieces that teachers hear."""

import csv
import hashlib
import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from timbrescope.audio.file import AudioFile
from timbrescope.core.errors import AudioError
from training.errors import TrainingError
from training.sources.table import ALL_OTHERS
from training.sources.text import read_lines, read_number

UNLABELLED = f"{ALL_OTHERS}=?"
"""What stands under ``labels`` where nobody knows any label."""

Warn = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Piece:
    """What one row of scores stands for: from ``start`` to ``end`` in seconds; the rest is as in the table it is of."""

    path: Path
    start: float
    end: float
    labels: str
    group: str
    split: str


def read_pieces(table: Path, seconds: float, warn: Warn) -> list[Piece]:
    """Return the pieces of ``seconds`` into which the lines of a table are cut.

    A last piece may be shorter, down to half of ``seconds``; what is shorter from the beginning stays whole.

    Args:
        table: CSV in UTF-8 with the column path, which counts from the table's folder, and any of start, end, labels,
            group and split. Where no line has a label nobody knows the labels, otherwise a line without one has none.
        seconds: length of a piece.
        warn: told of recordings that cannot be read.

    Raises:
        TrainingError: the table cannot be read, or a time in it is no number.
    """
    lines = list(_lines(table))
    labelled = any(line.get("labels") for line in lines)
    durations: dict[Path, float] = {}
    pieces: list[Piece] = []
    for number, line in enumerate(lines, start=2):
        path = (table.parent / line["path"]).resolve()
        try:
            start = read_number(line.get("start") or "0")
            end = read_number(line["end"]) if line.get("end") else None
        except ValueError as error:
            raise TrainingError(f'{table}, line {number}: "{error}" is no time in seconds; correct it.') from error
        if end is None:
            if path not in durations:
                durations[path] = _duration(path, warn)
            end = durations[path]
        labels = line.get("labels") or "" if labelled else UNLABELLED
        group = line.get("group") or line["path"]
        pieces += [Piece(path, a, b, labels, group, line.get("split") or "") for a, b in cut(start, end, seconds)]
    return pieces


def cut(start: float, end: float, seconds: float) -> list[tuple[float, float]]:
    """Return the starts and ends of pieces from ``start`` to ``end``, as ``read_pieces`` says."""
    if end <= start:
        return []
    count = max(1, int((end - start) / seconds + 0.5))
    edges = [*(start + seconds * number for number in range(count)), min(end, start + seconds * count)]
    return [(round(a, 4), round(b, 4)) for a, b in itertools.pairwise(edges)]


def spread(pieces: Sequence[Piece], most_seconds: float, seed: int) -> list[Piece]:
    """Return pieces at even distances over all recordings, as many as last ``most_seconds``."""
    ends = np.cumsum([piece.end - piece.start for piece in pieces])
    if not len(ends) or ends[-1] <= most_seconds:
        return list(pieces)
    count = max(1, round(most_seconds * len(pieces) / float(ends[-1])))
    first = np.random.default_rng(seed).random()
    return [pieces[int((number + first) * len(pieces) / count)] for number in range(count)]


def by_file(pieces: Sequence[Piece], seed: int) -> list[list[Piece]]:
    """Return the pieces of each file in the order of time; the files in an order that looks random.

    So what has been heard at any moment is a sample of all.
    """
    files: dict[Path, dict[tuple[float, float], Piece]] = {}
    for piece in pieces:
        files.setdefault(piece.path, {}).setdefault((piece.start, piece.end), piece)
    order = sorted(files, key=lambda path: hashlib.sha256(f"{seed} {path.as_posix()}".encode()).digest())
    return [[files[path][times] for times in sorted(files[path])] for path in order]


def _lines(table: Path) -> Iterator[Mapping[str, str]]:
    rows = csv.DictReader(read_lines(table), restval="")
    try:
        if "path" not in (rows.fieldnames or ()):
            raise TrainingError(f'The first line of {table} names no column "path", separated by commas; add it.')
        yield from (row for row in rows if row["path"])
    except csv.Error as error:
        raise TrainingError(f"{table} cannot be read as a table near line {rows.line_num}: {error}.") from error


def _duration(path: Path, warn: Warn) -> float:
    """Return the length of a recording in seconds; nought if it cannot be read."""
    try:
        recording = AudioFile(path)
        if recording.duration is not None:
            return recording.duration
        *_, last = recording.blocks({recording.sample_rate})
    except AudioError as error:
        warn(str(error))
        return 0.0
    return last.seconds
