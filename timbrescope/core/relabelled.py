"""Labels that a user has given recordings anew: a table beside the recordings, which stay where they are."""

import csv
import io
from collections.abc import Mapping
from pathlib import Path

from timbrescope.core.errors import RelabelError
from timbrescope.core.side_tables import read_side_table, side_table, write_side_table

NAME = "relabelled.csv"
COLUMNS = ("path", "start", "labels")
SEPARATOR = ";"

Piece = tuple[Path, float]
"""A piece of a recording: the absolute path of its file, and where in it it begins, in seconds."""
Relabelled = Mapping[Piece, tuple[str, ...]]
"""The labels of each piece that has others than its folder or its table says."""


def relabelled_file(data: Path) -> Path:
    """Return where the new labels of a folder, or of a table of labelled recordings, are."""
    return side_table(data, NAME)


def read_relabelled(data: Path) -> dict[Piece, tuple[str, ...]]:
    """Return the new labels of labelled recordings; none where there is no table of them.

    Paths in the table count from its folder.

    Raises:
        RelabelError: the table cannot be read, or lacks a column.
    """
    table = relabelled_file(data)
    text = read_side_table(table, RelabelError)
    if text is None:
        return {}
    rows = csv.DictReader(io.StringIO(text, newline=""))
    folder = table.parent.absolute()
    try:
        return {
            (folder / row["path"], float(row["start"] or 0)): tuple(
                filter(None, map(str.strip, row["labels"].split(SEPARATOR)))
            )
            for row in rows
        }
    except (KeyError, ValueError, TypeError, AttributeError, csv.Error) as error:
        raise RelabelError(
            f"{table} cannot be used near line {rows.line_num}: it needs the columns {', '.join(COLUMNS)}, with "
            "seconds as start; mend it, or remove it to do without."
        ) from error


def write_relabelled(data: Path, given: Relabelled) -> None:
    """Write the new labels of labelled recordings in place of those that there were; without any, remove the table.

    Raises:
        RelabelError: a label has a semicolon or no letter, or the table cannot be written.
    """
    rows = []
    for (path, start), labels in sorted(given.items()):
        for label in labels:
            if not label.strip() or SEPARATOR in label:
                raise RelabelError(f'"{label}" cannot be a label here; take a name without semicolons.')
        rows.append((path, (repr(float(start)), SEPARATOR.join(labels))))
    write_side_table(relabelled_file(data), COLUMNS, rows, RelabelError)
