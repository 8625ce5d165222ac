from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.conftest import sine
from tests.encoded import encode
from tests.tiny import SPEC, Tiny
from timbrescope.audio.file import AudioFile
from timbrescope.core.blocks import Block
from timbrescope.recognition.checkpoint import save_checkpoint
from timbrescope.recognition.pipeline import analyse
from timbrescope.recognition.recogniser import Recogniser
from training.collection import UNKNOWN, Collection, Item, Segment
from training.errors import TrainingError
from training.evaluation.predict import Predictions, predict

RATE = 22_050
TONES = {"low": 150.0, "middle": 1500.0, "high": 5500.0}
CPU = torch.device("cpu")


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return save(tmp_path / "tiny.safetensors", SPEC.labels)


def save(path: Path, labels: tuple[str, ...]) -> Path:
    save_checkpoint(path, replace(SPEC, labels=labels), Tiny(3, 24).state_dict())
    return path


@pytest.fixture
def melody(tmp_path: Path) -> Path:
    """Three seconds each of a low, a middle and a high tone."""
    return encode(tmp_path / "melody.wav", np.concatenate([sine(hz, 3.0, RATE) for hz in TONES.values()]), RATE)


def single(*items: Item, labels: tuple[str, ...] = SPEC.labels) -> Collection:
    return Collection(labels, "single", items)


def found(predictions: Predictions) -> list[str]:
    """The labels with the highest score of each window."""
    return [predictions.labels[index] for index in predictions.scores.argmax(axis=1)]


def test_a_file_is_scored_as_the_pipeline_scores_it(model: Path, melody: Path) -> None:
    predictions = predict(model, single(Item(melody, {"low": 1.0})), device=CPU)
    chunks = analyse(AudioFile(melody), [Recogniser.load(model, CPU)], draw=False)
    np.testing.assert_array_equal(predictions.scores, np.concatenate([chunk.scores["tiny"] for chunk in chunks]))
    np.testing.assert_allclose(np.diff(predictions.times), 20 * 256 / 16_000)
    assert predictions.labels == SPEC.labels
    np.testing.assert_array_equal(predictions.targets, [[1.0, 0.0, 0.0]])
    assert predictions.problems == ()


def test_pieces_of_a_file_are_scored_as_files_of_their_own(model: Path, melody: Path) -> None:
    items = [Item(melody, {label: 1.0}, start=3.0 * i, end=3.0 * i + 3.0) for i, label in enumerate(TONES)]
    predictions = predict(model, single(*reversed(items)), device=CPU)
    for clip, item in enumerate(predictions.items):
        windows = predictions.clips == clip
        assert windows.sum() == (3 * 16_000 // 256 + 1 - 60) // 20 + 1
        assert set(np.array(found(predictions))[windows]) == set(item.labels)
        assert predictions.times[windows][0] == item.start
        assert predictions.times[windows][-1] + SPEC.window_seconds <= (item.end or 0) + 0.02


def test_overlapping_pieces_and_the_rest_of_the_file(model: Path, melody: Path) -> None:
    items = (
        Item(melody, {"high": 1.0}, start=6.0),
        Item(melody, {"low": 1.0}, start=0.5, end=2.5),
        Item(melody, {"low": 1.0}, start=1.0, end=3.0),
    )
    predictions = predict(model, single(*items), device=CPU)
    assert sorted(item.start for item in predictions.items) == [0.5, 1.0, 6.0]
    truth = [set(predictions.items[clip].labels) for clip in predictions.clips]
    assert [{label} for label in found(predictions)] == truth


def test_a_file_is_decoded_once(model: Path, melody: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[Path] = []
    blocks = AudioFile.blocks

    def counted(self: AudioFile, rates: set[int]) -> Iterator[Block]:
        calls.append(self.path)
        return blocks(self, rates)

    monkeypatch.setattr(AudioFile, "blocks", counted)
    items = [Item(melody, {"low": 1.0}, start=start, end=start + 1.5) for start in (0.0, 0.2, 1.2)]
    assert len(predict(model, single(*items), device=CPU).items) == 3
    assert calls == [melody]


def test_a_short_piece_is_filled_up_and_said_once(model: Path, melody: Path) -> None:
    items = [Item(melody, {"low": 1.0}, start=start, end=start + 0.5) for start in (0.0, 1.0)]
    predictions = predict(model, single(*items), device=CPU)
    assert len(predictions.scores) == 2
    assert found(predictions) == ["low", "low"]
    (problem,) = predictions.problems
    assert "silence" in problem
    assert "(2 times)" in problem


def test_labels_are_matched_by_name(tmp_path: Path, melody: Path) -> None:
    model = save(tmp_path / "names.safetensors", ("Low Tone", "middle", "high"))
    items = (Item(melody, {"low_tone": 1.0}, end=3.0), Item(melody, {"drums": 1.0}, start=3.0))
    predictions = predict(model, single(*items, labels=("drums", "low_tone", "middle")), device=CPU)
    assert predictions.items == items[:1]
    assert predictions.labels == ("low_tone", "middle")
    np.testing.assert_array_equal(predictions.targets, [[1.0, 0.0]])
    assert any("drums" in problem for problem in predictions.problems)
    assert any("1 of 2" in problem for problem in predictions.problems)


def test_tags_that_only_one_side_knows_are_unknown(model: Path, melody: Path) -> None:
    item = Item(melody, {"low": 1.0, "middle": UNKNOWN, "drums": 1.0})
    predictions = predict(model, Collection(("low", "middle", "drums"), "multi", (item,)), device=CPU)
    assert predictions.labels == ("low", "middle")
    np.testing.assert_array_equal(predictions.targets, [[1.0, np.nan]])


def test_windows_count_by_their_energy(model: Path, tmp_path: Path) -> None:
    sound = np.concatenate([sine(1500.0, 3.0, RATE, level=level) for level in (0.8, 0.2, 0.0)])
    path = encode(tmp_path / "steps.wav", sound, RATE)
    items = (Item(path, {"low": 1.0}, end=5.0), Item(path, {"low": 1.0}, start=4.0))
    predictions = predict(model, single(*items), device=CPU)
    ends = predictions.times + SPEC.window_seconds
    for item, start, stop, least, most in (
        (0, 0.0, 3.0, 0.99, 1.0),
        (0, 3.0, 5.0, 0.06, 0.12),  # 12 dB below what came before
        (1, 4.0, 6.0, 0.99, 1.0),  # the same sound where nothing came before
        (1, 6.0, 9.0, 0.0, 0.0),
    ):
        within = (predictions.clips == item) & (predictions.times >= start + 0.05) & (ends <= stop - 0.05)
        assert within.any()
        assert predictions.weights[within].min() >= least - 1e-6
        assert predictions.weights[within].max() <= most + 1e-6


def test_one_label_is_chosen_among_those_of_the_collection(model: Path, melody: Path) -> None:
    item = Item(melody, {"low": 1.0}, start=6.0)  # in which the model hears "high"
    predictions = predict(model, single(item, labels=("low", "middle")), device=CPU)
    assert predictions.labels == ("low", "middle")
    assert predictions.scores.shape[1] == 2
    (problem,) = predictions.problems
    assert "1 more output" in problem


def test_a_model_of_audioset_is_judged_by_instruments(tmp_path: Path, melody: Path) -> None:
    model = save(tmp_path / "audioset.safetensors", ("Piano", "Violin, fiddle", "Electric piano"))
    items = (Item(melody, {"violin": 1.0}, start=3.0, end=6.0), Item(melody, {"piano": 1.0}, start=6.0))
    predictions = predict(model, single(*items, labels=("violin", "piano", "voice")), device=CPU)
    assert predictions.labels == ("violin", "piano")
    np.testing.assert_array_equal(predictions.targets, np.eye(2))
    assert [predictions.labels[clip] for clip in predictions.clips] == found(predictions)
    known, grouped = predictions.problems
    assert "voice" in known
    assert "violin (Violin, fiddle); piano (Piano, Electric piano)" in grouped
    assert predictions.label_vectors is None


def test_nothing_in_common_is_an_error(model: Path, melody: Path) -> None:
    with pytest.raises(TrainingError, match=r"tiny knows none.*drums.*low"):
        predict(model, single(Item(melody, {"drums": 1.0}), labels=("drums",)), device=CPU)


def test_bad_files_are_listed_and_skipped(model: Path, melody: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.wav"
    broken.write_bytes(b"no sound" * 50)
    items = [Item(path, {"low": 1.0}) for path in (broken, tmp_path / "absent.wav", melody)]
    done: list[tuple[int, int]] = []
    predictions = predict(model, single(*items), device=CPU, progress=lambda n, of, _path: done.append((n, of)))
    assert predictions.items == (items[2],)
    assert predictions.unread == 2
    assert "broken.wav" in predictions.problems[0]
    assert "absent.wav" in predictions.problems[1]
    assert done == [(1, 3), (2, 3), (3, 3)]


def test_a_piece_behind_the_end_is_listed(model: Path, melody: Path) -> None:
    items = (Item(melody, {"low": 1.0}, end=2.0), Item(melody, {"low": 1.0}, start=20.0))
    predictions = predict(model, single(*items), device=CPU)
    assert predictions.items == items[:1]
    assert "from 20 s on" in predictions.problems[0]


def test_nothing_readable_is_an_error(model: Path, tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match=r"absent\.wav"):
        predict(model, single(Item(tmp_path / "absent.wav", {"low": 1.0})), device=CPU)


SEGMENTS = (Segment(0.0, 3.0, "low"), Segment(6.0, 9.0, "high"))


def test_frames_have_the_label_of_their_middle(model: Path, melody: Path) -> None:
    predictions = predict(model, Collection(("low", "high"), "frame", (Item(melody, segments=SEGMENTS),)), device=CPU)
    middles = predictions.times + 30 * 256 / 16_000
    np.testing.assert_array_equal(predictions.targets[middles < 3.0, 0], 1.0)
    np.testing.assert_array_equal(predictions.targets[middles >= 6.0, 1], 1.0)
    gap = (middles >= 3.0) & (middles < 6.0)
    assert gap.any()
    assert np.isnan(predictions.targets[gap]).all()


def test_gaps_are_silence_where_the_model_knows_silence(tmp_path: Path, melody: Path) -> None:
    model = save(tmp_path / "phonemes.safetensors", ("low", "sil", "high"))
    predictions = predict(model, Collection(("low", "high"), "frame", (Item(melody, segments=SEGMENTS),)), device=CPU)
    middles = predictions.times + 30 * 256 / 16_000
    gap = (middles >= 3.0) & (middles < 6.0)
    np.testing.assert_array_equal(predictions.targets[gap], [[0.0, 0.0, 1.0]] * gap.sum())
    assert predictions.labels == ("low", "high", "sil")
