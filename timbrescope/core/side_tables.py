"""Small tables of what a user has said of recordings, which stand beside them and are removed when they are empty."""

import csv
import io
from collections.abc import Iterable, Sequence
from pathlib import Path

from timbrescope.core.errors import TimbrescopeError
from timbrescope.core.files import replaced_when_done


def side_table(data: Path, name: str) -> Path:
    """Return where such a table of a folder, or of a table of labelled recordings, is."""
    return data / name if data.is_dir() else data.with_name(f"{data.stem}.{name}")


def read_side_table(table: Path, failure: type[TimbrescopeError]) -> str | None:
    """Return its text; None where there is none.

    Raises:
        failure: it cannot be read.
    """
    try:
        return table.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise failure(f"{table} cannot be read ({error}); mend it, or remove it to do without.") from error


def write_side_table(
    table: Path, columns: Sequence[str], rows: Iterable[tuple[Path, Sequence[str]]], failure: type[TimbrescopeError]
) -> None:
    """Write it in place of what was there; remove it where there are no rows.

    Args:
        table: the file.
        columns: their names, that of the paths first.
        rows: the absolute path of a recording, written as it counts from the table's folder, and the other cells.
        failure: what is raised.

    Raises:
        failure: it cannot be written.
    """
    folder = table.parent.absolute()
    lines = [
        [path.relative_to(folder).as_posix() if path.is_relative_to(folder) else str(path), *cells]
        for path, cells in rows
    ]
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([columns, *lines])
    try:
        if not lines:
            table.unlink(missing_ok=True)
            return
        with replaced_when_done(table) as file:
            file.write(text.getvalue().encode())
    except (OSError, UnicodeEncodeError) as error:
        raise failure(f"{table} cannot be written ({error}); see to the rights of its folder.") from error
