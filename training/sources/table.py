"""Tables with a line for each labelled piece of a recording."""

import csv
import io
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import get_args

import numpy as np

from timbrescope.core.files import replaced_when_done
from training.collection import UNKNOWN, Collection, Item, Split, Task, Taught
from training.errors import TrainingError
from training.sources.text import read_number, read_text

COLUMNS = ("path", "start", "end", "labels", "group", "split")
ROW = "row"  # of the teachers' scores, in tables that have some beside them
ALL_OTHERS = "*"
DELIMITERS = ",;\t"


def read_table(
    path: Path, *, task: Task | None = None, labels: Sequence[str] = (), default_labels: Sequence[str] = ()
) -> Collection:
    """Read a table in CSV or TSV with the columns path, start, end, labels, group and split in any order.

    Only ``path`` and ``labels`` are required and other columns are ignored. Paths count from the table's folder; times
    are in seconds. Labels are separated by semicolons; ``piano=0.83`` says how true one is and ``piano=?`` that nobody
    knows; ``*=?`` says so of all labels that the line does not name. A line without a group belongs to its recording's.

    Teachers' scores stand beside a table ``x.csv`` as ``x.npy``, shape (rows, scores), and their names in ``x.json``
    under ``names``; a column ``row`` then points to them.

    Args:
        path: the table, in UTF-8 or UTF-16, separated by commas, semicolons or tabs.
        task: ``single`` or ``multi``; None is ``single`` if each line has exactly one label that is fully true.
        labels: known from elsewhere, which the table need not name.
        default_labels: those of a table for which no others are known.

    Raises:
        TrainingError: the table cannot be read, lacks a column, or has no line that can be used; or the task is
            ``frame``, which needs labels in time; or it is ``single`` and there are fewer than two labels.
    """
    if task == "frame":
        raise TrainingError(f"{path} cannot hold labels in time; put annotation files beside the recordings.")
    items: list[Item] = []
    problems: list[str] = []
    for number, cells in read_rows(path):
        try:
            items.append(_item(cells, path.parent, single=task == "single"))
        except (ValueError, OSError) as error:  # OSError: a name too long, a folder that may not be entered
            reason = " ".join(str(error).split())  # a cell may have many lines
            problems.append(f"{path}, line {number}, was left out: {reason}.")
    if not items:
        reason = f"the first reason: {problems[0]}" if problems else "it has none below its header."
        raise TrainingError(f"No line of {path} can be used; {reason}")
    named = {label for item in items for label in item.labels}.union(labels) - {ALL_OTHERS}
    labels = tuple(sorted(named or default_labels))
    others = dict.fromkeys(labels, UNKNOWN)
    items = [
        replace(item, labels=others | _without(item.labels, ALL_OTHERS)) if ALL_OTHERS in item.labels else item
        for item in items
    ]
    if task is None:
        task = "single" if all(_is_single(item.labels) for item in items) else "multi"
    if len(labels) < (2 if task == "single" else 1):
        raise TrainingError(f"{path} names {len(labels) or 'no'} label, too few to tell apart; add lines with others.")
    taught = _taught(path) if any(item.row is not None for item in items) else None
    return Collection(labels, task, tuple(items), tuple(problems), taught)


def write_table(path: Path, collection: Collection) -> None:
    """Write a collection so that ``read_table`` with its task reads the same items and labels.

    Paths below the table's folder are written as seen from there, others in full. Labels that no item names and
    teachers' scores are not written.

    Raises:
        TrainingError: the task is ``frame``; a label cannot stand in a table; or the file cannot be written.
    """
    if collection.task == "frame":
        raise TrainingError(f"Labels in time cannot be written to the table {path.name}; keep the annotation files.")
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for item in collection.items:
        inside = item.path.is_relative_to(path.parent)
        place = item.path.relative_to(path.parent).as_posix() if inside else str(item.path.absolute())
        labels = ";".join(_label_text(label, value) for label, value in item.labels.items())
        end = "" if item.end is None else repr(item.end)
        writer.writerow([place, repr(item.start), end, labels, item.group, item.split or ""])
    try:
        with replaced_when_done(path) as file:
            file.write(text.getvalue().encode())
    except (OSError, UnicodeEncodeError) as error:
        raise TrainingError(f"{path} cannot be written ({error}); choose another folder or name.") from error


def read_rows(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield the number of each line that is not empty, from 1, and its cells by column, "" where there is none.

    Raises:
        TrainingError: the table cannot be read or lacks a column that is required.
    """
    text = read_text(path)
    for delimiter in DELIMITERS:
        rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
        try:
            header = [name.strip().lower() for name in next(rows, [])]
            if {"path", "labels"} <= set(header):
                number = rows.line_num + 1
                for row in rows:
                    if any(cell.strip() for cell in row):
                        padded = row + [""] * (len(header) - len(row))
                        yield (
                            number,
                            {name: padded[header.index(name)] if name in header else "" for name in (*COLUMNS, ROW)},
                        )
                    number = rows.line_num + 1
                return
        except csv.Error as error:
            raise TrainingError(f"{path} cannot be read as a table near line {rows.line_num}: {error}.") from error
    raise TrainingError(
        f'The first line of {path} does not name the columns "path" and "labels", separated by commas, semicolons or '
        "tabs; add them."
    )


def _item(cells: Mapping[str, str], folder: Path, *, single: bool) -> Item:
    """Return what a line says.

    Raises:
        ValueError: something in it cannot be; the message says what, without a full stop.
    """
    path = folder / cells["path"]
    if not path.is_file():
        raise ValueError(f'there is no file "{cells["path"]}"')
    start = _seconds(cells["start"], "start") or 0.0
    end = _seconds(cells["end"], "end")
    if end is not None and end <= start:
        raise ValueError(f"its end, {end:g} s, does not come after its start, {start:g} s")
    labels = _labels(cells["labels"])
    if single and not _is_single(labels):
        raise ValueError(f'it needs exactly one label, and "{cells["labels"]}" is not one')
    group = cells["group"] or Path(cells["path"]).as_posix()
    row = int(read_number(cells[ROW])) if cells[ROW].strip() else None
    return Item(path, labels, start, end, group, _split(cells["split"]), row=row)


def _taught(path: Path) -> Taught:
    """Return the teachers' scores beside a table.

    Raises:
        TrainingError: they are missing or damaged.
    """
    try:
        names = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))["names"]
        scores = np.load(path.with_suffix(".npy"), mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise TrainingError(f"The teachers' scores beside {path} cannot be read ({error}); make them again.") from error
    if scores.shape[1:] != (len(names),):
        raise TrainingError(f"The teachers' scores beside {path} do not fit their names; make them again.")
    return Taught(tuple(map(str, names)), scores)


def _without(labels: Mapping[str, float], name: str) -> dict[str, float]:
    return {label: value for label, value in labels.items() if label != name}


def _seconds(text: str, column: str) -> float | None:
    if not text.strip():
        return None
    try:
        seconds = read_number(text)
    except ValueError:
        raise ValueError(f'its {column}, "{text}", is not a number') from None
    if seconds < 0:
        raise ValueError(f'its {column}, "{text}", lies before the beginning of the file')
    return seconds


def _split(text: str) -> Split | None:
    name = text.strip().lower()
    if not name:
        return None
    splits: Sequence[Split] = get_args(Split)
    for split in splits:
        if split == name:
            return split
    raise ValueError(f'its split, "{text}", is not {", ".join(splits[:-1])} or {splits[-1]}')


def _labels(text: str) -> dict[str, float]:
    labels: dict[str, float] = {}
    for part in filter(None, map(str.strip, text.split(";"))):
        name, value = part.rsplit("=", 1) if "=" in part else (part, "1")
        name = name.strip()
        if not name or name in labels:
            raise ValueError(f'"{part}" names {"a label twice" if name else "no label"}')
        if value.strip() == "?":
            labels[name] = UNKNOWN
            continue
        try:
            labels[name] = read_number(value)
        except ValueError:
            raise ValueError(f'"{value}" in "{part}" is neither a number nor a question mark') from None
        if not 0 <= labels[name] <= 1:
            raise ValueError(f'"{value}" in "{part}" does not lie between 0 and 1')
    return labels


def _label_text(label: str, value: float) -> str:
    if not label or label != label.strip() or ";" in label:
        raise TrainingError(
            f'The label "{label}" cannot be written to a table, whose labels are separated by semicolons; rename it.'
        )
    if math.isnan(value):
        return f"{label}=?"
    return label if value == 1 and "=" not in label else f"{label}={value!r}"


def _is_single(labels: Mapping[str, float]) -> bool:
    return [value for value in labels.values() if value != 0] == [1.0]
