"""Saving the events that are listed."""

from collections.abc import Callable
from pathlib import Path
from typing import Final

from PySide6.QtWidgets import QFileDialog, QWidget

from timbrescope.core.event_files import WRITERS
from timbrescope.core.events import Event
from timbrescope.core.files import replaced_when_done

KINDS: Final = {"Table (*.csv)": ".csv", "JSON (*.json)": ".json", "Labels for Audacity (*.txt)": ".txt"}


def ask_to_export(events: list[Event], name: str, say: Callable[[str], object], parent: QWidget) -> None:
    """Let the user choose a file and write events into it; the suffix says how.

    Args:
        events: in the order of time.
        name: of the recording, without a suffix.
        say: takes a sentence on what was done.
        parent: of the dialog.
    """
    start = str(Path.home() / f"{name}-events.csv")
    chosen, kind = QFileDialog.getSaveFileName(parent, "Export events", start, ";;".join(KINDS))
    if chosen:
        path = Path(chosen)
        known = path.suffix.lower() in WRITERS
        say(export(events, path if known else path.with_name(path.name + KINDS.get(kind, ".csv"))))


def export(events: list[Event], path: Path) -> str:
    """Write events as the suffix says, and return a sentence on it."""
    try:
        with replaced_when_done(path) as file:
            file.write(WRITERS[path.suffix.lower()](events).encode())
    except OSError as error:
        return f"{path} cannot be written ({error.strerror}); choose another place."
    return f"{len(events)} event{'s' * (len(events) != 1)} saved in {path}."
