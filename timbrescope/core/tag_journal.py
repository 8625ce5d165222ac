"""What was written into recordings' tags, one JSON file a write, so that it can be undone."""

import json
import logging
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from timbrescope import paths
from timbrescope.core.files import replaced_when_done
from timbrescope.core.tag_writing import Values

log = logging.getLogger(__name__)

_VERSION = 1


@dataclass(frozen=True, slots=True)
class Entry:
    """One write.

    Attributes:
        place: of the entry itself.
        time: when, ISO 8601 in UTC.
        run: the same for all that was written together.
        path: of the recording, absolute.
        format: of its tags, for people.
        old: the values of the fields that were written, before.
        new: and after.
    """

    place: Path
    time: str
    run: str
    path: Path
    format: str
    old: Values
    new: Values

    def forget(self) -> None:
        """Remove the entry.

        Raises:
            OSError: it may not be removed.
        """
        self.place.unlink(missing_ok=True)


def record(path: Path, form: str, old: Values, new: Values, run: str) -> Entry:
    """Keep what is about to be written into a recording.

    Raises:
        OSError: the folder cannot be written or the disk is full.
    """
    folder = paths.tag_journal()
    folder.mkdir(parents=True, exist_ok=True)
    nanoseconds = time.time_ns()
    # The names sort by time, and programs that write at once do not meet.
    place = folder / f"{nanoseconds}-{os.getpid()}.json"
    now = datetime.fromtimestamp(nanoseconds // 10**9, UTC).isoformat()
    entry = Entry(place, now, run, path, form, dict(old), dict(new))
    content = {
        "version": _VERSION,
        "time": entry.time,
        "run": run,
        "path": str(path),
        "format": form,
        "old": entry.old,
        "new": entry.new,
    }
    with replaced_when_done(place) as file:
        file.write(json.dumps(content, indent=1).encode())
    return entry


def entries() -> list[Entry]:
    """Return every entry, the oldest first; one that cannot be read is left out, and the log says so."""
    found = []
    for place in sorted(paths.tag_journal().glob("*.json")):
        try:
            content = json.loads(place.read_text(encoding="utf-8"))
            found.append(
                Entry(
                    place,
                    str(content["time"]),
                    str(content["run"]),
                    Path(content["path"]),
                    str(content["format"]),
                    _values(content["old"]),
                    _values(content["new"]),
                )
            )
        except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
            log.warning("%s cannot be read and is left out: %s", place, error)
    return found


def _values(stored: Mapping[str, Any]) -> Values:
    return {str(field): tuple(str(value) for value in values) for field, values in stored.items()}
