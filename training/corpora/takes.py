"""One recording of the corpus: its sound as a FLAC file, its labelled pieces as rows of the table beside it."""

import csv
import io
import itertools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import astuple, dataclass, fields
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from timbrescope.audio.file import AudioFile
from timbrescope.core.errors import AudioError
from timbrescope.core.files import replaced_when_done
from training.corpora.splits import split_of

SAMPLE_RATE = 32000
PIECE_SECONDS = (2.0, 6.0)
SHORTEST = 0.25  # what sounds for less is no piece
JOINED = 0.6  # a rest shorter than this does not end a piece
PEAK = 0.89
FAINT = 10 ** (-50 / 20)  # a labelled piece below this level is the end of a note's ringing; nobody would hear it
QUIET = 3e-3  # a peak below this is meant to be quiet and is not made louder

Samples = NDArray[np.float32]
Span = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Take:
    """A recording with one set of labels.

    Attributes:
        samples: float32, shape (n,), at ``SAMPLE_RATE``.
        spans: start and end in seconds of what sounds, in any order; nothing stands for all of it.
        labels: the instruments; none for what is no instrument of ours.
        source: the family that the recording comes from, which is in one split as a whole.
        group: what must stay on one side of a split: the instrument, player or recording.
        licence: of the recording, or of the samples that it was made from.
        pieces: start and end in seconds of the pieces with the labels of each, as the table has them, where they
            change in it; they stand for ``spans`` and ``labels``.
    """

    samples: Samples
    labels: tuple[str, ...]
    source: str
    group: str
    licence: str
    spans: tuple[Span, ...] = ()
    pieces: tuple[tuple[Span, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Job:
    """A take to be made: its name in the corpus, without suffix, says whether it is there already.

    ``make`` is given a random generator that depends on the name and the corpus's seed alone; None means that nothing
    usable came out.
    """

    name: str
    make: Callable[[np.random.Generator], Take | None]


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table, as ``training.sources.table`` reads it; labels are separated by ``;``."""

    path: str
    start: float
    end: float
    labels: str
    group: str
    split: str
    source: str
    licence: str


COLUMNS = tuple(field.name for field in fields(Row))


def joined(spans: Iterable[Span], rest: float = JOINED) -> list[Span]:
    """Return spans in order, those that overlap or are less than ``rest`` seconds apart made one."""
    result: list[Span] = []
    for start, end in sorted(spans):
        if result and start - result[-1][1] < rest:
            result[-1] = (result[-1][0], max(end, result[-1][1]))
        else:
            result.append((start, end))
    return result


def pieces(spans: Iterable[Span]) -> list[Span]:
    """Return spans cut into equal pieces of two to six seconds; shorter spans stay whole, the shortest are dropped."""
    result: list[Span] = []
    for start, end in joined(spans):
        length = end - start
        if length < SHORTEST:
            continue
        count = max(1, -int(-length // PIECE_SECONDS[1]))
        edges = np.linspace(start, end, count + 1)
        result += [(a, b) for a, b in itertools.pairwise(edges.tolist())]
    return result


def rows(take: Take, path: str) -> list[Row]:
    """Return the table's rows for a take that is stored at ``path``, without labelled pieces that are too faint."""
    end = len(take.samples) / SAMPLE_RATE
    spans = [(max(0.0, a), min(b, end)) for a, b in take.spans or ((0.0, end),) if a < end]
    constant = ";".join(take.labels)
    return [
        Row(
            path=path,
            start=round(a, 3),
            end=round(b, 3),
            labels=labels,
            group=take.group,
            split=split_of(take.source, take.group),
            source=take.source,
            licence=take.licence,
        )
        for (a, b), labels in take.pieces or [(piece, constant) for piece in pieces(spans)]
        if not labels or _level(take.samples, a, b) > FAINT
    ]


def store(take: Take, folder: Path, name: str) -> None:
    """Write a take's sound and, when that is complete, its rows, under ``folder``/audio.

    Raises:
        OSError: the disk is full or may not be written.
    """
    path = f"audio/{name}.flac"
    (folder / path).parent.mkdir(parents=True, exist_ok=True)
    sound = io.BytesIO()
    soundfile.write(sound, levelled(take.samples), SAMPLE_RATE, format="FLAC", subtype="PCM_16")
    with replaced_when_done(folder / path) as file:
        file.write(sound.getvalue())
    with replaced_when_done(rows_file(folder, name)) as file:
        file.write(written(rows(take, path)).encode())


def _level(samples: Samples, start: float, end: float) -> float:
    """Return the root mean square of a piece of levelled samples."""
    piece = samples[round(start * SAMPLE_RATE) : round(end * SAMPLE_RATE)]
    peak = max(float(np.abs(samples).max()), QUIET)
    return float(np.sqrt(np.mean(piece.astype(np.float64) ** 2))) * PEAK / peak if len(piece) else 0.0


def rows_file(folder: Path, name: str) -> Path:
    """Return where a take's rows are; an empty file stands for a job from which nothing usable came."""
    return folder / "audio" / f"{name}.csv"


def written(table: Sequence[Row]) -> str:
    """Return rows as lines of CSV without a header."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(astuple(row) for row in table)
    return text.getvalue()


def levelled(samples: Samples) -> Samples:
    """Return samples with their peak at -1 dBFS, so that 16 bits suffice; silence stays silence."""
    peak = float(np.abs(samples).max(initial=0.0))
    return samples if peak < QUIET else np.asarray(samples * (PEAK / peak), dtype=np.float32)


def read_audio(path: Path, longest: float = 60.0) -> Samples:
    """Return up to ``longest`` seconds of a sound file as mono at ``SAMPLE_RATE``, shape (n,).

    Raises:
        AudioError: the file is missing or damaged and nothing of it can be read.
    """
    blocks: list[Samples] = []
    held = 0
    try:
        for block in AudioFile(path).blocks([SAMPLE_RATE]):
            blocks.append(block.samples[SAMPLE_RATE])
            held += len(blocks[-1])
            if held >= longest * SAMPLE_RATE:
                break
    except AudioError:
        if not held:
            raise
    return np.concatenate(blocks)[: round(longest * SAMPLE_RATE)]


def trimmed(samples: Samples, floor: float = 10 ** (-50 / 20)) -> Samples:
    """Return samples without what is 50 dB below their peak at both ends."""
    loud = np.flatnonzero(np.abs(samples) > floor * np.abs(samples).max(initial=0.0))
    return samples[loud[0] : loud[-1] + 1] if len(loud) else samples[:0]
