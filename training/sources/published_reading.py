"""What the readers of published data sets share: finding files, reading tables, saying what is missing."""

import csv
import importlib
import io
import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from training.collection import Collection, Item, Task
from training.errors import TrainingError
from training.sources.text import read_text
from training.sources.tree import files_below, is_sound


def inside(folder: Path, name: str) -> Path:
    """Return the folder ``name`` in ``folder``, or ``folder`` where there is none: then it was chosen itself."""
    inner = folder / name
    return inner if inner.is_dir() else folder


def required(path: Path, data_set: str) -> Path:
    """Return ``path``, a file or folder that the data set cannot be read without.

    Raises:
        TrainingError: it does not exist.
    """
    if not path.exists():
        raise TrainingError(
            f"{path.name} of {data_set} is missing in {path.parent}; fetch it from where the sound files came from, or "
            "choose the folder that holds it."
        )
    return path


def parts(folder: Path, names: Sequence[str], data_set: str) -> tuple[list[Path], list[str]]:
    """Return the folders of those names that exist in ``folder``, and a sentence for each that does not.

    Raises:
        TrainingError: there is none of them.
    """
    there = [folder / name for name in names if (folder / name).is_dir()]
    if not there:
        raise TrainingError(
            f"{folder} holds no folder {' or '.join(names)}; choose the one into which {data_set} was unpacked."
        )
    absent = [name for name in names if folder / name not in there]
    return there, [f"{name} is missing in {folder}: that part of {data_set} was left out." for name in absent]


def sounds(folder: Path) -> tuple[list[Path], list[str]]:
    """Return all sound files in and below ``folder``, and a sentence for each that is left out.

    Raises:
        TrainingError: there is no such folder.
    """
    files, problems = files_below(folder)
    return [path for path in files if is_sound(path)], problems


def rows(path: Path, data_set: str, columns: Iterable[str], delimiter: str = ",") -> Iterator[dict[str, str]]:
    """Yield the rows of a table with a header, each at least with these columns; what a row lacks is empty.

    Raises:
        TrainingError: the file is missing or damaged, or has not these columns.
    """
    text = io.StringIO(read_text(required(path, data_set)), newline="")
    table = csv.DictReader(text, delimiter=delimiter, restval="")
    try:
        absent = sorted(set(columns) - set(table.fieldnames or ()))
        if absent:
            raise TrainingError(
                f'{path} has no column "{absent[0]}", so it is not the table of {data_set}; fetch it again.'
            )
        yield from table
    except csv.Error as error:
        raise TrainingError(
            f"{path} of {data_set} is damaged near line {table.line_num} ({error}); fetch it again."
        ) from error


def json_object(path: Path, data_set: str) -> dict[str, Any]:
    """Return the object that a JSON file holds.

    Raises:
        TrainingError: the file is missing or damaged, or holds something else.
    """
    text = read_text(required(path, data_set))
    try:
        content = json.loads(text)
    except ValueError as error:
        raise TrainingError(f"{path} of {data_set} is damaged ({error}); fetch it again.") from error
    if not isinstance(content, dict):
        raise TrainingError(f"{path} is not the table of {data_set}; fetch it again.")
    return content


def library(name: str, data_set: str) -> Any:
    """Return a module that only the readers of data sets need.

    Raises:
        TrainingError: it is not installed.
    """
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise TrainingError(
            f"{name.partition('.')[0]} is not installed, without which {data_set} cannot be read; run pip install "
            '"timbrescope[datasets]".'
        ) from error


def collected(
    data_set: str, folder: Path, labels: Iterable[str], task: Task, items: Iterable[Item], problems: Iterable[str]
) -> Collection:
    """Return the collection of those items whose sound file is there and not empty, in the order of their paths.

    Raises:
        TrainingError: no item is left.
    """
    usable, faults = [], []
    for item in sorted(items, key=lambda item: item.path.as_posix()):
        fault = _fault(item.path)
        if fault:
            faults.append(fault)
        else:
            usable.append(item)
    if not usable:
        raise TrainingError(
            f"{folder} holds no labelled sound files of {data_set}; choose the folder into which it was unpacked, with "
            "the names that its authors gave."
        )
    return Collection(tuple(labels), task, tuple(usable), (*problems, *faults))


def _fault(path: Path) -> str:
    """Return why a sound file is left out, nothing where it is fine."""
    try:
        return "" if path.stat().st_size else f"{path} is empty (0 bytes) and was left out."
    except OSError:
        return f"{path} is missing and was left out."
