"""What an evaluation comes to, in plain values that can be kept as JSON."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from training.collection import Task
from training.evaluation.metrics import Threshold

Number = float | None
"""A figure, or None where it cannot be told."""
Matrix = tuple[tuple[Number, ...], ...]


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure and its 95 % interval from a bootstrap over groups."""

    value: Number
    low: Number
    high: Number


@dataclass(frozen=True, slots=True)
class ClassFigures:
    """The figures of one label: to how many rows it applies, in how many it was found, and how well."""

    label: str
    positives: int
    found: int
    precision: Number
    recall: Number
    f1: Number
    roc_auc: Number
    pr_auc: Number


@dataclass(frozen=True, slots=True)
class ThresholdFigures:
    """F1 by threshold, and the best threshold of each label with its F1."""

    thresholds: tuple[Number, ...]
    micro_f1: tuple[Number, ...]
    macro_f1: tuple[Number, ...]
    best_thresholds: tuple[Number, ...]
    best_f1: tuple[Number, ...]


@dataclass(frozen=True, slots=True)
class Curve:
    """A line from left to right."""

    x: tuple[Number, ...]
    y: tuple[Number, ...]


@dataclass(frozen=True, slots=True)
class Calibration:
    """The expected calibration error, and mean confidence, share of right decisions and rows of each bin."""

    error: Number
    confidence: tuple[Number, ...]
    accuracy: tuple[Number, ...]
    rows: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Tags:
    """Choi 2017: how tags occur together (equation 1), how alike the model holds them (3), how far the two agree."""

    co_occurrence: Matrix
    similarity: Matrix
    rank_correlation: Number


@dataclass(frozen=True, slots=True)
class GroupFigure:
    """The accuracy of a group of rows, or its micro-F1 where any number of labels may apply."""

    group: str
    rows: int
    value: Number


@dataclass(frozen=True, slots=True)
class Mistake:
    """A decision, mostly a wrong one: what is true, what was found, the score. No end is the end of the file."""

    file: str
    start: float
    end: Number
    true: str
    found: str
    score: float


@dataclass(frozen=True, slots=True)
class Evaluation:
    """A model judged by a collection; plain values, so that it can be kept as JSON.

    Attributes:
        model, title: of the model.
        task: of the collection.
        aggregate: name of the rule by which windows became decisions; None is the usual one of the task.
        threshold: from which score on a label applies, for all labels or for each; None where the highest score
            decides.
        seed: of the bootstrap.
        rows: how many decisions were judged.
        groups: how many groups they come from; the bootstrap draws these.
        unread: how many files could not be read.
        main: name of the figure to quote.
        figures: those of the whole, by name.
        classes: those of each label.
        without_areas: how many labels always or never apply, so that they have no ROC-AUC and PR-AUC.
        confusion: of rows with one label: true labels down, found labels across; empty otherwise.
        thresholds, roc, precision_recall: where any number of labels may apply; the curves take all labels together.
        calibration: where the scores read as probabilities.
        tags: where any number of labels may apply and the network ends in a dense layer.
        breakdown: group by group.
        mistakes: the most certain ones, one for each item and kind of mistake.
        examples: some decisions of each kind, right and wrong; see ``training.evaluation.mistakes``.
        problems: what was left out.
        doubts: why the figures cannot be trusted.
    """

    model: str
    title: str
    task: Task
    aggregate: str
    threshold: Threshold | None
    seed: int
    rows: int
    groups: int
    unread: int
    main: str
    figures: Mapping[str, Figure]
    classes: tuple[ClassFigures, ...]
    without_areas: int
    confusion: tuple[tuple[int, ...], ...]
    thresholds: ThresholdFigures | None
    roc: Curve | None
    precision_recall: Curve | None
    calibration: Calibration | None
    tags: Tags | None
    breakdown: tuple[GroupFigure, ...]
    mistakes: tuple[Mistake, ...]
    examples: tuple[Mistake, ...]
    problems: tuple[str, ...]
    doubts: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON types."""
        plain: dict[str, Any] = json.loads(json.dumps(asdict(self)))
        return plain


@dataclass(frozen=True, slots=True)
class Difference:
    """By how much the main figure of a second model is above that of a first on what both can tell.

    Attributes:
        first, second: names of the models.
        figure: name of the figure.
        difference: with its interval from a paired bootstrap, in which both models are judged by the same draws.
        labels: how many labels both know.
    """

    first: str
    second: str
    figure: str
    difference: Figure
    labels: int


@dataclass(frozen=True, slots=True)
class Spread:
    """Mean and standard deviation (of the sample) over folds."""

    mean: Number
    deviation: Number
    folds: int
