"""The rules by which measures, pairs and labels become findings."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from training.check.duplicates import Pair
from training.check.findings import ClassCount, Finding
from training.check.measure import Measures
from training.collection import Collection, Item
from training.evaluation.cases import group_name

CLIPPED = 1e-3  # of the samples
FEWEST_CLIPS = 10
FEWEST_GROUPS = 3
IMBALANCE = 10.0  # times as much of one class as of another
_LISTED = 5


def of_files(measures: Mapping[Path, Measures], unread: Mapping[Path, str]) -> Iterator[Finding]:
    """Yield what is amiss with single recordings."""
    if unread:
        yield Finding(
            "unreadable",
            "problem",
            f"{_files(unread)} cannot be read: {_first(unread.values())}",
            "Copy or export them again; training leaves them out.",
            "leave-out",
            tuple(unread),
        )
    damaged = {path: found.problem for path, found in measures.items() if found.problem}
    if damaged:
        yield Finding(
            "damaged",
            "warning",
            f"{_files(damaged)} can be read only in part: {_first(damaged.values())}",
            "Copy them again; training takes what can be read.",
            "leave-out",
            tuple(damaged),
        )
    silent = [path for path, found in measures.items() if found.is_silent or found.is_mostly_silent]
    if silent:
        yield Finding(
            "silent",
            "problem",
            f"{_files(silent)} {_are(silent)} silent, or nearly all of the time: {_names(silent)}.",
            "Leave them out, or move them into a folder called background.",
            "leave-out",
            tuple(silent),
        )
    clipped = [path for path, found in measures.items() if found.clipped >= CLIPPED]
    if clipped:
        yield Finding(
            "clipped",
            "warning",
            f"{_files(clipped)} {_are(clipped)} clipped, with flat tops where the sound was too loud: "
            f"{_names(clipped)}.",
            "Record them again at a lower level; a few in each class do no harm, all of one class give it away.",
            "record",
            tuple(clipped),
        )


def of_pairs(collection: Collection, pairs: Sequence[Pair]) -> Iterator[Finding]:
    """Yield what is amiss because recordings hold the same sound."""
    by_path: dict[Path, list[Item]] = defaultdict(list)
    for item in collection.items:
        by_path[item.path].append(item)
    same = [group for group in same_sound(pairs) if len(group) > 1]
    torn = [group for group in same if len({_labels(by_path[path]) for path in group}) > 1]
    if torn and collection.task == "single":
        yield Finding(
            "contradiction",
            "problem",
            f"{_counted(torn)} in several classes at once, such as {_names(torn[0])}.",
            "Keep each where it belongs and delete it elsewhere; or give it several labels in a table.",
            "relabel",
            tuple(path for group in torn for path in group),
            groups=tuple(torn),
        )
    given = [group for group in same if len({item.split for path in group for item in by_path[path]} - {None}) > 1]
    if given:
        yield Finding(
            "leak",
            "problem",
            f"{_counted(given)} learnt from and tested on at once, such as {_names(given[0])}.",
            "Put all that holds the same sound into one part, or leave it out; the figures are too good otherwise.",
            "leave-out",
            tuple(path for group in given for path in group),
            groups=tuple(given),
        )
    apart = [group for group in same if group not in given and len(_groups(by_path, group)) > 1]
    if apart:
        yield Finding(
            "leak",
            "warning",
            f"{_counted(apart)} there several times under different names or folders, such as {_names(apart[0])}.",
            "Keep one of each, or put the copies into one folder; quick training keeps them on one side by itself.",
            "join-groups",
            tuple(path for group in apart for path in group[1:]),
            groups=tuple(apart),
        )
    inside = [group for group in same if group not in given and group not in apart]
    if inside:
        yield Finding(
            "copies",
            "note",
            f"{_counted(inside)} there several times in one group, such as {_names(inside[0])}.",
            "Keep one of each; copies in one group spoil no figure, they only weigh more.",
            "leave-out",
            tuple(path for group in inside for path in group[1:]),
            groups=tuple(inside),
        )


def of_classes(collection: Collection, classes: Sequence[ClassCount]) -> Iterator[Finding]:
    """Yield what is amiss with how much there is."""
    few = [each for each in classes if each.clips < FEWEST_CLIPS]
    if few and collection.task != "frame":
        counts = ", ".join(f"{each.label} ({each.clips})" for each in few[:_LISTED])
        yield Finding(
            "few-examples",
            "warning",
            f"There are fewer than {FEWEST_CLIPS} examples of {counts}{_more(few)}.",
            "Record more; quick training works with five, but then nobody knows how well.",
            "record",
            labels=tuple(each.label for each in few),
        )
    alone = [each for each in classes if 0 < each.groups < FEWEST_GROUPS]
    if alone:
        counts = ", ".join(f"{each.label} ({each.groups})" for each in alone[:_LISTED])
        yield Finding(
            "few-groups",
            "warning",
            f"There are fewer than {FEWEST_GROUPS} recordings, or groups of them, of {counts}{_more(alone)}; figures "
            "for these labels cannot be trusted.",
            "Record them on other days, with other players or places, each in a folder of its own.",
            "record",
            labels=tuple(each.label for each in alone),
        )
    amounts = sorted((each.minutes, each.label) for each in classes if each.clips)
    if len(amounts) > 1 and amounts[-1][0] > IMBALANCE * amounts[0][0]:
        (least, rare), (most, common) = amounts[0], amounts[-1]
        yield Finding(
            "imbalance",
            "note",
            f"There is {most / max(least, 1e-9):.0f} times as much of {common} ({most:.1f} min) as of {rare} "
            f"({least:.1f} min).",
            "Training draws all classes equally often, so one may go on; more of the rare ones helps most.",
            "record",
            labels=(rare, common),
        )


def of_equipment(told: Mapping[str, float]) -> Iterator[Finding]:
    """Yield what tells a class beside its sound."""
    if told:
        labels = ", ".join(f"{label} ({accuracy:.0%})" for label, accuracy in told.items())
        yield Finding(
            "equipment",
            "warning",
            f"Noise floor and bandwidth alone tell {labels} from the rest: made with another microphone, place or "
            "format, it seems.",
            "Record some of each class with the same equipment, or the model may learn that instead of the sound.",
            "record",
            labels=tuple(told),
        )


def of_reading(problems: Sequence[str]) -> Iterator[Finding]:
    """Yield what was left out while the folder or table was read."""
    if problems:
        more = f" ({len(problems)} such cases)" if len(problems) > 1 else ""
        yield Finding("left-out", "note", f"{problems[0]}{more}", "Look whether it should count.")


def count_classes(collection: Collection, seconds: Mapping[Path, float]) -> tuple[ClassCount, ...]:
    """Return how much there is of each class in recordings of known length."""
    clips: dict[str, int] = defaultdict(int)
    groups: dict[str, set[str]] = defaultdict(set)
    total: dict[str, float] = defaultdict(float)
    for item in collection.items:
        length = (seconds.get(item.path, 0.0) if item.end is None else item.end) - item.start
        spans = {label: length for label, value in item.labels.items() if value > 0.5}
        for segment in item.segments:
            spans[segment.label] = spans.get(segment.label, 0.0) + segment.end - segment.start
        for label, span in spans.items():
            clips[label] += 1
            groups[label].add(group_name(item))
            total[label] += span
    return tuple(ClassCount(label, clips[label], len(groups[label]), total[label] / 60) for label in collection.labels)


def same_sound(pairs: Sequence[Pair]) -> list[tuple[Path, ...]]:
    """Return sets of recordings that hold the same sound, directly or by way of others, sorted."""
    paths = sorted({path for pair in pairs for path in (pair.first, pair.second)})
    if not paths:
        return []
    number = {path: index for index, path in enumerate(paths)}
    rows, columns = (
        [number[path] for path in side] for side in zip(*((p.first, p.second) for p in pairs), strict=True)
    )
    graph = coo_array((np.ones(len(pairs)), (rows, columns)), shape=(len(paths), len(paths)))
    count, which = connected_components(graph, directed=False)
    sets: list[list[Path]] = [[] for _ in range(count)]
    for path, index in zip(paths, which, strict=True):
        sets[index].append(path)
    return [tuple(members) for members in sets]


def _groups(by_path: Mapping[Path, Sequence[Item]], paths: Sequence[Path]) -> set[str]:
    return {group_name(item) for path in paths for item in by_path[path]}


def _labels(items: Sequence[Item]) -> frozenset[str]:
    return frozenset(label for item in items for label, value in item.labels.items() if value > 0.5)


def _files(paths: Sequence[Path] | Mapping[Path, str]) -> str:
    return f"{len(paths)} recording{'s' if len(paths) != 1 else ''}"


def _counted(groups: Sequence[object]) -> str:
    return "1 recording is" if len(groups) == 1 else f"{len(groups)} recordings are"


def _are(paths: Sequence[Path]) -> str:
    return "is" if len(paths) == 1 else "are"


def _names(paths: Sequence[Path]) -> str:
    return ", ".join(f"{path.parent.name}/{path.name}" for path in paths[:_LISTED]) + _more(paths)


def _more(of: Sequence[object]) -> str:
    return f" and {len(of) - _LISTED} more" if len(of) > _LISTED else ""


def _first(sentences: Iterable[str]) -> str:
    return next(iter(sentences))
