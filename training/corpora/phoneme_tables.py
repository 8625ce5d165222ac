"""The tables of the phoneme corpus: which recordings there are, and the phonemes of each."""

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Final, get_args

from timbrescope.core.files import replaced_when_done
from training.collection import Segment, Split

ALL: Final = "phonemes"
SPLITS: tuple[Split, ...] = get_args(Split)


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table: a recording, where its phonemes are, and how it was made."""

    path: str
    labels_path: str
    seconds: float
    split: str
    voice: str
    language: str
    source: str
    kind: str
    accompaniment: int
    snr_db: str
    room: int
    codec: str
    licence: str


COLUMNS = tuple(field.name for field in fields(Row))


def labels_text(segments: Sequence[Segment]) -> str:
    """Return segments as the lines of a TSV, which ``training.sources.annotations`` reads."""
    lines = [f"{segment.start:.4f}\t{segment.end:.4f}\t{segment.label}" for segment in segments]
    return "\n".join(["start\tend\tlabel", *lines, ""])


def write_tables(output: Path, rows: Sequence[Row]) -> None:
    """Write ``phonemes.csv`` and a table for each split.

    Raises:
        OSError: the disk is full or may not be written.
    """
    for name in (ALL, *SPLITS):
        chosen = [row for row in rows if name in {ALL, row.split}]
        text = io.StringIO()
        writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(asdict(row) for row in chosen)
        write_whole(output / f"{name}.csv", text.getvalue().encode())


def made_so_far(output: Path) -> list[Row]:
    """Return the lines of the recordings that are there, in the order of the table as far as it lists them."""
    notes = sorted((output / "rows").glob("*.json"))
    rows = [Row(**json.loads(path.read_text(encoding="utf-8"))) for path in notes]
    try:
        with (output / f"{ALL}.csv").open(encoding="utf-8", newline="") as file:
            place = {row["path"]: at for at, row in enumerate(csv.DictReader(file))}
    except FileNotFoundError:
        place = {}
    return sorted(rows, key=lambda row: place.get(row.path, len(place)))


def write_whole(path: Path, content: bytes) -> None:
    """Write a file that is never seen half written.

    Raises:
        OSError: the disk is full or may not be written.
    """
    with replaced_when_done(path) as file:
        file.write(content)
