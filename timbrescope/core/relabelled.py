"""Labels that a user has given recordings anew: a table beside the recordings, which stay where they are."""

import csv
import io
from collections.abc import Mapping
from pathlib import Path

from timbrescope.core.errors import RelabelError
from timbrescope.core.files import replaced_when_done

NAME = "relabelled.csv"
COLUMNS = ("path", "start", "labels")
SEPARATOR = ";"

Piece = tuple[Path, float]
"""A piece of a recording: the absolute path of its file, and where in it it begins, in seconds."""
Relabelled = Mapping[Piece, tuple[str, ...]]
"""The labels of each piece that has others than its folder or its table says."""


def relabelled_file(data: Path) -> Path:
    """Return where the new labels of a folder, or of a table of labelled recordings, are."""
    return data / NAME if data.is_dir() else data.with_name(f"{data.stem}.{NAME}")


def read_relabelled(data: Path) -> dict[Piece, tuple[str, ...]]:
    """Return the new labels of labelled recordings; none where there is no table of them.

    Paths in the table count from its folder.

    Raises:
        RelabelError: the table cannot be read, or lacks a column.
    """
    table = relabelled_file(data)
    try:
        text = table.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise RelabelError(f"{table} cannot be read ({error}); mend it, or remove it to do without.") from error
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
    table = relabelled_file(data)
    folder = table.parent.absolute()
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for (path, start), labels in sorted(given.items()):
        for label in labels:
            if not label.strip() or SEPARATOR in label:
                raise RelabelError(f'"{label}" cannot be a label here; take a name without semicolons.')
        place = path.relative_to(folder).as_posix() if path.is_relative_to(folder) else str(path)
        writer.writerow([place, repr(float(start)), SEPARATOR.join(labels)])
    try:
        if not given:
            table.unlink(missing_ok=True)
            return
        with replaced_when_done(table) as file:
            file.write(text.getvalue().encode())
    except (OSError, UnicodeEncodeError) as error:
        raise RelabelError(f"{table} cannot be written ({error}); see to the rights of its folder.") from error
