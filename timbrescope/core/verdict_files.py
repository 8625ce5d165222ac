"""Where corrections lie: beside their recording, or in the data folder; and which recordings have some."""

import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from timbrescope import paths
from timbrescope.core.files import replaced_when_done
from timbrescope.core.verdicts import SUFFIX, Judged, VerdictError, read_judged, recording_key, write_judged

log = logging.getLogger(__name__)

_LIST: Final = "recordings.json"


def beside(recording: Path) -> Path:
    """Return the file of corrections beside a recording: its name with ``.timbrescope.json`` after it."""
    return recording.with_name(recording.name + SUFFIX)


def load(recording: Path) -> Judged:
    """Return the corrections of a recording; of one that has none, none.

    Raises:
        VerdictError: they cannot be read, or the recording cannot.
    """
    try:
        there = [path for path in (beside(recording), _elsewhere(recording)) if path.is_file()]
        if there:  # both where a folder that had some may not be written any more
            return read_judged(max(there, key=lambda path: path.stat().st_mtime_ns))
        return Judged(recording.name, recording_key(recording))
    except OSError as error:
        raise VerdictError(f"{recording} cannot be read ({error.strerror}); allow reading it.") from error


def save(recording: Path, judged: Judged) -> Path:
    """Write the corrections of a recording beside it or, where that is not allowed, in the data folder; return where.

    Raises:
        VerdictError: neither is possible.
    """
    place = beside(recording)
    try:
        write_judged(place, judged)
    except OSError as refused:
        log.info("corrections go to the data folder: %s", refused)
        try:
            place = _elsewhere(recording)
            place.parent.mkdir(parents=True, exist_ok=True)
            write_judged(place, judged)
        except OSError as error:
            raise VerdictError(
                f"What you said of {recording.name} cannot be kept in {place.parent} ({error.strerror}); make room "
                "there or allow writing."
            ) from error
    _remember(recording)
    return place


def known_recordings() -> list[Path]:
    """Return the recordings that were corrected on this computer and are still there, sorted."""
    return sorted(path for path in _listed() if path.is_file())


def recordings_below(folder: Path) -> Iterator[Path]:
    """Yield the recordings in a folder that have corrections beside them, sorted.

    Raises:
        VerdictError: the folder cannot be read.
    """
    if not folder.is_dir():
        raise VerdictError(f"There is no folder {folder}; choose another.")
    for path in sorted(folder.rglob(f"*{SUFFIX}")):
        recording = path.with_name(path.name.removesuffix(SUFFIX))
        if recording.is_file():
            yield recording


def _folder() -> Path:
    return paths.data() / "corrections"


def _elsewhere(recording: Path) -> Path:
    return _folder() / f"{recording_key(recording)[:32]}.json"


def _listed() -> set[Path]:
    try:
        values = json.loads((_folder() / _LIST).read_text(encoding="utf-8"))
        return {Path(value) for value in values["recordings"]}
    except FileNotFoundError:
        return set()
    except (OSError, ValueError, KeyError, TypeError) as error:
        log.warning("the list of corrected recordings cannot be read: %s", error)
        return set()


def _remember(recording: Path) -> None:
    """Put a recording on the list; where that cannot be written, the corrections themselves are safe all the same."""
    listed = _listed()
    if recording.absolute() in listed:
        return
    values = {"recordings": sorted(map(str, listed | {recording.absolute()}))}
    try:
        _folder().mkdir(parents=True, exist_ok=True)
        with replaced_when_done(_folder() / _LIST) as file:
            file.write((json.dumps(values, ensure_ascii=False, indent=1) + "\n").encode())
    except OSError as error:
        log.warning("the list of corrected recordings cannot be written: %s", error)
