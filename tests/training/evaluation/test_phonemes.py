from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.tiny import SPEC
from training.collection import Item
from training.evaluation.phonemes import is_judged, phoneme_figures
from training.evaluation.predict import Predictions

LABELS = ("sil", "br", "u", "ɨ", "a", "s")
GROUP = "anna (ja)"
TRUE = np.repeat([0, 2, 5, 4, 1, 3, 0], 20)


def predictions(said: NDArray[np.intp], labels: tuple[str, ...] = LABELS) -> Predictions:
    count = len(TRUE)
    return Predictions(
        spec=SPEC, task="frame", items=(Item(Path("x.wav"), group=GROUP),), clips=np.zeros(count, np.intp),
        times=np.linspace(0, (count - 1) * 0.01, count), weights=np.ones(count), labels=labels, thresholds=(),
        scores=(0.9 * np.eye(6) + 0.1 / 6)[said].astype(np.float32), targets=np.eye(6, dtype=np.float32)[TRUE],
        label_vectors=None, unread=0, problems=(),
    )  # fmt: skip


def figures(said: NDArray[np.intp]) -> dict[str, float]:
    found = phoneme_figures(predictions(said), (GROUP,), np.ones((1, 1), np.int64))
    return {name: float(values[0]) for name, values in found.items()}


def test_what_is_right_has_full_marks() -> None:
    found = figures(TRUE)
    assert found.pop("known_language_accuracy") == pytest.approx(60 / 80)  # there is no ɨ in Japanese
    assert set(found.values()) == {1.0}


def test_vowels_of_one_group_stand_for_each_other() -> None:
    found = figures(np.where(TRUE == 3, 2, TRUE))
    assert found["sung_accuracy"] == pytest.approx(60 / 80)
    assert found["vowel_group"] == found["voice_f1"] == 1.0


def test_sounds_of_other_languages_do_not_count_where_the_language_is_known() -> None:
    found = figures(np.where(TRUE == 2, 3, TRUE))
    assert found["sung_accuracy"] == pytest.approx(60 / 80)
    assert found["known_language_accuracy"] == pytest.approx(40 / 80)  # what else there is of it is alike


def test_boundaries_count_within_their_tolerance() -> None:
    late = figures(np.roll(TRUE, 5))
    assert late["boundary_recall"] == late["boundary_precision"] == 1.0
    later = figures(np.roll(TRUE, 7))
    assert later["boundary_recall"] == later["boundary_precision"] == 0.0


def test_voice_in_silence_is_a_false_alarm() -> None:
    found = figures(np.where(TRUE == 0, 4, TRUE))
    assert found["voice_recall"] == 1.0
    assert found["voice_precision"] == pytest.approx(80 / 120)


def test_other_labels_are_not_judged_so() -> None:
    assert is_judged(predictions(TRUE))
    assert not is_judged(predictions(TRUE, (*LABELS[:5], "jingju")))
