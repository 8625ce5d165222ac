import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import sine
from tests.encoded import encode
from tests.tiny import SPEC, Tiny
from timbrescope.recognition.checkpoint import save_checkpoint
from timbrescope.recognition.device import choose_device
from timbrescope.recognition.spec import ModelSpec
from training.collection import Collection, Item, Segment
from training.errors import TrainingError
from training.evaluation.evaluate import compare, evaluate, summarise_folds
from training.evaluation.predict import Predictions, predict

CLIPS, WINDOWS = 60, 3


def single_predictions(
    rng: np.random.Generator, noise: float, *, name: str = "tiny", labels: tuple[str, ...] = SPEC.labels
) -> Predictions:
    """Three windows each of sixty clips of twenty players, heard through noise."""
    truth = np.arange(CLIPS) % len(labels)
    targets = np.eye(len(labels), dtype=np.float32)[truth]
    items = tuple(Item(Path(f"{i}.wav"), {labels[t]: 1.0}, group=f"player {i // 3}") for i, t in enumerate(truth))
    return _predictions(rng, noise, targets, items, replace(SPEC, name=name, title=name.title(), labels=labels))


def multi_predictions(rng: np.random.Generator, noise: float) -> Predictions:
    """The same with any number of labels, some of them unknown."""
    targets = (np.random.default_rng(3).random((CLIPS, 3)) < 0.4).astype(np.float32)
    targets[::7, 1] = np.nan
    items = tuple(Item(Path(f"{i}.wav"), group=f"player {i // 3}") for i in range(CLIPS))
    predictions = _predictions(rng, noise, targets, items, SPEC)
    return replace(predictions, task="multi", label_vectors=rng.standard_normal((3, 5)))


def _predictions(
    rng: np.random.Generator, noise: float, targets: np.ndarray, items: tuple[Item, ...], spec: ModelSpec
) -> Predictions:
    clips = np.repeat(np.arange(CLIPS), WINDOWS)
    heard = np.nan_to_num(targets)[clips] + noise * rng.standard_normal((len(clips), targets.shape[1]))
    return Predictions(
        spec=spec,
        task="single",
        items=items,
        clips=clips,
        times=np.tile(np.arange(WINDOWS) * 0.96, CLIPS),
        weights=np.exp(0.5 * np.random.default_rng(5).standard_normal(len(clips))),
        labels=spec.labels,
        thresholds=(),
        scores=(1 / (1 + np.exp(4 * (0.5 - heard)))).astype(np.float32),
        targets=targets,
        label_vectors=None,
        unread=0,
        problems=("one file was left out.",),
    )


def test_perfect_predictions(rng: np.random.Generator) -> None:
    evaluation = evaluate(single_predictions(rng, 0.0))
    assert evaluation.figures["accuracy"].value == 1.0
    assert evaluation.figures["error"].value == 0.0
    assert evaluation.figures["macro_f1"].low == 1.0
    assert evaluation.confusion == ((20, 0, 0), (0, 20, 0), (0, 0, 20))
    assert evaluation.mistakes == ()
    tags = evaluate(multi_predictions(rng, 0.0), threshold=0.5)
    assert {tags.figures[name].value for name in ("roc_auc", "pr_auc", "micro_f1", "macro_f1")} == {1.0}


def test_chance_lies_in_the_interval(rng: np.random.Generator) -> None:
    evaluation = evaluate(single_predictions(rng, 20.0))
    accuracy = evaluation.figures["accuracy"]
    assert accuracy.low is not None
    assert accuracy.high is not None
    assert accuracy.low < 1 / 3 < accuracy.high
    tags = evaluate(multi_predictions(rng, 20.0)).figures["roc_auc"]
    assert tags.low is not None
    assert tags.high is not None
    assert tags.low < 0.5 < tags.high


@pytest.mark.parametrize("task", ["single", "multi"])
def test_json_holds_everything(task: str, rng: np.random.Generator) -> None:
    predictions = single_predictions(rng, 1.0) if task == "single" else multi_predictions(rng, 1.0)
    values = evaluate(predictions).to_dict()
    text = json.dumps(values, allow_nan=False)
    assert json.loads(text) == values
    assert values["problems"] == ["one file was left out."]
    assert [row["label"] for row in values["classes"]] == list(SPEC.labels)


@pytest.mark.parametrize("aggregate", ["loudness", "mean", "sum-normalise", "majority", "none"])
def test_the_order_of_clips_changes_nothing(aggregate: str, rng: np.random.Generator) -> None:
    predictions = single_predictions(rng, 1.0)
    order = rng.permutation(CLIPS)
    place = np.argsort(order)
    windows = rng.permutation(CLIPS * WINDOWS)
    shuffled = replace(
        predictions,
        items=tuple(predictions.items[i] for i in order),
        targets=predictions.targets[order],
        clips=place[predictions.clips][windows],
        scores=predictions.scores[windows],
        weights=predictions.weights[windows],
        times=predictions.times[windows],
    )
    first, second = (evaluate(each, aggregate=aggregate) for each in (predictions, shuffled))
    assert first.figures == second.figures
    assert first.confusion == second.confusion
    assert first.breakdown == second.breakdown


def test_the_breakdown_adds_up_to_the_whole(rng: np.random.Generator) -> None:
    evaluation = evaluate(single_predictions(rng, 1.5))
    right = sum(group.rows * (group.value or 0.0) for group in evaluation.breakdown)
    assert right / evaluation.rows == pytest.approx(evaluation.figures["accuracy"].value)
    assert evaluation.groups == len(evaluation.breakdown) == 20


def test_mistakes_are_the_surest_first(rng: np.random.Generator) -> None:
    evaluation = evaluate(single_predictions(rng, 2.0))
    scores = [mistake.score for mistake in evaluation.mistakes]
    assert scores == sorted(scores, reverse=True)
    for mistake in evaluation.mistakes:
        assert mistake.true == SPEC.labels[int(Path(mistake.file).stem) % 3] != mistake.found


def test_every_cell_has_examples_to_hear(rng: np.random.Generator) -> None:
    evaluation = evaluate(single_predictions(rng, 2.0))
    labels = [row.label for row in evaluation.classes]
    for true, counts in zip(labels, evaluation.confusion, strict=True):
        for found, count in zip(labels, counts, strict=True):
            shown = [one for one in evaluation.examples if (one.true, one.found) == (true, found)]
            assert len(shown) == min(count, 10)
            assert [one.score for one in shown] == sorted((one.score for one in shown), reverse=True)


def test_examples_of_several_labels_are_hits_misses_and_false_alarms(rng: np.random.Generator) -> None:
    evaluation = evaluate(multi_predictions(rng, 1.0), threshold=0.5)
    shown = [(one.true, one.found) for one in evaluation.examples]
    for row in evaluation.classes:
        hits = round((row.recall or 0.0) * row.positives)
        counts = {"": hits, "missed": row.positives - hits, "alarm": row.found - hits}
        none = f"no {row.label}"
        pairs = {"": (row.label, row.label), "missed": (row.label, none), "alarm": (none, row.label)}
        assert {name: shown.count(pair) for name, pair in pairs.items()} == {
            name: min(10, count) for name, count in counts.items()
        }


def test_unknown_targets_count_neither_way(rng: np.random.Generator) -> None:
    predictions = multi_predictions(rng, 1.0)
    scores = predictions.scores.copy()
    unknown = np.isnan(predictions.targets)[predictions.clips]
    scores[unknown] = 1 - scores[unknown]
    first, second = evaluate(predictions), evaluate(replace(predictions, scores=scores))
    assert first.figures == second.figures
    assert first.mistakes == second.mistakes
    assert first.thresholds == second.thresholds
    assert first.calibration == second.calibration


def test_labels_that_always_apply_have_no_areas(rng: np.random.Generator) -> None:
    predictions = multi_predictions(rng, 1.0)
    targets = predictions.targets.copy()
    targets[:, 0] = 1.0
    evaluation = evaluate(replace(predictions, targets=targets))
    assert evaluation.without_areas == 1
    assert evaluation.classes[0].roc_auc is None
    rest = [row.roc_auc for row in evaluation.classes[1:] if row.roc_auc is not None]
    assert evaluation.figures["roc_auc"].value == pytest.approx(np.mean(rest))


def test_the_same_seed_gives_the_same_interval(rng: np.random.Generator) -> None:
    predictions = single_predictions(rng, 1.5)
    assert evaluate(predictions, seed=4).figures == evaluate(predictions, seed=4).figures


def test_a_model_does_not_differ_from_itself(rng: np.random.Generator) -> None:
    predictions = single_predictions(rng, 1.5)
    figure = compare(predictions, predictions).difference
    assert (figure.value, figure.low, figure.high) == (0.0, 0.0, 0.0)


def test_a_better_model_is_told_apart_and_the_sign_turns(rng: np.random.Generator) -> None:
    good, bad = single_predictions(rng, 0.5), single_predictions(rng, 4.0)
    gain, loss = compare(bad, good).difference, compare(good, bad).difference
    assert gain.low is not None
    assert gain.low > 0
    assert gain.value == pytest.approx(-(loss.value or 0.0))


def test_models_are_compared_by_what_both_can_tell(rng: np.random.Generator) -> None:
    first = single_predictions(rng, 0.0)
    other = single_predictions(rng, 0.0, labels=("low", "Middle", "drums"))
    difference = compare(first, replace(other, items=tuple(replace(item, group="") for item in other.items)))
    assert difference.labels == 2
    assert difference.difference.value == 0.0


def test_a_model_is_judged_by_its_own_thresholds_unless_one_is_asked_for(rng: np.random.Generator) -> None:
    plain = multi_predictions(rng, 1.0)
    own = (0.3, 0.6, 0.7)
    predictions = replace(plain, thresholds=own)
    assert evaluate(plain).threshold == 0.5
    assert evaluate(plain, aggregate="mean").threshold == 0.2
    assert evaluate(predictions, aggregate="mean").threshold == own
    assert evaluate(predictions, aggregate="none").threshold == own
    assert evaluate(predictions).threshold == own
    assert evaluate(predictions).to_dict()["threshold"] == list(own)
    assert evaluate(predictions, threshold=0.4).threshold == 0.4
    assert evaluate(predictions, aggregate="sum-normalise").threshold == 0.5  # of scores that mean something else
    for label, threshold in enumerate(own):
        assert evaluate(predictions).classes[label] == evaluate(plain, threshold=threshold).classes[label]
    worst = replace(plain, thresholds=(1.0, 1.0, 1.0))
    assert evaluate(worst).figures["micro_recall"].value == 0.0
    assert compare(plain, worst).difference.value == 0.0  # ROC-AUC knows no threshold


def test_a_loud_window_decides_against_soft_ones(rng: np.random.Generator) -> None:
    predictions = single_predictions(rng, 0.0)
    wrong = np.tile([False, True, True], CLIPS)
    scores = predictions.scores.copy()
    scores[wrong] = np.roll(scores[wrong], 1, axis=1)
    heard = replace(predictions, scores=scores, weights=np.where(wrong, 0.01, 0.9))
    assert evaluate(heard).figures["accuracy"].value == 1.0
    assert evaluate(heard, aggregate="mean").figures["accuracy"].value == 0.0
    equally_loud = replace(heard, weights=np.full(len(wrong), 0.3))
    assert evaluate(equally_loud).figures == evaluate(heard, aggregate="mean").figures


def test_compared_models_choose_among_the_labels_of_both(rng: np.random.Generator) -> None:
    few = single_predictions(rng, 0.0, labels=("low", "middle"))
    many = single_predictions(rng, 0.0, labels=("low", "middle", "high"))
    truth = np.arange(CLIPS) % 2
    drawn_away = np.concatenate([np.eye(2)[truth[many.clips]] / 2, np.ones((CLIPS * WINDOWS, 1))], axis=1)
    targets = np.eye(3, dtype=np.float32)[truth]
    many = replace(many, items=few.items, scores=drawn_away.astype(np.float32), targets=targets)
    assert evaluate(many).figures["accuracy"].value == 0.0
    assert compare(few, many).difference.value == 0.0


def test_a_threshold_needs_many_labels(rng: np.random.Generator) -> None:
    with pytest.raises(TrainingError, match="threshold"):
        evaluate(single_predictions(rng, 1.0), threshold=0.5)


def test_folds_by_hand(rng: np.random.Generator) -> None:
    folds = [evaluate(single_predictions(rng, noise)) for noise in (0.5, 1.0, 1.5)]
    values = [fold.figures["accuracy"].value or 0.0 for fold in folds]
    spread = summarise_folds(folds)["accuracy"]
    assert spread.mean == pytest.approx(np.mean(values))
    assert spread.deviation == pytest.approx(np.std(values, ddof=1))
    assert spread.folds == 3


def test_from_sound_to_figures(tmp_path: Path) -> None:
    tones = np.concatenate([sine(hz, 3.0, 16_000) for hz in (150.0, 1500.0, 5500.0)])
    path = encode(tmp_path / "melody.flac", tones, 16_000)
    model = tmp_path / "tiny.safetensors"
    save_checkpoint(model, SPEC, Tiny(3, 24).state_dict())
    segments = tuple(Segment(3.0 * i, 3.0 * i + 3.0, label) for i, label in enumerate(SPEC.labels))
    frames = predict(
        model, Collection(SPEC.labels, "frame", (Item(path, segments=segments),)), device=choose_device("cpu")
    )
    evaluation = evaluate(frames)
    assert evaluation.figures["accuracy"].value is not None
    assert evaluation.figures["accuracy"].value > 0.9
    assert evaluation.rows == len(frames.scores)
    pieces = tuple(Item(path, {s.label: 1.0}, start=s.start, end=s.end) for s in segments)
    clips = predict(model, Collection(SPEC.labels, "multi", pieces), device=choose_device("cpu"))
    assert evaluate(clips).figures["roc_auc"].value == 1.0
