"""Make of what several teachers say one table of labels to learn: ``python -m training.teachers.ensemble DIR``.

In DIR lies what ``training.teachers.teach`` wrote. Teachers with the same labels are one ensemble, whose score is the
mean of theirs. A label is then called ``magnatagatune:piano``, after the list that it belongs to, so that a network can
learn several lists at once. What is known of the instruments in a recording overrides what the teachers say of them.
"""

import argparse
import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from timbrescope import paths
from timbrescope.core.errors import TimbrescopeError
from timbrescope.core.files import replaced_when_done
from training.errors import TrainingError
from training.sources.table import COLUMNS, read_table

Scores = NDArray[np.float64]

SEPARATOR: Final = ":"
PRESENT, ABSENT = 0.9, 0.01  # what a tag that is known to be true scores at least, and one known to be wrong at most
LISTS: Final = {"magnatagatune": "magnatagatune-50", "million-song": "million-song-50"}
_TAGS: Final = {
    "guitar": ("acoustic guitar", "electric guitar"),
    "piano": ("piano",),
    "violin": ("violin",),
    "cello": ("cello",),
    "flute": ("flute",),
    "drums": ("drums",),
    "strings": ("violin", "cello"),
    "vocals": ("voice",),
    "vocal": ("voice",),
    "voice": ("voice",),
    "singing": ("voice",),
}
"""The instruments of which any makes a tag true; where none of them sounds it is wrong."""
_SILENCED: Final = ("no vocals", "no vocal", "no voice")  # by a voice


def known_lists() -> dict[str, list[str]]:
    """Return the labels of each list of tags, in its own order."""
    labels = json.loads((paths.resources() / "labels.json").read_text(encoding="utf-8"))
    return {title: labels[key] for title, key in LISTS.items()}


def ensembles(names: Sequence[str], lists: Mapping[str, Sequence[str]]) -> dict[str, dict[str, list[int]]]:
    """Return the columns of the teachers' scores of each label of each list.

    Args:
        names: of the scores, as ``model:label``.
        lists: labels by the list's name.

    Raises:
        TrainingError: a model knows none of the lists as a whole.
    """
    columns: dict[str, dict[str, int]] = {}
    for column, name in enumerate(names):
        model, _, label = name.partition(SEPARATOR)
        columns.setdefault(model, {})[label] = column
    found: dict[str, dict[str, list[int]]] = {}
    for model, by_label in columns.items():
        title = next((title for title, labels in lists.items() if set(labels) == set(by_label)), None)
        if title is None:
            raise TrainingError(f"The labels of {model} are none of the lists {', '.join(lists)}; leave it out.")
        for label, column in by_label.items():
            found.setdefault(title, {}).setdefault(label, []).append(column)
    return found


def overridden(tag: str, scores: Scores, known: Sequence[Mapping[str, float]]) -> Scores:
    """Return the scores of a tag, shape (pieces,), corrected by what is known of each piece's instruments."""
    corrected = scores.copy()
    silenced = tag in _SILENCED
    instruments = ("voice",) if silenced else _TAGS.get(tag, ())
    for row, labels in enumerate(known if instruments else ()):
        values = [labels.get(instrument, np.nan) for instrument in instruments]
        if any(value == 1 for value in values):
            applies = not silenced
        elif all(value == 0 for value in values):
            applies = silenced
        else:
            continue
        corrected[row] = max(scores[row], PRESENT) if applies else min(scores[row], ABSENT)
    return corrected


def make_table(taught: Path, output: Path, lists: Mapping[str, Sequence[str]], *, only: str | None = None) -> int:
    """Write the table of an ensemble's scores and return how many pieces it has.

    Args:
        taught: the folder that ``teach`` wrote.
        output: the table.
        lists: labels by the list's name.
        only: the name of the only list to write; None writes all that a teacher knows.

    Raises:
        TrainingError: what the teachers said cannot be read, or a model knows none of the lists.
        OSError: the table cannot be written.
    """
    collection = read_table(taught / "taught.csv", task="multi", default_labels=("piano",))
    if collection.taught is None:
        raise TrainingError(f"{taught} holds no scores of teachers; let them listen first.")
    heard = [(item, item.row) for item in collection.items if item.row is not None]
    scores = collection.taught.scores[[row for _, row in heard]].astype(np.float64)
    known = [item.labels for item, _ in heard]
    columns = {
        f"{title}{SEPARATOR}{label}": overridden(label, scores[:, places].mean(axis=1), known)
        for title, labels in ensembles(collection.taught.names, lists).items()
        if only in (None, title)
        for label, places in labels.items()
    }
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for (item, _), labels in zip(heard, _written(columns), strict=True):
        end = "" if item.end is None else f"{item.end:g}"
        writer.writerow([item.path.resolve(), f"{item.start:g}", end, labels, item.group, item.split or ""])
    with replaced_when_done(output) as file:
        file.write(text.getvalue().encode())
    return len(heard)


def _written(columns: Mapping[str, Scores]) -> Iterator[str]:
    for row in zip(*columns.values(), strict=True):
        yield ";".join(f"{name}={value:.3g}" for name, value in zip(columns, row, strict=True))


def main(arguments: Sequence[str] | None = None) -> None:
    """Make the table of an ensemble."""
    parser = argparse.ArgumentParser(description="Make of what several teachers say one table of labels to learn.")
    parser.add_argument("taught", type=Path, help="the folder that training.teachers.teach wrote")
    parser.add_argument("--output", type=Path, required=True, help="the table")
    parser.add_argument("--list", choices=sorted(LISTS), help="the only list of tags to keep (default: all)")
    options = parser.parse_args(arguments)
    try:
        count = make_table(options.taught, options.output, known_lists(), only=options.list)
    except TimbrescopeError as error:
        parser.exit(1, f"{error}\n")
    except OSError as error:
        parser.exit(1, f"{options.output} cannot be written ({error}); choose another place or make room.\n")
    print(f"{count} pieces are in {options.output}.")


if __name__ == "__main__":
    main()
