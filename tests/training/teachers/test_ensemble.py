import json
from pathlib import Path

import numpy as np
import pytest

from tests.training import labelled
from training.errors import TrainingError
from training.sources.table import read_table
from training.teachers.ensemble import ABSENT, PRESENT, ensembles, known_lists, make_table, overridden

LISTS = {"one": ["piano", "slow"], "two": ["slow", "rock"]}
NAMES = ["a:piano", "a:slow", "b:slow", "b:piano", "c:rock", "c:slow"]


@pytest.fixture
def taught(tmp_path: Path) -> Path:
    """What three teachers said about two recordings, of one of which the instruments are known."""
    collection = labelled.tones(tmp_path, "single", clips=1)
    first, second = (item.path for item in collection.items[:2])
    (tmp_path / "taught.csv").write_text(
        "path,start,end,labels,group,split,row\n"
        f"{first},0,0.5,*=?,g,train,1\n"
        f"{second},0.5,,piano=1;violin=0,h,,0\n"
    )  # fmt: skip
    scores = [[0.2, 0.4, 0.6, 0.4, 0.1, 0.3], [0.01, 0.02, 0.04, 0.03, 0.5, 0.7]]
    np.save(tmp_path / "taught.npy", np.array(scores, np.float16))
    (tmp_path / "taught.json").write_text(json.dumps({"names": NAMES}))
    return tmp_path


def test_teachers_with_the_same_labels_are_one_ensemble() -> None:
    found = ensembles(NAMES, LISTS)
    assert found == {"one": {"piano": [0, 3], "slow": [1, 2]}, "two": {"rock": [4], "slow": [5]}}


def test_a_teacher_of_other_labels_is_refused() -> None:
    with pytest.raises(TrainingError, match=r"labels of d are none"):
        ensembles([*NAMES, "d:jazz"], LISTS)


def test_the_table_has_the_mean_of_an_ensemble_and_keeps_places_groups_and_parts(taught: Path) -> None:
    assert make_table(taught, taught / "out.csv", LISTS) == 2
    read = read_table(taught / "out.csv", task="multi")
    assert read.labels == ("one:piano", "one:slow", "two:rock", "two:slow")
    first, second = read.items
    assert first.labels == pytest.approx(
        {"one:piano": 0.02, "one:slow": 0.03, "two:rock": 0.5, "two:slow": 0.7}, rel=0.01
    )
    assert (first.start, first.end, first.group, first.split) == (0.0, 0.5, "g", "train")
    assert (second.start, second.end, second.group, second.split) == (0.5, None, "h", None)
    assert second.labels["one:piano"] == PRESENT  # known to sound, whatever the teachers say
    assert second.labels["one:slow"] == pytest.approx(0.5, rel=0.01)


def test_one_list_may_be_kept_alone(taught: Path) -> None:
    make_table(taught, taught / "out.csv", LISTS, only="two")
    assert read_table(taught / "out.csv", task="multi").labels == ("two:rock", "two:slow")


@pytest.mark.parametrize(
    ("tag", "known", "score", "corrected"),
    [
        ("guitar", {"electric guitar": 1.0}, 0.3, PRESENT),
        ("guitar", {"electric guitar": 1.0}, 0.95, 0.95),
        ("guitar", {"electric guitar": 0.0, "acoustic guitar": 0.0}, 0.3, ABSENT),
        ("guitar", {"electric guitar": 0.0}, 0.3, 0.3),  # there may be an acoustic one
        ("guitar", {"piano": 1.0}, 0.3, 0.3),
        ("strings", {"violin": 0.0, "cello": 1.0}, 0.3, PRESENT),
        ("no vocals", {"voice": 0.0}, 0.3, PRESENT),
        ("rock", {"electric guitar": 1.0}, 0.3, 0.3),
    ],
)
def test_what_is_known_overrides_what_teachers_say(
    tag: str, known: dict[str, float], score: float, corrected: float
) -> None:
    assert overridden(tag, np.array([score]), [known])[0] == corrected


def test_a_voice_makes_no_vocals_wrong() -> None:
    assert overridden("no vocals", np.array([0.3]), [{"voice": 1.0}])[0] == ABSENT


def test_both_lists_have_fifty_tags() -> None:
    assert {title: len(labels) for title, labels in known_lists().items()} == {"magnatagatune": 50, "million-song": 50}
