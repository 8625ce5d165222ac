"""Events as files for spreadsheets, programs and sound editors."""

import csv
import json
from collections.abc import Callable, Iterable
from io import StringIO
from typing import Any, Final

from timbrescope.core.events import Event
from timbrescope.core.segment_formats import write_audacity
from timbrescope.core.segments import Segment

_COLUMNS = ("model", "label", "start_seconds", "end_seconds", "duration_seconds", "peak")


def event_dict(event: Event) -> dict[str, Any]:
    """Return plain JSON types; what is still present has neither end nor duration: None."""
    duration = event.duration_seconds
    return {
        "model": event.model,
        "label": event.label,
        "start_seconds": round(event.start_seconds, 3),
        "end_seconds": None if event.end_seconds is None else round(event.end_seconds, 3),
        "duration_seconds": None if duration is None else round(duration, 3),
        "peak": round(event.peak, 6),
    }


def to_json(events: Iterable[Event]) -> str:
    """Return a list of objects, one a line."""
    lines = ",\n".join(json.dumps(event_dict(event), ensure_ascii=False) for event in events)
    return f"[\n{lines}\n]\n" if lines else "[]\n"


def to_csv(events: Iterable[Event], *, file: str | None = None, header: bool = True) -> str:
    """Return one line per event, behind the name of the recording where that is given."""
    text = StringIO()
    before = () if file is None else (file,)
    writer = csv.writer(text, lineterminator="\n")
    if header:
        writer.writerow((*(["file"] if before else []), *_COLUMNS))
    writer.writerows((*before, *event_dict(event).values()) for event in events)
    return text.getvalue()


def to_audacity(events: Iterable[Event]) -> str:
    """Return a label track for Audacity; what is still present becomes a point where it entered."""
    by_time = sorted(events, key=lambda event: event.start_seconds)
    return write_audacity([Segment(event.start_seconds, event.seconds, event.label, event.peak) for event in by_time])


WRITERS: Final[dict[str, Callable[[Iterable[Event]], str]]] = {
    ".csv": to_csv, ".json": to_json, ".txt": to_audacity,
}  # fmt: skip
"""Suffix of a file -> what makes its text."""
