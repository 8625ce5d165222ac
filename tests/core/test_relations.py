import csv
import io

import numpy as np
import pytest

from timbrescope.core.labels import FAMILIES
from timbrescope.core.relations import co_occurrence, cosine_similarity, grouped, relate

LABELS = ("rock", "guitar", "sad", "folk")
PRESENT = np.array([[1, 1, 0, 0], [1, 1, 0, 0], [1, 0, 0, 0], [0, 0, 0, 1], [0, 0, 0, 0]], np.bool_)
VECTORS = np.array([[1.0, 0.0], [1.0, 1.0], [0.0, -2.0], [3.0, 0.3]])


def test_co_occurrence_by_hand() -> None:
    # rock always comes with loud; loud comes with rock half of the time; nothing is ever quiet
    targets = np.array([[1, 1, 0], [1, 1, 0], [0, 1, 0], [0, 1, 0]], np.float64)
    expected = [[1.0, 1.0, 0.0], [0.5, 1.0, 0.0], [np.nan, np.nan, np.nan]]
    np.testing.assert_array_equal(co_occurrence(targets), expected)


def test_unknown_tags_do_not_count_as_absent() -> None:
    targets = np.array([[1, 1], [1, np.nan], [1, 0]])
    assert co_occurrence(targets)[0, 1] == 0.5
    assert co_occurrence(targets)[0, 0] == 1.0


def test_similarity_is_symmetric_one_on_the_diagonal_and_knows_no_scale(rng: np.random.Generator) -> None:
    vectors = rng.standard_normal((7, 5))
    vectors[3] = 0
    similarity = cosine_similarity(vectors)
    np.testing.assert_array_equal(similarity, similarity.T)
    np.testing.assert_array_equal(np.diag(similarity), np.ones(7))
    assert np.all(np.abs(similarity) <= 1)
    np.testing.assert_array_equal(np.delete(similarity[3], 3), np.zeros(6))
    np.testing.assert_allclose(cosine_similarity(vectors * rng.uniform(0.1, 9, (7, 1))), similarity, atol=1e-12)
    assert cosine_similarity(np.array([[1.0, 0.0], [-2.0, 0.0]]))[0, 1] == -1.0


def test_tags_stand_by_what_they_are_about_and_synonyms_side_by_side() -> None:
    labels = ("female", "slow", "rock", "choir", "woman", "pop", "polka")
    order, groups = grouped(labels, "tags")
    assert [labels[column] for column in order] == ["rock", "pop", "female", "woman", "choir", "slow", "polka"]
    assert [tuple(group) for group in groups] == [("genre", 0, 2), ("voice", 2, 5), ("mood", 5, 6), ("other", 6, 7)]


def test_instruments_stand_by_family() -> None:
    labels = (*sorted(label for members in FAMILIES.values() for label in members), "theremin")
    order, groups = grouped(labels, "instruments")
    assert sorted(order) == list(range(len(labels)))
    assert [group.name for group in groups] == [*FAMILIES, "other"]
    for group in groups[:-1]:
        assert {labels[column] for column in order[group.start : group.stop]} == set(FAMILIES[group.name])


@pytest.mark.parametrize(("kind", "labels"), [("sounds", ("rock", "a")), ("tags", ("x", "a"))])
def test_other_labels_keep_their_order(kind: str, labels: tuple[str, ...]) -> None:
    assert grouped(labels, kind) == ([0, 1], ())


def test_counts_by_hand() -> None:
    relations = relate(LABELS, "tags", VECTORS, PRESENT)
    assert relations.labels == ("rock", "folk", "guitar", "sad")
    assert relations.files == 5
    np.testing.assert_array_equal(relations.together, [[3, 0, 2, 0], [0, 1, 0, 0], [2, 0, 2, 0], [0, 0, 0, 0]])
    np.testing.assert_allclose(relations.shares[0], [1, 0, 2 / 3, 0])
    assert np.isnan(relations.shares[3]).all()
    rock, folk, guitar, sad = range(4)
    assert relations.words(rock, guitar) == "rock and guitar: similarity 0.71; together in 2 of 3 files with rock"
    assert relations.words(folk, rock).endswith("together in 0 of 1 file with folk")
    assert relations.words(sad, rock) == "sad and rock: similarity 0.00; no file has sad"
    assert relations.words(guitar, guitar) == "guitar: in 2 of 5 files"


def test_pairs_worth_a_look() -> None:
    relations = relate(LABELS, "tags", VECTORS, PRESENT)
    rock, folk, guitar, _ = range(4)
    assert relations.most_similar(2) == [(rock, folk), (folk, guitar)]
    assert relations.most_together(9) == [(guitar, rock)]  # the rarer one first: it always comes with the other
    assert relations.similar_but_apart(9) == [(rock, folk), (folk, guitar)]  # sad never occurs at all


def test_synonyms_do_not_fill_the_lists() -> None:
    relations = relate(("female", "rock", "woman"), "tags", np.ones((3, 2)), np.ones((1, 3), np.bool_))
    assert relations.labels == ("rock", "female", "woman")
    assert relations.most_similar(9) == [(0, 1), (0, 2)]
    assert relations.most_together(9) == [(0, 1), (0, 2)]


def test_without_vectors_or_files_the_rest_is_told() -> None:
    nothing = np.zeros((0, 4), np.bool_)
    assert relate(LABELS, "tags", None, nothing).words(0, 1) == "rock and folk"
    assert relate(LABELS, "tags", None, nothing).most_similar(3) == []
    assert relate(LABELS, "tags", VECTORS, nothing).words(0, 2) == "rock and guitar: similarity 0.71"
    assert relate(LABELS, "tags", VECTORS, nothing).most_together(3) == []


def test_csv_has_each_ordered_pair() -> None:
    rows = list(csv.DictReader(io.StringIO(relate(LABELS, "tags", VECTORS, PRESENT).to_csv())))
    assert len(rows) == 12
    pairs = {(row["label"], row["other"]): row for row in rows}
    assert float(pairs["rock", "guitar"]["share"]) == pytest.approx(2 / 3, abs=1e-6)
    assert pairs["guitar", "rock"]["files_with_both"] == "2"
    assert pairs["sad", "rock"]["share"] == ""
