"""What a user has done about the findings of a check: a table beside the recordings, which stay where they are."""

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from timbrescope.core.errors import MendError
from timbrescope.core.side_tables import read_side_table, side_table, write_side_table

NAME = "mended.csv"
COLUMNS = ("path", "left_out", "group")
_YES = "yes"


@dataclass(frozen=True, slots=True)
class Mended:
    """Files that are not to be used, and groups that others are to belong to, by their absolute paths."""

    left_out: frozenset[Path] = frozenset()
    groups: Mapping[Path, str] = field(default_factory=dict)


def mended_file(data: Path) -> Path:
    """Return where it is noted for a folder, or for a table of labelled recordings."""
    return side_table(data, NAME)


def read_mended(data: Path) -> Mended:
    """Return what is noted; nothing where there is no table. Paths in the table count from its folder.

    Raises:
        MendError: the table cannot be read, or lacks a column.
    """
    table = mended_file(data)
    text = read_side_table(table, MendError)
    if text is None:
        return Mended()
    folder = table.parent.absolute()
    try:
        rows = [(folder / row["path"], row["left_out"], row["group"]) for row in csv.DictReader(io.StringIO(text))]
    except (KeyError, TypeError, csv.Error) as error:
        columns = ", ".join(COLUMNS)
        raise MendError(
            f"{table} cannot be used: it needs the columns {columns}; mend it, or remove it to do without."
        ) from error
    left_out = frozenset(path for path, no, _ in rows if no == _YES)
    return Mended(left_out, {path: group for path, no, group in rows if group and no != _YES})


def write_mended(data: Path, mended: Mended) -> None:
    """Note it in place of what was noted; remove the table where there is nothing to note.

    Raises:
        MendError: the table cannot be written.
    """
    rows = dict.fromkeys(mended.left_out, (_YES, ""))
    rows |= {path: ("", group) for path, group in mended.groups.items() if path not in rows}
    write_side_table(mended_file(data), COLUMNS, sorted(rows.items()), MendError)
