from dataclasses import replace

import numpy as np
import pytest

from tests.tiny import SPEC
from training.collection import Collection, Task
from training.errors import TrainingError
from training.evaluation.matching import Matching, match
from training.teachers.audioset import CLASSES, INSTRUMENTS, instrument_scores

AUDIOSET = ("Speech", *(name for names in CLASSES.values() for name in names), "Music")


def matched(outputs: tuple[str, ...], labels: tuple[str, ...], task: Task = "single", **changes: object) -> Matching:
    spec = replace(SPEC, labels=outputs, **changes)  # type: ignore[arg-type]
    return match(spec, Collection(labels, task, ()))


def notices(matching: Matching, labels: tuple[str, ...], task: Task = "single") -> list[str]:
    return list(matching.notices(Collection(labels, task, ())))


def test_names_match_whatever_their_case() -> None:
    matching = matched(("Electric_Guitar", "flute"), ("drums", "flute", "electric guitar"))
    assert matching.outputs == {"flute": (1,), "electric guitar": (0,)}
    assert matching.columns == {"flute": 0, "electric guitar": 1}


def test_two_spellings_are_one_label() -> None:
    matching = matched(("flute", "cello"), ("Flute", "flute", "cello"))
    assert list(matching.outputs) == ["Flute", "cello"]
    assert matching.columns == {"Flute": 0, "flute": 0, "cello": 1}


def test_the_highest_class_of_audioset_stands_for_an_instrument(rng: np.random.Generator) -> None:
    scores = rng.random((20, len(AUDIOSET))).astype(np.float32)
    matching = matched(AUDIOSET, INSTRUMENTS)
    np.testing.assert_array_equal(matching.scores(scores), instrument_scores(scores, AUDIOSET))
    grouped, more = notices(matching, INSTRUMENTS)
    assert "organ (Organ, Electronic organ, Hammond organ)" in grouped
    assert "cello" not in grouped
    assert "2 more outputs" in more


def test_a_model_of_instruments_answers_by_its_own_outputs() -> None:
    matching = matched(INSTRUMENTS, INSTRUMENTS)
    assert list(matching.outputs.values()) == [(index,) for index in range(13)]
    assert notices(matching, INSTRUMENTS) == []


def test_a_collection_that_tells_classes_apart_is_matched_by_name() -> None:
    matching = matched(AUDIOSET, ("Piano", "Electric piano", "organ"))
    assert [len(outputs) for outputs in matching.outputs.values()] == [1, 1, 3]


def test_classes_must_all_be_known() -> None:
    assert list(matched(("Singing", "Piano"), ("voice", "piano")).outputs) == ["piano"]


def test_thresholds_and_label_vectors_go_with_the_labels() -> None:
    vectors = np.arange(6.0).reshape(3, 2)
    matching = matched(("a", "b", "c"), ("c", "a"), thresholds=(0.1, 0.2, 0.3))
    assert matching.thresholds == (0.3, 0.1)
    np.testing.assert_array_equal(matching.vectors(vectors), vectors[[2, 0]])
    assert matching.vectors(None) is None
    grouped = matched(("Piano", "Electric piano", "c"), ("c", "piano"), thresholds=(0.1, 0.2, 0.3))
    assert grouped.thresholds == ()
    assert grouped.vectors(vectors) is None
    assert matched(("a", "b", "c"), ("c", "a")).thresholds == ()


def test_silence_is_judged_where_labels_change_within_a_recording() -> None:
    matching = matched(("a", "sil", "b"), ("a", "b"), "frame")
    assert list(matching.outputs) == ["a", "b", "sil"]
    assert matching.silence == 2
    assert matched(("a", "sil", "b"), ("SIL", "b"), "frame").silence == 0
    assert matched(("a", "sil", "b"), ("a", "b"), "single").silence == -1


def test_several_labels_need_no_word_about_other_outputs() -> None:
    matching = matched(("a", "b", "c"), ("a", "b"), "multi")
    assert notices(matching, ("a", "b"), "multi") == []


def test_nothing_in_common_is_an_error() -> None:
    with pytest.raises(TrainingError, match=r"knows none.*drums.*a, b"):
        matched(("a", "b"), ("drums",))
