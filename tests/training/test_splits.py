import math
import random
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from training.collection import Collection, Item, Segment, Split
from training.errors import TrainingError
from training.splits import assign_splits, balanced_order, class_weights, folds

LABELS = ("flute", "oboe", "tuba")


@st.composite
def collections(draw: st.DrawFn) -> Collection:
    """Return several labels an item, some unknown, in groups of several files; some parts are given."""
    group_of = draw(st.lists(st.integers(0, 12), min_size=1, max_size=40))
    given_part = draw(st.lists(st.sampled_from([None, None, None, *get_args(Split)]), min_size=13, max_size=13))
    items = []
    for number, group in enumerate(group_of):
        values = draw(st.tuples(*[st.sampled_from([0.0, 1.0, 0.3, math.nan])] * len(LABELS)))
        labels = dict(zip(LABELS, values, strict=True))
        name = f"take {group}" if group < 10 else ""
        split = given_part[group] if name else None
        items.append(Item(Path(f"/data/{number}.wav"), labels, group=name, split=split))
    return Collection(LABELS, "multi", tuple(items))


def single(counts: dict[str, int], takes: int = 1) -> Collection:
    """Return so many groups of each label, each with so many files."""
    items = [
        Item(Path(f"/data/{label}/{number}-{take}.wav"), {label: 1.0}, group=f"{label} {number}" if takes > 1 else "")
        for label, count in counts.items()
        for number in range(count)
        for take in range(takes)
    ]
    return Collection(tuple(counts), "single", tuple(items))


def parts(collection: Collection) -> dict[Path, Split | None]:
    return {item.path: item.split for item in collection.items}


def labels_in(items: Sequence[Item], part: Split) -> set[str]:
    return {label for item in items if item.split == part for label, value in item.labels.items() if value > 0}


@given(collections(), st.randoms(use_true_random=False))
def test_any_order_of_the_files_gives_the_same_split(collection: Collection, shuffler: random.Random) -> None:
    items = list(collection.items)
    shuffler.shuffle(items)
    split = assign_splits(collection, validation=0.2, test=0.2, seed=1)
    assert parts(assign_splits(replace(collection, items=tuple(items)), validation=0.2, test=0.2, seed=1)) == parts(
        split
    )


@given(collections())
def test_given_parts_stay_and_no_group_is_separated(collection: Collection) -> None:
    split = assign_splits(collection, validation=0.2, test=0.2, seed=1)
    sides: dict[str, set[Split | None]] = {}
    for before, after in zip(collection.items, split.items, strict=True):
        assert after == replace(before, split=after.split)
        assert after.split == (before.split or after.split) is not None
        sides.setdefault(after.group or str(after.path), set()).add(after.split)
    assert all(len(side) == 1 for side in sides.values())


@given(collections())
def test_every_label_that_may_go_there_is_in_the_training_part(collection: Collection) -> None:
    split = assign_splits(collection, validation=0.3, test=0.3, seed=1)
    free = [item for item in collection.items if item.split is None]
    for label in LABELS:
        if any(item.labels[label] > 0 for item in free):
            assert label in labels_in(split.items, "train")


def test_parts_have_their_shares_of_each_label() -> None:
    split = assign_splits(single({"flute": 100, "oboe": 50, "tuba": 10}, takes=3), validation=0.1, test=0.2, seed=5)
    for label, groups in {"flute": 100, "oboe": 50, "tuba": 10}.items():
        for part, share in {"train": 0.7, "validation": 0.1, "test": 0.2}.items():
            number = sum(item.split == part and label in item.labels for item in split.items)
            assert number == pytest.approx(3 * groups * share, abs=3)
    assert not split.problems


def test_labels_in_time_are_split_by_their_seconds() -> None:
    items = tuple(
        Item(Path(f"/data/{n}.wav"), segments=(Segment(0, 10, "a"), Segment(10, 11 if n % 2 else 14, "b")))
        for n in range(40)
    )
    split = assign_splits(Collection(("a", "b"), "frame", items), validation=0.25, test=0.25, seed=0)
    seconds = sum(item.segments[1].end - 10 for item in split.items if item.split == "test")
    assert seconds == pytest.approx(0.25 * 100, abs=4)


def test_another_seed_gives_another_split_and_another_folder_does_not() -> None:
    collection = single({"flute": 40})
    first = assign_splits(collection, validation=0.2, test=0.2, seed=1)
    assert parts(assign_splits(collection, validation=0.2, test=0.2, seed=2)) != parts(first)
    moved = tuple(replace(item, path=Path("/elsewhere") / item.path.relative_to("/data")) for item in collection.items)
    again = assign_splits(replace(collection, items=moved), validation=0.2, test=0.2, seed=1)
    assert [item.split for item in again.items] == [item.split for item in first.items]


@pytest.mark.parametrize(("groups", "lacking"), [(1, {"test", "validation"}), (2, {"validation"}), (3, set())])
def test_a_label_with_too_few_groups_is_told_for_each_part_that_lacks_it(groups: int, lacking: set[str]) -> None:
    split = assign_splits(single({"flute": 20, "oboe": groups}), validation=0.1, test=0.1, seed=0)
    assert len(split.problems) == len(lacking)
    for part in lacking:
        assert any(part in problem and "oboe" in problem and "groups" not in problem for problem in split.problems)


def test_groups_that_the_collection_itself_separates_are_told() -> None:
    items = (
        Item(Path("/a.wav"), {"x": 1}, group="g", split="train"),
        Item(Path("/b.wav"), {"x": 1}, group="g", split="test"),
    )
    split = assign_splits(Collection(("x",), "single", items), validation=0, test=0.5, seed=0)
    assert parts(split) == {Path("/a.wav"): "train", Path("/b.wav"): "test"}
    assert "several parts" in split.problems[-1]


def test_shares_that_leave_nothing_are_refused() -> None:
    with pytest.raises(TrainingError, match="nothing to learn from"):
        assign_splits(single({"x": 3}), validation=0.5, test=0.5, seed=0)


@settings(deadline=None)
@given(st.integers(3, 10), st.integers(0, 5))
def test_each_fold_is_tested_once_and_validates_once(k: int, seed: int) -> None:
    collection = single({"flute": 11, "oboe": 10}, takes=2)
    tested: list[Path] = []
    validated: list[Path] = []
    for fold in folds(collection, k, seed):
        tested += [item.path for item in fold.items if item.split == "test"]
        validated += [item.path for item in fold.items if item.split == "validation"]
        assert labels_in(fold.items, "test") == labels_in(fold.items, "train") == {"flute", "oboe"}
        groups = {item.group: item.split for item in fold.items}
        assert all(groups[item.group] == item.split for item in fold.items)
    assert sorted(tested) == sorted(validated) == sorted(item.path for item in collection.items)


def test_more_folds_than_groups_are_refused() -> None:
    with pytest.raises(TrainingError, match="2 groups"):
        next(folds(single({"x": 2}), 10, 0))


def test_class_weights_make_all_labels_count_alike() -> None:
    targets = np.zeros((100, 3))
    targets[:90, 0] = 1
    targets[90:, 1] = 1
    targets[0, 2] = np.nan
    weights = class_weights(targets)
    assert weights[0] * 90 == pytest.approx(weights[1] * 10) == 50
    assert weights[2] == 1


def test_balanced_order_gives_a_turn_to_what_may_have_a_label() -> None:
    nobody_knows = np.nan
    kinds = {
        "flute": (60, [1.0, 0.0]),
        "tuba, flute unknown": (10, [nobody_knows, 1.0]),
        "none": (10, [0.0, 0.0]),
        "all unknown": (10, [nobody_knows, nobody_knows]),
        "no tuba, flute unknown": (10, [nobody_knows, 0.0]),
    }
    targets = np.concatenate([np.tile(row, (count, 1)) for count, row in kinds.values()])
    for turns in (1, 3):
        drawn = balanced_order(targets, seed=3, epoch=0, unknown_turns=turns)
        each = len(targets) / (3 + turns)
        counts = np.bincount(np.repeat(np.arange(5), [60, 10, 10, 10, 10])[drawn], minlength=5)
        assert counts[:3].tolist() == pytest.approx([each] * 3, abs=1)
        assert counts[3:].sum() == pytest.approx(turns * each, abs=turns)
        assert min(counts[3:]) >= turns * each / 4  # both kinds share one turn


def test_balanced_order_draws_rare_labels_as_often_and_every_example_before_any_again() -> None:
    targets = np.zeros((100, 3))
    targets[:90, 0] = 1
    targets[90:98, 1] = 1  # the last two have no label
    order = balanced_order(targets, seed=3, epoch=0)
    assert len(order) == 100
    kinds = np.searchsorted([90, 98], order, side="right")
    assert np.bincount(kinds).tolist() == pytest.approx([33, 33, 33], abs=1)
    assert len(set(order[kinds == 0])) == np.count_nonzero(kinds == 0)
    assert set(order[kinds == 1]) == set(range(90, 98))
    assert (order == balanced_order(targets, seed=3, epoch=0)).all()
    assert (order != balanced_order(targets, seed=3, epoch=1)).any()


def test_what_has_no_label_takes_the_turns_it_is_given() -> None:
    targets = np.repeat([[1.0, 0.0], [0.0, 1.0], [0.0, 0.0]], 100, axis=0)
    for turns in (1, 2, 4):
        drawn = targets[balanced_order(targets, seed=3, epoch=0, nothing_turns=turns)]
        assert (drawn.sum(axis=1) == 0).mean() == pytest.approx(turns / (2 + turns), abs=0.01)
