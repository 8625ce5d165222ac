"""Labels in time: segments in order, none over another, and the edits that keep them so."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

LEAST_SECONDS: Final = 0.005
"""No edit makes a segment shorter than this."""
ROUNDING: Final = 1e-3
"""Seconds by which times may overlap that were rounded."""
_SAME: Final = 1e-6

Side = Literal["start", "end"]


@dataclass(frozen=True, slots=True)
class Segment:
    """One label from ``start`` to ``end``, in seconds; ``score`` in 0..1 where a model gave it, None where a person."""

    start: float
    end: float
    label: str
    score: float | None = None

    @property
    def seconds(self) -> float:
        """How long it lasts."""
        return self.end - self.start


Segments = tuple[Segment, ...]


@dataclass(frozen=True, slots=True)
class Tier:
    """Segments under a name; gaps between them carry no label.

    Attributes:
        name: as Praat shows it.
        segments: in the order of time, none over another.
        is_points: whether they are moments, with ``start`` and ``end`` the same.
    """

    name: str
    segments: Segments
    is_points: bool = False


def in_order(segments: Iterable[Segment]) -> Segments:
    """Return segments sorted, with overlaps of up to ``ROUNDING`` mended and those without duration left out.

    Raises:
        ValueError: one ends before it begins, begins before 0, or lies over another.
    """
    kept: list[Segment] = []
    lasting = (segment for segment in segments if segment.end != segment.start)
    for segment in sorted(lasting, key=lambda one: (one.start, one.end)):
        before = kept[-1].end if kept else 0.0
        if segment.start < before - ROUNDING or segment.end < segment.start:
            raise ValueError(
                f'the label "{segment.label}" from {segment.start:g} to {segment.end:g} s begins before {before:g} s '
                "or ends before it begins"
            )
        start = max(segment.start, before)
        if segment.end > start:
            kept.append(segment if start == segment.start else replace(segment, start=start))
    return tuple(kept)


def index_at(segments: Sequence[Segment], seconds: float) -> int | None:
    """Return which segment sounds at a time; None in a gap."""
    index = bisect_right(segments, seconds, key=lambda one: one.start) - 1
    return index if index >= 0 and seconds < segments[index].end else None


def move_edge(segments: Segments, index: int, side: Side, seconds: float) -> Segments:
    """Move where a segment starts or ends, and with it the edge of a neighbour that touches it.

    It goes as far as the neighbours allow: none is left shorter than ``LEAST_SECONDS``, none is pushed.
    """
    if side == "start":
        if index > 0 and _touch(segments[index - 1], segments[index]):
            return move_edge(segments, index - 1, "end", seconds)
        low = segments[index - 1].end if index > 0 else 0.0
        moved = _between(low, seconds, segments[index].end - LEAST_SECONDS)
        return _put(segments, index, replace(segments[index], start=moved))
    low = segments[index].start + LEAST_SECONDS
    if index + 1 == len(segments):
        return _put(segments, index, replace(segments[index], end=max(low, seconds)))
    after = segments[index + 1]
    if not _touch(segments[index], after):
        return _put(segments, index, replace(segments[index], end=_between(low, seconds, after.start)))
    moved = _between(low, seconds, after.end - LEAST_SECONDS)
    pair = replace(segments[index], end=moved), replace(after, start=moved)
    return segments[:index] + pair + segments[index + 2 :]


def relabel(segments: Segments, index: int, label: str) -> Segments:
    """Give a segment another label; what a person says has no score."""
    if segments[index].label == label:
        return segments
    return _put(segments, index, replace(segments[index], label=label, score=None))


def split(segments: Segments, index: int, seconds: float) -> Segments:
    """Cut a segment in two of the same label; unchanged where a part would be shorter than ``LEAST_SECONDS``."""
    whole = segments[index]
    if not whole.start + LEAST_SECONDS <= seconds <= whole.end - LEAST_SECONDS:
        return segments
    parts = replace(whole, end=seconds), replace(whole, start=seconds)
    return segments[:index] + parts + segments[index + 1 :]


def merge(segments: Segments, index: int) -> Segments:
    """Join a segment with the next, over a gap too, under the label of the first; unchanged for the last."""
    if index + 1 >= len(segments):
        return segments
    joined = Segment(segments[index].start, segments[index + 1].end, segments[index].label)
    return (*segments[:index], joined, *segments[index + 2 :])


def insert(segments: Segments, start: float, end: float, label: str) -> Segments:
    """Put a segment into a gap, as much of it as has room there; unchanged where there is none.

    Args:
        segments: a tier's.
        start: in seconds; where another segment lies there, the new one begins after it.
        end: in seconds.
        label: of the new one.
    """
    inside = index_at(segments, start)
    start = max(0.0, start if inside is None else segments[inside].end)
    if index_at(segments, start) is not None:
        return segments
    place = bisect_right(segments, start, key=lambda one: one.start)
    if place < len(segments):
        end = min(end, segments[place].start)
    if end - start < LEAST_SECONDS:
        return segments
    return (*segments[:place], Segment(start, end, label), *segments[place:])


def delete(segments: Segments, index: int) -> Segments:
    """Take a segment out; a gap stays."""
    return segments[:index] + segments[index + 1 :]


def _put(segments: Segments, index: int, segment: Segment) -> Segments:
    return (*segments[:index], segment, *segments[index + 1 :])


def _touch(before: Segment, after: Segment) -> bool:
    return after.start - before.end < _SAME


def _between(low: float, seconds: float, high: float) -> float:
    return min(max(seconds, low), max(low, high))
