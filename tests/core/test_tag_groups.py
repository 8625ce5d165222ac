import json

import numpy as np
import pytest

from timbrescope import paths
from timbrescope.core.tag_groups import GROUP_ORDER, GROUPS, canonical, fold, group_of, synonyms

LISTS = json.loads((paths.resources() / "labels.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", ["magnatagatune-50", "million-song-50"])
def test_every_label_of_both_lists_has_a_group_and_shares_it_with_its_synonyms(name: str) -> None:
    for label in LISTS[name]:
        assert label.casefold() in GROUPS
        assert group_of(label) == group_of(canonical(label)) in GROUP_ORDER


def test_a_canonical_label_stands_for_itself_and_foreign_ones_are_left_as_they_are() -> None:
    for label in GROUPS:
        assert canonical(canonical(label)) == canonical(label)
    assert canonical("Zurna Solo") == "Zurna Solo"
    assert group_of("Zurna Solo") == "other"


@pytest.mark.parametrize(
    ("meaning", "names"),
    [
        ("female voice", ["female", "woman", "female vocal", "female voice", "female vocalists", "female vocalist"]),
        ("male voice", ["male", "man", "male vocal", "male voice", "male vocalists"]),
        ("voice", ["vocal", "vocals", "singing", "voice"]),
        ("no voice", ["no vocals", "no vocal", "no voice", "instrumental"]),
        ("electronic", ["electronic", "electronica", "electro"]),
        ("classical", ["classical", "classic"]),
    ],
)
def test_names_of_one_meaning_are_one(meaning: str, names: list[str]) -> None:
    assert {canonical(name) for name in names} == {meaning}


@pytest.mark.parametrize(
    "pair", [("soft", "quiet"), ("metal", "heavy metal"), ("indie", "indie rock"), ("rock", "pop")]
)
def test_relatives_are_not_synonyms(pair: tuple[str, str]) -> None:
    assert canonical(pair[0]) != canonical(pair[1])


def test_folding_keeps_the_highest_of_the_synonyms_in_each_row(rng: np.random.Generator) -> None:
    labels = tuple(LISTS["magnatagatune-50"])
    scores = rng.random((7, 50)).astype(np.float32)
    names, folded = fold(labels, scores)
    assert folded.shape == (7, len(names)) == (7, len({canonical(label) for label in labels}))
    assert folded.dtype == scores.dtype
    assert list(names) == sorted(names, key=[canonical(label) for label in labels].index)
    for name, columns in synonyms(labels).items():
        assert {canonical(labels[column]) for column in columns} == {name}
        np.testing.assert_array_equal(folded[:, names.index(name)], scores[:, list(columns)].max(axis=1))


def test_folding_twice_changes_nothing_more(rng: np.random.Generator) -> None:
    names, folded = fold(LISTS["million-song-50"], rng.random((3, 50)))
    again, twice = fold(names, folded)
    assert again == names
    np.testing.assert_array_equal(twice, folded)


def test_no_rows_stay_no_rows() -> None:
    assert fold(("man", "male"), np.zeros((0, 2), np.float32))[1].shape == (0, 1)
