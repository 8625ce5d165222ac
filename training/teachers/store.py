"""Teachers' scores on disk: a file for each recording while they listen, then one table for the student."""

import csv
import hashlib
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from timbrescope.core.files import replaced_when_done
from training.errors import TrainingError
from training.sources.table import COLUMNS, ROW
from training.sources.text import read_lines
from training.teachers.belief import believed_labels
from training.teachers.pieces import UNLABELLED, Piece

Scores = NDArray[np.float16]

TABLE = "taught"
CHOSEN = "labels.txt"
EVER = 0.1  # a label is in use where its score exceeds this


@dataclass(frozen=True, slots=True)
class Choice:
    """Which scores are kept: those ``listed``, else the ``top`` labels of each model that are most in use, else all.

    Of what the model ``believed`` says, labels are made for pieces that have none, as in ``training.teachers.belief``.
    """

    listed: frozenset[str] | None = None
    top: int | None = None
    believed: str | None = None

    def columns(self, names: Sequence[str], scores: Scores) -> list[int]:
        """Return the columns to keep, in order.

        Args:
            names: of all scores, as ``model:label``; a list may have labels alone.
            scores: shape (rows, names).

        Raises:
            TrainingError: nothing would be kept.
        """
        kept = list(range(len(names)))
        if self.listed is not None:
            kept = [n for n in kept if names[n] in self.listed or names[n].partition(":")[2] in self.listed]
        elif self.top is not None:
            uses = (scores > EVER).sum(axis=0)
            models: dict[str, list[int]] = {}
            for n in kept:
                models.setdefault(names[n].partition(":")[0], []).append(n)
            best = [sorted(columns, key=lambda n: -uses[n])[: self.top] for columns in models.values()]
            kept = sorted(n for columns in best for n in columns if uses[n])
        if not kept:
            raise TrainingError("None of the scores would be kept; list labels that the models have, or keep more.")
        return kept


def read_choice(path: Path) -> Choice:
    """Return the choice of the scores that a text file lists, one a line.

    Raises:
        TrainingError: the file cannot be read.
    """
    return Choice(listed=frozenset(line.strip() for line in read_lines(path) if line.strip()))


def part_file(output: Path, pieces: Sequence[Piece], models: Sequence[Mapping[str, Any]]) -> Path:
    """Return where the scores for pieces of one recording lie: a place for each recording, pieces and models."""
    path = pieces[0].path
    size = path.stat().st_size if path.is_file() else 0
    times = [(piece.start, piece.end) for piece in pieces]
    content = json.dumps([path.as_posix(), size, times, list(models)], sort_keys=True)
    return output / "parts" / f"{hashlib.sha256(content.encode()).hexdigest()[:32]}.npy"


def store_part(path: Path, scores: Scores) -> None:
    """Write the scores for one recording, whole or not at all.

    Raises:
        OSError: the disk is full or may not be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with replaced_when_done(path) as file:
        np.save(file, scores)


def assemble(
    output: Path,
    parts: Sequence[tuple[Path, Sequence[Piece]]],
    names: Sequence[str],
    choice: Choice,
    description: Mapping[str, Any],
) -> int:
    """Write what has been heard so far as one table with its scores, and return how many rows it has.

    In ``output`` are then ``taught.csv``, ``taught.npy`` and ``taught.json``, as ``training.sources.table`` reads them,
    and ``labels.txt``, the names of the scores that were kept.

    Args:
        output: the folder.
        parts: the files of ``store_part`` with their pieces; those that are not there yet are left out.
        names: of the scores in the parts.
        choice: of the scores to keep.
        description: of models and options, for ``taught.json``.

    Raises:
        TrainingError: there is nothing, or nothing of it is kept; or the believed model does not know AudioSet.
        OSError: the disk is full or may not be written.
    """
    pieces: list[Piece] = []
    stored: list[Scores] = []
    for path, part in parts:
        if path.is_file():
            scores = np.load(path, allow_pickle=False)
            heard = ~np.isnan(scores[:, 0])
            pieces += [piece for piece, there in zip(part, heard, strict=True) if there]
            stored.append(scores[heard])
    if not pieces:
        raise TrainingError(f"Nothing could be heard for {output}; see the messages above.")
    scores = np.concatenate(stored)
    if choice.believed is not None:
        pieces = _believing(choice.believed, pieces, scores, names)
    columns = choice.columns(names, scores)
    kept = [names[n] for n in columns]
    with replaced_when_done(output / f"{TABLE}.npy") as file:
        np.save(file, np.ascontiguousarray(scores[:, columns]))
    described = {"names": kept, "rows": len(pieces), **description}
    _write(output / f"{TABLE}.json", json.dumps(described, indent=1, ensure_ascii=False) + "\n")
    _write(output / CHOSEN, "".join(f"{name}\n" for name in kept))
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*COLUMNS, ROW])
    for row, piece in enumerate(pieces):
        inside = piece.path.is_relative_to(output.resolve())
        place = piece.path.relative_to(output.resolve()) if inside else piece.path
        writer.writerow([place.as_posix(), piece.start, piece.end, piece.labels, piece.group, piece.split, row])
    _write(output / f"{TABLE}.csv", text.getvalue())
    return len(pieces)


def _believing(model: str, pieces: Sequence[Piece], scores: Scores, names: Sequence[str]) -> list[Piece]:
    own = [n for n, name in enumerate(names) if name.partition(":")[0] == model]
    labels = believed_labels(scores[:, own], [names[n].partition(":")[2] for n in own])
    return [
        replace(piece, labels=believed) if piece.labels == UNLABELLED else piece
        for piece, believed in zip(pieces, labels, strict=True)
    ]


def _write(path: Path, text: str) -> None:
    with replaced_when_done(path) as file:
        file.write(text.encode())
