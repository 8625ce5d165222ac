from dataclasses import dataclass

import numpy as np
import pytest
from numpy.typing import NDArray

from timbrescope.core.tag_writing import FIELDS, propose
from timbrescope.core.timeline import ScoreSpec


@dataclass(frozen=True)
class Result:
    spec: ScoreSpec
    scores: NDArray[np.float32]

    @property
    def clip_scores(self) -> NDArray[np.floating]:
        return np.asarray(self.scores.mean(axis=0))


def result(kind: str, thresholds: tuple[float, ...] = (), /, **rows: list[float]) -> Result:
    labels = tuple(label.replace("_", " ") for label in rows)
    return Result(ScoreSpec(kind, kind, labels, 1.0, 1.0, thresholds), np.array(list(rows.values()), np.float32).T)


def test_genres_and_moods_are_the_strongest_tags_of_their_group() -> None:
    tags = result(
        "tags", rock=[0.9], guitar=[0.95], pop=[0.5], metal=[0.4], progressive_rock=[0.6], quiet=[0.2], sad=[0.7]
    )
    proposed = propose([tags], 1.0)
    assert proposed["genre"] == ("Rock", "Progressive Rock")
    assert proposed["mood"] == ("Sad",)
    assert proposed["instruments"] == ()
    assert set(proposed) == set(FIELDS)


def test_synonyms_count_once_and_the_surer_model_wins() -> None:
    first = result("tags", classic=[0.8], classical=[0.6], electronica=[0.35])
    second = result("tags", rock=[0.7], classical=[0.1])
    assert propose([first, second], 1.0)["genre"] == ("Classical", "Rock")


def test_a_model_s_own_thresholds_go_before_the_given_one() -> None:
    tags = result("tags", (0.9, 0.1), rock=[0.8], jazz=[0.15])
    assert propose([tags], 1.0, threshold=0.5)["genre"] == ("Jazz",)


@pytest.mark.parametrize(("share", "expected"), [(0.1, ("piano", "drums")), (0.3, ("piano",)), (0.8, ())])
def test_instruments_are_those_that_play_for_long_enough(share: float, expected: tuple[str, ...]) -> None:
    playing = result("instruments", drums=[0.9, 0, 0, 0], piano=[0.6, 0.6, 0.6, 0.1], flute=[0.4, 0.4, 0.4, 0.4])
    assert propose([playing], 4.0, share=share)["instruments"] == expected


def test_the_comment_says_what_was_heard_and_how_sure() -> None:
    found = [result("tags", rock=[0.9]), result("instruments", piano=[0.9, 0.1])]
    assert propose(found, 2.0)["comment"] == ("timbrescope heard rock 0.90, piano 50% of the time",)
    assert not any(propose([], 1.0).values())
    assert not any(propose([result("tags", rock=[0.1])], 1.0).values())
