"""Files with labels in time beside recordings: opened and saved, whole or not at all."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from timbrescope.core.errors import TimbrescopeError
from timbrescope.core.files import replaced_when_done
from timbrescope.core.segment_formats import PARSERS, RowTier, write_audacity, write_lab, write_textgrid
from timbrescope.core.segments import Segment, Segments, Tier, in_order
from timbrescope.core.text import decoded, one_newline

FORMATS: Final = {
    "Praat TextGrid (*.TextGrid)": ".TextGrid",
    "HTK labels (*.lab)": ".lab",
    "Audacity labels (*.txt)": ".txt",
}
"""What can be written, for dialogs; what can be read are these and tables (.tsv)."""
READABLE: Final = (".TextGrid", ".lab", ".txt", ".tsv")
PREFERRED_TIERS: Final = ("phones", "phonemes", "phone", "labels")
_PHONES: Final = PREFERRED_TIERS[0]


class SegmentFileError(TimbrescopeError):
    """A file with labels in time cannot be read or written."""


def read_tiers(path: Path) -> tuple[Tier, ...]:
    """Read every tier of a file; a stretch that is delimited and has no label is a gap.

    Raises:
        SegmentFileError: the file cannot be read as labels in time.
    """
    rows = read_rows(path)
    try:
        return tuple(_tier(one) for one in rows)
    except ValueError as error:
        raise SegmentFileError(f"{path.name} cannot be read as labels in time: {error}; correct the times.") from error


def read_rows(path: Path) -> tuple[RowTier, ...]:
    """Read the tiers of a file as they stand there, with empty labels, in the file's order.

    - ``.TextGrid``: Praat, long and short text form.
    - ``.lab``: ``start end label`` in HTK's units of 100 ns or in seconds; Festival's ``end code label``.
    - ``.txt``: labels exported by Audacity.
    - ``.tsv``: start, end and label, with a header or without.

    Raises:
        SegmentFileError: the file cannot be opened, or is in none of these formats.
    """
    parse = PARSERS.get(path.suffix.lower())
    if parse is None:
        raise SegmentFileError(
            f"{path} has none of the endings {', '.join(READABLE)}; choose a file with labels in time."
        )
    try:
        data = path.read_bytes()
    except OSError as error:
        raise SegmentFileError(
            f"{path} cannot be read ({error.strerror or error}); check its name and rights."
        ) from error
    if data.startswith(b"ooBinaryFile"):
        raise SegmentFileError(f"{path} is in Praat's binary form; save it in Praat as a text file.")
    text = decoded(data)
    if text is None:
        raise SegmentFileError(f"{path} is not text in UTF-8 or UTF-16; save it as UTF-8.")
    try:
        return parse(one_newline(text))
    except ValueError as error:
        raise SegmentFileError(f"{path} cannot be read as labels in time: {error}.") from error


def main_tier(names: Sequence[str]) -> int:
    """Return which of some tiers holds the phones: the one called so, else the first.

    Args:
        names: of the tiers that have intervals, at least one.
    """
    lowered = [name.strip().lower() for name in names]
    return next((lowered.index(name) for name in PREFERRED_TIERS if name in lowered), 0)


def save_tiers(path: Path, tiers: Sequence[Tier], duration: float) -> None:
    """Write tiers in the format that the ending of the name says; a TextGrid holds all, other files the phones alone.

    Args:
        path: ends in .TextGrid, .lab or .txt.
        tiers: at least one with intervals.
        duration: of the recording in seconds.

    Raises:
        SegmentFileError: the file cannot be written, or its format cannot hold the labels; what was there stays.
    """
    try:
        content = _render(path.suffix.lower(), tiers, duration)
    except ValueError as error:
        raise SegmentFileError(f"{path.name} cannot be written: {error}; save as TextGrid instead.") from error
    try:
        with replaced_when_done(path) as file:
            file.write(content.encode())
    except OSError as error:
        raise SegmentFileError(
            f"{path} cannot be written ({error.strerror or error}); choose another folder or make room."
        ) from error


def _render(suffix: str, tiers: Sequence[Tier], duration: float) -> str:
    if suffix == ".textgrid":
        ends = [segment.end for tier in tiers for segment in tier.segments[-1:]]
        return write_textgrid(tiers, max(duration, *ends, 0.0))
    intervals = [tier for tier in tiers if not tier.is_points]
    segments = intervals[main_tier([tier.name for tier in intervals])].segments
    if suffix == ".lab":
        return write_lab(segments)
    if suffix == ".txt":
        return write_audacity(segments)
    raise ValueError(f"labels in time are written to {', '.join(FORMATS.values())}")


def phones(segments: Segments) -> Tier:
    """Return segments as the tier that is read as the phones."""
    return Tier(_PHONES, segments)


def _tier(tier: RowTier) -> Tier:
    rows = [Segment(start, end, label.strip()) for start, end, label in tier.rows if label.strip()]
    if tier.is_points:
        return Tier(tier.name, tuple(sorted(rows, key=lambda one: one.start)), is_points=True)
    return Tier(tier.name, in_order(rows))
