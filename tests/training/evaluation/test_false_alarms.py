"""Alarms are counted in windows of what has no label, and nowhere else."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from tests.tiny import SPEC
from tests.training.evaluation.test_evaluate import CLIPS, WINDOWS, multi_predictions, single_predictions
from training.collection import UNKNOWN, Item
from training.evaluation.evaluate import evaluate
from training.evaluation.predict import Predictions
from training.evaluation.report import render_html, render_text


def predictions(empty: Sequence[int], alarms: Sequence[int]) -> Predictions:
    """Clips that have the first label, but for some; windows are certain of nothing, but for some."""
    items = tuple(
        Item(Path(f"{i}.wav"), {} if i in empty else {SPEC.labels[0]: 1.0}, group=f"player {i // 3}")
        for i in range(CLIPS)
    )
    targets = np.array([[item.labels.get(label, 0.0) for label in SPEC.labels] for item in items], np.float32)
    scores = np.full((CLIPS * WINDOWS, len(SPEC.labels)), 0.1, np.float32)
    scores[list(alarms), 2] = 0.9
    return replace(multi_predictions(np.random.default_rng(1), 1.0), items=items, targets=targets, scores=scores)


def share(found: Predictions, threshold: float | None = 0.5) -> float | None:
    return evaluate(found, threshold=threshold).figures["false_alarms"].value


def test_alarms_by_hand() -> None:
    assert share(predictions((0, 4), (1, 12, 14, 50))) == 3 / (2 * WINDOWS)
    assert share(predictions((0, 4), (50, 51))) == 0.0
    assert share(predictions((0, 4), ()), threshold=0.1) == 1.0
    assert share(predictions((), (1, 12))) is None
    assert "false_alarms" not in evaluate(single_predictions(np.random.default_rng(1), 1.0)).figures


def test_a_window_counts_once_and_the_rule_for_clips_does_not_matter() -> None:
    found = predictions((0, 4), (1,))
    found.scores[1] = 0.9
    values = [evaluate(found, aggregate=rule).figures["false_alarms"] for rule in ("mean", "sum-normalise", "none")]
    assert values[0].value == 1 / (2 * WINDOWS)
    assert values[0] == values[1] == values[2]


def test_what_might_be_there_is_no_false_alarm() -> None:
    found = predictions((0, 4), (1, 12))
    unsure = replace(found.items[4], labels={SPEC.labels[1]: UNKNOWN})
    assert share(replace(found, items=(*found.items[:4], unsure, *found.items[5:]))) == 1 / WINDOWS
    unknown = found.targets.copy()
    unknown[:, 2] = np.nan  # the collection says nothing about this label
    assert share(replace(found, targets=unknown)) == 0.0


def test_it_is_what_to_quote_where_nothing_else_can_be_told() -> None:
    usual, nothing = evaluate(predictions((0,), (1,))), evaluate(predictions(range(CLIPS), (1,)))
    assert (usual.main, nothing.main) == ("roc_auc", "false_alarms")
    figure = nothing.figures["false_alarms"]
    assert figure.low is not None
    assert figure.high is not None
    assert figure.low <= 1 / (CLIPS * WINDOWS) < figure.high
    assert "Windows with false alarms 0.006" in render_text([nothing], [])
    assert "Windows with false alarms" in render_html([nothing], [], "data")
