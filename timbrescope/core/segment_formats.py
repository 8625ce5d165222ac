"""The text of files with labels in time: Praat, HTK, Festival, Audacity and tables, read and written."""

import itertools
import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from timbrescope.core.segments import Segment, Tier

HTK_RATE: Final = 10_000_000  # units of time per second
HTK_LEAST: Final = 100_000  # a file with whole numbers up to here is in seconds: a day in those, 10 ms in HTK's units

Row = tuple[float, float, str]


@dataclass(frozen=True, slots=True)
class RowTier:
    """A tier as it stands in a file: rows of start, end and label, empty labels and all."""

    name: str
    rows: tuple[Row, ...]
    is_points: bool = False


# Praat's manual ("TextGrid file formats"): only free-standing numbers and texts in double quotes count here; the rest
# is for people. That makes one reader of the long and the short form.
_TOKEN: Final = re.compile(r'(?<!\S)(?:"((?:[^"]|"")*)"|([-+]?\d[\d.]*(?:[eE][-+]?\d+)?))(?!\S)|!.*')


def parse_textgrid(text: str) -> tuple[RowTier, ...]:
    """Read Praat's long or short text form."""
    tokens = (match for match in _TOKEN.finditer(text) if match.lastindex)

    def take(group: int) -> str:
        match = next(tokens, None)
        if match is None or match[group] is None:
            raise ValueError("Praat's format is damaged or incomplete")
        return match[group].replace('""', '"')

    def number() -> float:
        return read_time(take(2))

    if not (take(1).startswith("ooTextFile") and take(1) == "TextGrid"):
        raise ValueError("it is no TextGrid")
    number(), number()  # where it begins and ends
    tiers = []
    for _ in range(int(number()) if "<exists>" in text else 0):
        kind, name = take(1), take(1)
        number(), number()
        rows = []
        for _ in range(int(number())):
            start = number()
            rows.append((start, number() if kind == "IntervalTier" else start, take(1)))
        tiers.append(RowTier(name, tuple(rows), kind != "IntervalTier"))
    return tuple(tiers)


def write_textgrid(tiers: Sequence[Tier], duration: float) -> str:
    """Return Praat's long text form; gaps become intervals without a label, as Praat has them."""
    lines = ['File type = "ooTextFile"', 'Object class = "TextGrid"', "", "xmin = 0", f"xmax = {_exact(duration)}"]
    lines += ["tiers? <exists>", f"size = {len(tiers)}", "item []:"]
    for number, tier in enumerate(tiers, 1):
        rows = list(tier.segments if tier.is_points else _without_gaps(tier.segments, duration))
        kind, part = ("TextTier", "points") if tier.is_points else ("IntervalTier", "intervals")
        lines += [f"    item [{number}]:", f'        class = "{kind}"', f"        name = {_quoted(tier.name)}"]
        lines += ["        xmin = 0", f"        xmax = {_exact(duration)}", f"        {part}: size = {len(rows)}"]
        for index, row in enumerate(rows, 1):
            lines.append(f"        {part} [{index}]:")
            if tier.is_points:
                lines += [f"            number = {_exact(row.start)}", f"            mark = {_quoted(row.label)}"]
            else:
                lines += [f"            xmin = {_exact(row.start)}", f"            xmax = {_exact(row.end)}"]
                lines.append(f"            text = {_quoted(row.label)}")
    return "\n".join(lines) + "\n"


def _without_gaps(segments: Sequence[Segment], duration: float) -> Iterator[Segment]:
    time = 0.0
    for segment in segments:
        if segment.start > time:
            yield Segment(time, segment.start, "")
        yield segment
        time = segment.end
    if time < duration or not segments:
        yield Segment(time, duration, "")


def parse_lab(text: str) -> tuple[RowTier, ...]:
    """Read ``start end label``, in HTK's units of 100 ns or in seconds, or Festival's ``end code label``.

    HTK's units they are if all times are whole numbers and the last is 100000 or more.
    """
    lines = [line.strip() for line in text.split("\n")]
    if "#" in lines:
        return (RowTier("phones", tuple(_festival(lines[lines.index("#") + 1 :]))),)
    cells = [[*line.split(maxsplit=2), "", ""][:3] for line in lines if line]
    times = [row[:2] for row in cells]
    whole = all(time.isdecimal() for time in itertools.chain(*times))
    rows: list[Row]
    if whole and max((int(end) for _, end in times), default=0) >= HTK_LEAST:
        # Scores and the labels of higher levels may follow.
        rows = [(int(start) / HTK_RATE, int(end) / HTK_RATE, _htk_label(label)) for start, end, label in cells]
    else:
        rows = [(read_time(start), read_time(end), label) for start, end, label in cells]
    return (RowTier("phones", tuple(rows)),)


def _htk_label(text: str) -> str:
    return (text.split() or [""])[0]


def _festival(lines: Sequence[str]) -> Iterator[Row]:
    start = 0.0
    for line in filter(None, lines):
        end, _, label = [*line.split(maxsplit=2), "", ""][:3]
        name = label.split(";", 1)[0].strip()
        if name:
            yield start, read_time(end), name
        start = read_time(end)


def write_lab(segments: Sequence[Segment]) -> str:
    """Return HTK's label format, times in units of 100 ns.

    Raises:
        ValueError: a label is more than a word.
    """
    for segment in segments:
        if len(segment.label.split()) != 1:
            raise ValueError(f'a .lab has labels of one word, and "{segment.label}" is not one')
    return "".join(f"{round(s.start * HTK_RATE)} {round(s.end * HTK_RATE)} {s.label}\n" for s in segments)


def parse_audacity(text: str) -> tuple[RowTier, ...]:
    """Read start, end and label with tabs between; a line with a backslash has the frequencies of the one before."""
    lines = (line for line in text.split("\n") if line.strip() and not line.startswith("\\"))
    return (RowTier("phones", tuple(_row(line.split("\t", 2)) for line in lines)),)


def write_audacity(segments: Sequence[Segment]) -> str:
    """Return what Audacity imports as a label track."""
    return "".join(f"{s.start:.6f}\t{s.end:.6f}\t{_in_one_line(s.label)}\n" for s in segments)


def parse_table(text: str) -> tuple[RowTier, ...]:
    """Read a table with tabs whose columns are start, end and label (or phone), named in a header or in this order."""
    lines = [line.split("\t") for line in text.split("\n") if line.strip()]
    header = [name.strip().lower() for name in lines[0]] if lines else []
    named = [header.index(name) for name in ("start", "end", "label", "phone") if name in header]
    columns = named[:3] if len(named) >= 3 else [0, 1, 2]
    rows = []
    for cells in lines[1:] if len(named) >= 3 else lines:
        padded = cells + [""] * (max(columns) + 1)
        rows.append(_row([padded[column] for column in columns]))
    return (RowTier("phones", tuple(rows)),)


def _row(cells: Sequence[str]) -> Row:
    start, end, label = [*cells, "", ""][:3]
    return read_time(start), read_time(end), label


def read_time(text: str) -> float:
    """Return a finite time in seconds, with a decimal point or a decimal comma.

    Raises:
        ValueError: the text is no such number.
    """
    try:
        seconds = float(text.strip().replace(",", "."))
    except ValueError:
        seconds = math.nan
    if not math.isfinite(seconds):
        raise ValueError(f'"{text}" is not a time in seconds')
    return seconds


def _exact(seconds: float) -> str:
    return repr(float(seconds))


def _quoted(text: str) -> str:
    return '"' + _in_one_line(text).replace('"', '""') + '"'


def _in_one_line(text: str) -> str:
    return " ".join(text.split("\n")).replace("\t", " ")


PARSERS: Final[Mapping[str, Callable[[str], tuple[RowTier, ...]]]] = {
    ".textgrid": parse_textgrid,
    ".lab": parse_lab,
    ".txt": parse_audacity,
    ".tsv": parse_table,
}
"""What reads the text of a file, by its ending in lower case."""
