"""Labels in time, written beside the recordings by Praat, Audacity, HTK, Festival or by hand."""

import itertools
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from praatio.utilities import textgrid_io
from praatio.utilities.errors import PraatioException

from training.collection import Collection, Item, Segment
from training.errors import TrainingError
from training.sources.text import read_lines, read_number
from training.sources.tree import files_below, folder_name, is_sound

SILENCE = "sil"
"""The label of a stretch that the file delimits and leaves without a label."""
PREFERRED_TIERS = ("phones", "phonemes", "phone", "labels")
HTK_RATE = 10_000_000  # units of time per second
HTK_LEAST = 100_000  # a file with whole numbers up to here is in seconds: a day in those, 10 ms in HTK's units
ROUNDING = 1e-3  # seconds by which times may overlap that were rounded

Row = tuple[float, float, str]


def read_segments(path: Path) -> tuple[Segment, ...]:
    """Read the labels in time of one file, sorted, not overlapping; what lies between them is silence.

    - ``.TextGrid``: Praat, long and short form. The tier is the one called phones, phonemes, phone or labels, else the
      first interval tier.
    - ``.lab``: ``start end label``, in units of 100 ns as HTK has them if all times are whole numbers and the last is
      100000 or more, else in seconds; after a line ``#``, Festival's ``end code label``.
    - ``.txt``: labels exported by Audacity, start, end and label with tabs between.
    - ``.tsv``: the same, or with a header that names the columns start, end and label (or phone).

    An empty label between two times is ``sil``; in Festival's form, which has only ends, it is a gap. Labels without
    duration, such as Audacity's points, are dropped.

    Raises:
        TrainingError: the file cannot be read or its labels overlap.
    """
    read = READERS.get(path.suffix.lower())
    if read is None:
        raise TrainingError(f"{path} has none of the endings {', '.join(READERS)}; choose a file with labels in time.")
    try:
        rows = sorted((start, end, label.strip() or SILENCE) for start, end, label in read(path) if end != start)
    except ValueError as error:
        raise TrainingError(f"{path} cannot be read as labels in time: {error}.") from error
    segments: list[Segment] = []
    for start, end, label in rows:
        before = segments[-1].end if segments else 0.0
        if start < before - ROUNDING or end < start:
            raise TrainingError(
                f'{path} has the label "{label}" from {start:g} to {end:g} s, which begins before {before:g} s or ends '
                "before it begins; correct the times."
            )
        if end > max(start, before):
            segments.append(Segment(max(start, before), end, label))
    return tuple(segments)


def read_annotated(root: Path) -> Collection:
    """Read recordings with files of labels in time beside them, for the task ``frame``.

    Labels stand in a file of the recording's name with the ending ``.TextGrid``, ``.lab``, ``.txt`` or ``.tsv``, the
    first of them that exists. A recording's group is the path of its sub-folder, its own name where there is none.

    Raises:
        TrainingError: ``root`` is no folder, or no recording in it has labels.
    """
    files, problems = files_below(root)
    named = _by_name(files)
    items: list[Item] = []
    used: set[Path] = set()
    for sound in filter(is_sound, files):
        annotation = _annotation(sound, named)
        if annotation is None:
            problems.append(f"{sound} was left out: no file of the same name with labels lies beside it.")
            continue
        used.add(annotation)
        try:
            segments = read_segments(annotation)
        except TrainingError as error:
            problems.append(f"{sound} was left out: {error}")
            continue
        if segments:
            group = folder_name(sound.parent, root) or sound.name
            items.append(Item(sound, group=group, segments=segments))
        else:
            problems.append(f"{sound} was left out: {annotation.name} has no label with a duration.")
    for path in files:
        if path.suffix.lower() in {".textgrid", ".lab"} and path not in used:  # .txt and .tsv may be anything
            problems.append(f"{path} was left out: no sound file goes with it, or another file has its labels.")
    if not items:
        reason = f"; the first reason: {problems[0]}" if problems else "."
        raise TrainingError(f"No recording in {root} has labels in time ({', '.join(READERS)}) beside it{reason}")
    labels = sorted({segment.label for item in items for segment in item.segments})
    return Collection(tuple(labels), "frame", tuple(items), tuple(problems))


def is_annotated(root: Path) -> bool:
    """Tell whether any recording in a folder has a file beside it that can be read as labels in time."""
    files, _ = files_below(root)
    named = _by_name(files)
    return any(_is_readable(_annotation(sound, named)) for sound in files if is_sound(sound))


def _is_readable(annotation: Path | None) -> bool:
    try:
        return annotation is not None and bool(read_segments(annotation))
    except TrainingError:
        return False  # lyrics or remarks


def _by_name(files: list[Path]) -> dict[tuple[Path, str], Path]:
    return {(path.parent, path.stem + path.suffix.lower()): path for path in files}


def _annotation(sound: Path, named: Mapping[tuple[Path, str], Path]) -> Path | None:
    found = (named.get((sound.parent, sound.stem + suffix)) for suffix in READERS)
    return next(filter(None, found), None)


def _textgrid(path: Path) -> Iterator[Row]:
    text = "\n".join(read_lines(path)) + "\n"  # praatio loses the last interval of a short form without a newline
    try:
        tiers = [tier for tier in textgrid_io.parseTextgridStr(text, True)["tiers"] if tier["class"] == "IntervalTier"]
    except (PraatioException, ValueError, LookupError, TypeError, AttributeError) as error:
        raise ValueError(f"Praat's format is damaged ({error})") from error
    by_tier_name = {tier["name"].strip().lower(): tier for tier in reversed(tiers)}
    chosen = [by_tier_name[name] for name in PREFERRED_TIERS if name in by_tier_name] or tiers
    if not chosen:
        raise ValueError("it has no interval tier")
    for start, end, label in chosen[0]["entries"]:
        yield _time(str(start)), _time(str(end)), str(label)


def _lab(path: Path) -> Iterator[Row]:
    lines = [line.strip() for line in read_lines(path)]
    if "#" in lines:
        yield from _festival(lines[lines.index("#") + 1 :])
        return
    rows = [[*line.split(maxsplit=2), "", ""][:3] for line in lines if line]
    times = [row[:2] for row in rows]
    whole = all(time.isdecimal() for time in itertools.chain(*times))
    htk = whole and max((int(end) for _, end in times), default=0) >= HTK_LEAST
    for start, end, label in rows:
        if htk:  # scores and the labels of higher levels may follow
            yield int(start) / HTK_RATE, int(end) / HTK_RATE, (label.split() or [""])[0]
        else:
            yield _time(start), _time(end), label


def _festival(lines: list[str]) -> Iterator[Row]:
    start = 0.0
    for line in filter(None, lines):
        end, _, label = [*line.split(maxsplit=2), "", ""][:3]
        name = label.split(";", 1)[0].strip()
        if name:
            yield start, _time(end), name
        start = _time(end)


def _audacity(path: Path) -> Iterator[Row]:
    for line in read_lines(path):
        if line.strip() and not line.startswith("\\"):  # a line with a backslash has the frequencies of the one before
            yield _row(line.split("\t", 2))


def _tsv(path: Path) -> Iterator[Row]:
    lines = [line.split("\t") for line in read_lines(path) if line.strip()]
    header = [name.strip().lower() for name in lines[0]] if lines else []
    named = [header.index(name) for name in ("start", "end", "label", "phone") if name in header]
    columns = named[:3] if len(named) >= 3 else [0, 1, 2]
    for cells in lines[1:] if len(named) >= 3 else lines:
        padded = cells + [""] * (max(columns) + 1)
        yield _row([padded[column] for column in columns])


def _row(cells: list[str]) -> Row:
    start, end, label = [*cells, "", ""][:3]
    return _time(start), _time(end), label


def _time(text: str) -> float:
    try:
        return read_number(text)
    except ValueError:
        raise ValueError(f'"{text}" is not a time in seconds') from None


READERS: Mapping[str, Callable[[Path], Iterator[Row]]] = {
    ".textgrid": _textgrid,
    ".lab": _lab,
    ".txt": _audacity,
    ".tsv": _tsv,
}
