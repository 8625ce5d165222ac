"""Which items are learnt from, which decide when to stop, and which judge: without a group on two sides.

One rule serves single labels, several labels and labels in time: iterative stratification (Sechidis, Tsoumakas and
Vlahavas 2011), the rarest label first, applied to groups instead of items. scikit-learn's stratified splitters know
neither several labels nor parts that are given or of unequal size.
"""

import hashlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from training.collection import Collection, Item, Split
from training.errors import TrainingError

PARTS: tuple[Split, ...] = ("train", "test", "validation")  # in the order in which a rare label reaches them
_FREE = -1  # the part of a group that has none yet
_LISTED = 8  # labels named in a sentence

Matrix = NDArray[np.float64]
Parts = NDArray[np.int64]


def assign_splits(collection: Collection, *, validation: float, test: float, seed: int) -> Collection:
    """Return the collection with every item in a part; items with a part keep it and count towards its share.

    Groups stay whole; an item without a group is one with the others of its file. A label that has groups enough is in
    every part, and in the training part before the others. The same items are split in the same way whatever their
    order and wherever they lie. Problems tell which labels a part lacks.

    Args:
        collection: items to split.
        validation: share of the validation part, of each label.
        test: share of the test part.
        seed: of what is left to chance.

    Raises:
        TrainingError: the shares leave nothing to learn from.
    """
    if min(validation, test) < 0 or validation + test >= 1:
        raise TrainingError(
            f"Shares of {validation:g} for validation and {test:g} for the test leave nothing to learn from; make them "
            "smaller."
        )
    groups = _groups(collection)
    shares = np.array(
        [{"train": 1 - validation - test, "validation": validation, "test": test}[name] for name in PARTS]
    )
    parts = _distribute(groups, shares, seed)
    _bring_to_training(groups, parts)
    return _with_parts(collection, groups, [PARTS[part] for part in parts], _missing(collection, groups, parts, shares))


def folds(collection: Collection, k: int, seed: int) -> Iterator[Collection]:
    """Yield the splits of a k-fold cross-validation: each fold is the test part once, the next one validates.

    With k = 10 these are the parts of 80, 10 and 10 % of Pons, Lidy and Serra 2016. Given parts do not count; groups
    stay whole.

    Raises:
        TrainingError: there are fewer than 3 folds, or fewer groups than folds.
    """
    collection = replace(collection, items=tuple(replace(item, split=None) for item in collection.items))
    groups = _groups(collection)
    if not 3 <= k <= len(groups.names):
        raise TrainingError(
            f"{len(groups.names)} groups of recordings cannot be split into {k} folds; choose 3 folds or more, and no "
            "more than there are groups."
        )
    fold = _distribute(groups, np.full(k, 1 / k), seed)
    for test in range(k):
        named: list[Split] = [
            "test" if part == test else "validation" if part == (test + 1) % k else "train" for part in fold
        ]
        yield _with_parts(collection, groups, named, [])


def class_weights(targets: NDArray[np.floating], power: float = 1.0) -> NDArray[np.float32]:
    """Return the weight of each label in the loss, inversely as frequent, 1 on average over all that is true.

    Args:
        targets: in 0..1, shape (examples, n_labels); nan where nobody knows. A label that never applies weighs 1.
        power: of the frequency; the smaller it is, the more alike the labels weigh.
    """
    counts: NDArray[np.float64] = np.nan_to_num(targets).sum(axis=0, dtype=np.float64)
    present = counts > 0
    weights = np.ones(len(counts))
    inverse = counts[present] ** -power
    weights[present] = inverse * (counts.sum() / (inverse @ counts[present]))
    return weights.astype(np.float32)


def balanced_order(
    targets: NDArray[np.floating],
    seed: int,
    epoch: int,
    *,
    groups: NDArray[np.integer] | None = None,
    unknown_turns: int = 1,
    nothing_turns: int = 1,
) -> NDArray[np.int64]:
    """Return an epoch of as many examples as there are, in which all labels come up in turn (PANNs, Kong et al. 2020).

    Each label goes through its examples in random order, again and again; examples without any label take a turn of
    their own, and so do those of which nobody knows whether one applies.

    Args:
        targets: in 0..1, shape (examples, n_labels); nan where nobody knows.
        seed: together with ``epoch`` decides the order.
        epoch: counted from 0.
        groups: number of each example's group; a label then draws examples so that a group with a hundred times as
            many as another comes up ten times as often, lest large sources hide the small ones.
        unknown_turns: of examples of which nobody knows whether a label applies, to one of each label.
        nothing_turns: of examples without any label.
    """
    rng = np.random.default_rng([seed, epoch])
    applies = np.nan_to_num(targets) >= 0.5
    unknown = np.isnan(targets).any(axis=1) & ~applies.any(axis=1)
    nothing = ~applies.any(axis=1) & ~unknown
    queues = [np.flatnonzero(chosen) for chosen in (*applies.T, *[nothing] * nothing_turns, *[unknown] * unknown_turns)]
    queues = [queue for queue in queues if len(queue)]
    if not queues:
        return np.empty(0, np.int64)
    turns = -(-len(targets) // len(queues))
    drawn = [_draw(rng, queue, turns, groups) for queue in queues]
    return np.asarray(rng.permuted(np.stack(drawn, axis=1), axis=1).reshape(-1)[: len(targets)], np.int64)


def _draw(
    rng: np.random.Generator, queue: NDArray[np.int64], turns: int, groups: NDArray[np.integer] | None
) -> NDArray[np.int64]:
    if groups is None:
        return np.concatenate([rng.permutation(queue) for _ in range(-(-turns // len(queue)))])[:turns]
    _, which, sizes = np.unique(groups[queue], return_inverse=True, return_counts=True)
    chances = sizes[which] ** -0.5  # of each example, so that a group has the root of its size
    return rng.choice(queue, turns, p=chances / chances.sum())


@dataclass(frozen=True, slots=True)
class _Groups:
    """What may not be separated.

    Attributes:
        names: of the groups, sorted.
        members: which group each item belongs to, shape (items,).
        weights: how much of each label a group has, and its number of items last, shape (groups, n_labels + 1).
        given: the part that its items come with, or ``_FREE``, shape (groups,).
    """

    names: list[str]
    members: NDArray[np.int64]
    weights: Matrix
    given: Parts


def _groups(collection: Collection) -> _Groups:
    items = collection.items
    root = _root(items)
    keys = [f"group {item.group}" if item.group else f"file {os.path.relpath(item.path, root)}" for item in items]
    names, members = np.unique(np.array(keys, dtype=object), return_inverse=True)
    column = {label: index for index, label in enumerate(collection.labels)}
    weights = np.zeros((len(names), len(column) + 1))
    given = np.full(len(names), _FREE)
    for group, item in zip(members, items, strict=True):
        weights[group, -1] += 1
        for label, value in _amounts(item).items():
            if label in column and value > 0:  # nan is not
                weights[group, column[label]] += value
        if item.split is not None:
            given[group] = max(given[group], PARTS.index(item.split))
    # Rounded, because sums depend on the order of the items in their last digits.
    return _Groups([str(name) for name in names], members, weights.round(9), given)


def _root(items: Sequence[Item]) -> str:
    """Return the folder that all files lie in, so that moving the collection does not change its split."""
    try:
        return str(os.path.commonpath([str(item.path.absolute().parent) for item in items]))
    except ValueError:  # no items, or several drives
        return os.sep


def _amounts(item: Item) -> dict[str, float]:
    """Return how much of each label an item has: its value, or the seconds of its segments."""
    amounts = dict(item.labels)
    for segment in item.segments:
        amounts[segment.label] = amounts.get(segment.label, 0.0) + segment.end - segment.start
    return amounts


def _distribute(groups: _Groups, shares: Matrix, seed: int) -> Parts:
    """Return the part of each group, so that of each label every part has about its share.

    A group goes to a part that lacks the label in hand, or else to the one where it lessens chi-squared over all labels
    the most, so that the parts fill evenly.
    """
    parts = groups.given.copy()
    total = groups.weights.sum(axis=0)
    weights = groups.weights / np.where(total > 0, total, 1.0)
    left = np.outer(shares, np.ones(len(total)))  # what each part still wants of each label, as a share of all
    present = np.zeros(left.shape, bool)
    for group in np.flatnonzero(parts != _FREE):
        left[parts[group]] -= weights[group]
        present[parts[group]] |= weights[group] > 0
    chance = np.array([int.from_bytes(hashlib.sha256(f"{seed} {name}".encode()).digest()[:6]) for name in groups.names])
    in_use = np.flatnonzero(shares > 0)
    labels = len(total) - 1
    rarity = np.count_nonzero(weights[:, :labels], axis=0)
    for label in (*np.argsort(rarity, kind="stable"), labels):  # last what has no label, by its number
        free = np.flatnonzero((parts == _FREE) & (weights[:, label] > 0))
        for group in free[np.lexsort((chance[free], -weights[free, label]))]:  # large ones first: the rest fills gaps
            gains = ((2 * left[in_use] - weights[group]) @ weights[group] / shares[in_use]).round(12)
            lacks = ~present[in_use, label]
            best = in_use[np.lexsort((-gains, ~lacks))[0]]
            parts[group] = best
            left[best] -= weights[group]
            present[best] |= weights[group] > 0
    return parts


def _bring_to_training(groups: _Groups, parts: Parts) -> None:
    """Move the smallest group with it to the training part for each label that was drawn along to the others."""
    has = groups.weights[:, :-1] > 0
    for label in range(has.shape[1]):
        movable = np.flatnonzero(has[:, label] & (groups.given == _FREE))
        if len(movable) and not np.any(has[parts == 0, label]):
            parts[movable[np.argmin(groups.weights[movable, -1])]] = 0


def _missing(collection: Collection, groups: _Groups, parts: Parts, shares: Matrix) -> list[str]:
    """Return a sentence for each part that lacks labels, and one where given parts separate a group."""
    files = len({item.path for item in collection.items})
    what = "recordings" if len(groups.names) == files else "groups of recordings"
    has = groups.weights[:, :-1] > 0
    problems = []
    for part in np.flatnonzero(shares > 0):
        lacking = has.any(axis=0) & ~has[parts == part].any(axis=0)
        names = [label for label, lacks in zip(collection.labels, lacking, strict=True) if lacks]
        if names:
            more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
            problems.append(
                f"There are too few {what} of {', '.join(names[:_LISTED])}{more} for the {PARTS[part]} part; add some, "
                "or expect no figures for what is missing there."
            )
    sides: dict[int, set[Split]] = {}
    for group, item in zip(groups.members, collection.items, strict=True):
        if item.split is not None:
            sides.setdefault(int(group), set()).add(item.split)
    torn = [groups.names[group] for group, parts_of in sorted(sides.items()) if len(parts_of) > 1]
    if torn:
        problems.append(
            f"The collection itself puts the {torn[0]} into several parts ({len(torn)} such cases in all); its figures "
            "are better than those for new recordings."
        )
    return problems


def _with_parts(collection: Collection, groups: _Groups, parts: Sequence[Split], problems: Sequence[str]) -> Collection:
    items = tuple(
        item if item.split is not None else replace(item, split=parts[group])
        for group, item in zip(groups.members, collection.items, strict=True)
    )
    return replace(collection, items=items, problems=(*collection.problems, *problems))
