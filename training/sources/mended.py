"""What a user has done about the findings of a check: files left out, copies kept in one group."""

from dataclasses import replace
from pathlib import Path

from timbrescope.core.mended import mended_file, read_mended
from training.collection import Collection
from training.errors import TrainingError


def mended(collection: Collection, data: Path) -> Collection:
    """Return what was read from a folder or a table, as far as it is to be used.

    Raises:
        MendError: the table of what was mended cannot be read.
        TrainingError: nothing is left, or one class only.
    """
    done = read_mended(data)
    items = tuple(
        replace(item, group=done.groups.get(item.path.absolute(), item.group))
        for item in collection.items
        if item.path.absolute() not in done.left_out
    )
    if len(items) == len(collection.items):
        return replace(collection, items=items)
    labels = collection.labels
    if collection.task != "multi":
        named = {label for item in items for label in (*item.labels, *(each.label for each in item.segments))}
        labels = tuple(label for label in labels if label in named)
    if not items or (collection.task == "single" and len(labels) < 2):
        raise TrainingError(f"Too little of {data} is left to learn from; mend {mended_file(data)} or remove it.")
    return replace(collection, items=items, labels=labels)
