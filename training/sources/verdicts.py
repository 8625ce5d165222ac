"""What is known of pieces of recordings: what people have said of models' claims, and labels of any other kind."""

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from timbrescope.core import verdict_files
from timbrescope.core.verdicts import Judged, VerdictError
from training.collection import UNKNOWN, Collection, Item, Split
from training.errors import TrainingError
from training.sources import read_collection
from training.sources.table import ALL_OTHERS, read_table

_EVERY = 3  # recordings, of which one is kept aside


def read_verdicts(recordings: Sequence[Path], labels: Sequence[str] | None = None) -> Collection:
    """Return a piece for each verdict on a recording; of what nobody has said, all labels are unknown.

    Every third recording is for the test, in the order in which they were first judged, so that those of later ones
    change nothing. The same sound under several names counts as one.

    Args:
        recordings: those to look at.
        labels: all that count, in the order wanted; None takes those that occur.

    Raises:
        TrainingError: nobody has said anything of them.
    """
    found: list[tuple[Path, Judged]] = []
    problems: list[str] = []
    for path in recordings:
        try:
            judged = verdict_files.load(path)
        except VerdictError as error:
            problems.append(str(error))
            continue
        if judged.verdicts:
            found.append((path, judged))
    since: dict[str, str] = {}
    for _, judged in found:
        since[judged.key] = min(judged.since, since.get(judged.key, judged.since))
    order = {key: number for number, key in enumerate(sorted(since, key=lambda key: (since[key], key)))}
    items = []
    for path, judged in sorted(found, key=lambda one: (order[one[1].key], one[0])):
        part: Split = "test" if order[judged.key] % _EVERY == 1 else "train"
        for one in judged.verdicts:
            known = {label: value for label, value in one.labels.items() if labels is None or label in labels}
            if known:
                targets = known | {ALL_OTHERS: UNKNOWN}
                items.append(Item(path, targets, one.start, one.end, judged.key[:16], part))
    if not items:
        reason = f" ({problems[0]})" if problems else ""
        raise TrainingError(f"Nobody has corrected any of {len(recordings)} recordings{reason}; correct some first.")
    named = {label for item in items for label in item.labels} - {ALL_OTHERS}
    return Collection(tuple(labels or sorted(named)), "multi", tuple(items), tuple(problems))


def read_known(paths: Sequence[Path], layout: str, labels: Sequence[str]) -> Collection:
    """Read sets of labelled recordings for a model that has its labels already; each set knows nothing of the others'.

    Every item names all labels: 0 where one does not apply, ``UNKNOWN`` where nobody knows.

    Args:
        paths: folders and tables.
        layout: as in ``read_collection``.
        labels: of the model.

    Raises:
        TrainingError: one of them cannot be used, or has labels in time.
    """
    items: list[Item] = []
    problems: list[str] = []
    for path in paths:
        if layout == "table" or (layout == "auto" and path.is_file()):
            collection = read_table(path, task="multi", labels=labels)
            named = {
                label for item in collection.items for label, value in item.labels.items() if not math.isnan(value)
            }
        else:
            collection = read_collection(path, layout, task="multi")
            named = set(collection.labels)
        problems += collection.problems
        for item in collection.items:
            known = {label: item.labels.get(label, 0.0) if label in named else UNKNOWN for label in labels}
            items.append(replace(item, labels=known))
    return Collection(tuple(labels), "multi", tuple(items), tuple(problems))
