"""The labels that a user has given anew, in place of those that a folder or a table gives."""

from dataclasses import replace
from pathlib import Path

from timbrescope.core.relabelled import read_relabelled, relabelled_file
from training.collection import Collection, Item
from training.errors import TrainingError


def relabelled(collection: Collection, data: Path) -> Collection:
    """Return what was read from a folder or a table, with the labels that the user has given anew.

    Labels in time are left as they are. A class that has no recording any more is none.

    Raises:
        RelabelError: the table of new labels cannot be read.
        TrainingError: fewer than two classes are left.
    """
    wanted = {} if collection.task == "frame" else read_relabelled(data)
    if not wanted:
        return collection
    table = relabelled_file(data)
    problems: list[str] = []
    items: list[Item] = []
    for item in collection.items:
        labels = wanted.pop((item.path.absolute(), item.start), None)
        if labels is not None and collection.task == "single" and len(labels) != 1:
            problems.append(f"{table} gives {item.path} {len(labels) or 'no'} labels, where one is needed; add it.")
            labels = None
        items.append(item if labels is None else replace(item, labels=dict.fromkeys(labels, 1.0)))
    problems += [f"{table} names {path}, which is not among the recordings." for path, _ in wanted]
    named = {label for item in items for label in item.labels}
    kept = [label for label in collection.labels if label in named or collection.task == "multi"]
    labels = (*kept, *sorted(named.difference(kept)))
    if collection.task == "single" and len(labels) < 2:
        raise TrainingError(f"With its new labels, {data} has one class only; mend {table} or remove it.")
    return replace(collection, items=tuple(items), labels=labels, problems=(*collection.problems, *problems))
