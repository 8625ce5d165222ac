"""The check of labelled recordings from end to end."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from training.check.duplicates import Pair, find_pairs
from training.check.findings import Checked
from training.check.measure import Measures, measure, measured
from training.check.microphone import told_by_equipment
from training.check.rules import count_classes, of_classes, of_equipment, of_files, of_pairs, of_reading, same_sound
from training.collection import Collection
from training.evaluation.cases import group_name
from training.file_store import FileStore

Progress = Callable[[str, int, int], None]
"""Told what is being done, how much of it is done, and of how much."""

_STORE = "measures-1.sqlite3"  # another number when what is measured changes
_ORDER = ("problem", "warning", "note")


def check(
    collection: Collection, cache: Path, progress: Progress, *, workers: int | None = None
) -> tuple[Checked, tuple[Pair, ...]]:
    """Return what is amiss with a collection, and which of its recordings hold the same sound.

    Args:
        collection: what is to be learnt from.
        cache: folder for what was measured; a second check reads only what has changed.
        progress: told how far it is.
        workers: processes that read recordings; None takes one a core where there is enough to do, 0 none.

    Raises:
        TrainingError: the cache cannot be written.
    """
    store = FileStore(cache / _STORE, measure)
    paths = sorted({item.path for item in collection.items})
    store.add(paths, lambda done, total: progress("reading recordings", done, total), workers=workers)
    measures: dict[Path, Measures] = {}
    unread: dict[Path, str] = {}
    for path, (arrays, problem) in store.read_all(paths):
        if arrays:
            measures[path] = measured(arrays, problem)
        else:
            unread[path] = problem
    pairs = tuple(find_pairs(measures, lambda done, total: progress("comparing recordings", done, total)))
    classes = count_classes(collection, {path: found.seconds for path, found in measures.items()})
    findings = [
        *of_files(measures, unread),
        *of_pairs(collection, pairs),
        *of_classes(collection, classes),
        *of_equipment(told_by_equipment(collection.items, measures, collection.labels)),
        *of_reading(collection.problems),
    ]
    findings.sort(key=lambda finding: _ORDER.index(finding.severity))
    minutes = sum(found.seconds for found in measures.values()) / 60
    return Checked(len(paths), minutes, classes, tuple(findings)), pairs


def join_groups(collection: Collection, pairs: Sequence[Pair]) -> Collection:
    """Return the collection in which all that holds the same sound belongs to one group, with the groups they are of.

    So no split can tear them apart.
    """
    joined: dict[str, str] = {}

    def root(name: str) -> str:
        while joined.get(name, name) != name:
            name = joined[name]
        return name

    of_path: dict[Path, list[str]] = {}
    for item in collection.items:
        of_path.setdefault(item.path, []).append(group_name(item))
    for paths in same_sound(pairs):
        names = sorted({root(name) for path in paths for name in of_path.get(path, [])})
        for name in names[1:]:
            joined[name] = names[0]
    items = tuple(
        replace(item, group=root(group_name(item))) if root(group_name(item)) != group_name(item) else item
        for item in collection.items
    )
    return replace(collection, items=items)
