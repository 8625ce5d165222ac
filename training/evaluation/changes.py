"""What a second model hears better and worse than a first, clip by clip and label by label."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from training.evaluation.cases import Cases, cases
from training.evaluation.evaluate import way
from training.evaluation.matching import label_key
from training.evaluation.metrics import Threshold, decide
from training.evaluation.predict import Predictions


@dataclass(frozen=True, slots=True)
class Change:
    """A decision of which one model is right and the other wrong.

    Attributes:
        file, start, end: the piece; no end is the end of the file.
        true: the label, or for several labels "LABEL" or "no LABEL".
        first, second: what each model says in the same terms.
        first_score, second_score: of the label in question.
    """

    file: str
    start: float
    end: float | None
    true: str
    first: str
    second: str
    first_score: float
    second_score: float


@dataclass(frozen=True, slots=True)
class LabelChange:
    """How many decisions about a label both models share, and how many of them became right and wrong."""

    label: str
    decisions: int
    better: int
    worse: int


@dataclass(frozen=True, slots=True)
class Changes:
    """What differs between two models on the same pieces; the clearest changes first."""

    better: tuple[Change, ...]
    worse: tuple[Change, ...]
    labels: tuple[LabelChange, ...]


def changes(first: Predictions, second: Predictions, *, threshold: float | None = None) -> Changes:
    """Compare the decisions of two models about the pieces and labels that both know.

    Args:
        first: predictions for a collection.
        second: those of another model for the same one.
        threshold: from which score on a label applies; None takes each model's own.
    """
    known_to_second = {label_key(label) for label in second.labels}
    labels = [label for label in first.labels if label_key(label) in known_to_second]
    (a, a_from), (b, b_from) = (_judged(each, labels, threshold) for each in (first, second))
    rows_a, rows_b = _shared_rows(first, second, a, b)
    a, b = _rows(a, rows_a), _rows(b, rows_b)
    true, known = a.targets > 0.5, ~np.isnan(a.targets)
    said_a, said_b = decide(a.scores, a_from), decide(b.scores, b_from)
    # Of one label a row the question is whether the true one has the highest score; of several it is asked of each.
    asked = known if first.task == "multi" else true
    right_a, right_b = said_a == true, said_b == true
    found: dict[bool, list[Change]] = {True: [], False: []}
    for row, column in zip(*np.nonzero(asked & (right_a != right_b)), strict=True):
        words = [
            _word(decisions[row], labels, int(column), single=first.task != "multi")
            for decisions in (true, said_a, said_b)
        ]
        end = float(a.ends[row])
        change = Change(
            file=str(first.items[a.items[row]].path),
            start=float(a.starts[row]),
            end=None if np.isnan(end) else end,
            true=words[0],
            first=words[1],
            second=words[2],
            first_score=float(a.scores[row, column]),
            second_score=float(b.scores[row, column]),
        )
        found[bool(right_b[row, column])].append(change)
    for kind in found.values():
        kind.sort(key=lambda change: -abs(change.second_score - change.first_score))
    better, worse = (asked & right_b & ~right_a).sum(axis=0), (asked & right_a & ~right_b).sum(axis=0)
    counts = zip(labels, asked.sum(axis=0).tolist(), better.tolist(), worse.tolist(), strict=True)
    return Changes(tuple(found[True]), tuple(found[False]), tuple(LabelChange(*each) for each in counts))


def _word(decisions: NDArray[np.bool_], labels: list[str], column: int, *, single: bool) -> str:
    """Return what was decided about a row: its label, or whether the label of a column applies."""
    if single:
        return labels[int(decisions.argmax())]
    return labels[column] if decisions[column] else f"no {labels[column]}"


def _rows(judged: Cases, rows: NDArray[np.intp]) -> Cases:
    """Return some of the rows."""
    names = ("scores", "targets", "items", "starts", "ends", "groups")
    return replace(judged, **{name: getattr(judged, name)[rows] for name in names})


def _judged(predictions: Predictions, labels: list[str], threshold: float | None) -> tuple[Cases, Threshold | None]:
    """Return what a model says about some labels only, and from which score on it says one."""
    column = {label_key(label): index for index, label in enumerate(predictions.labels)}
    chosen = [column[label_key(label)] for label in labels]
    rule, applies_from = way(predictions, None, threshold)
    judged = cases(predictions, rule)
    if isinstance(applies_from, tuple):
        applies_from = tuple(applies_from[index] for index in chosen)
    return replace(judged, scores=judged.scores[:, chosen], targets=judged.targets[:, chosen]), applies_from


def _shared_rows(
    first: Predictions, second: Predictions, a: Cases, b: Cases
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return the rows of both that judge the same piece at the same time."""

    def keys(predictions: Predictions, judged: Cases) -> list[tuple[str, float, float]]:
        items = predictions.items
        frames = predictions.task == "frame"
        return [
            (str(items[item].path), items[item].start, round(start, 2) if frames else 0.0)
            for item, start in zip(judged.items, judged.starts.tolist(), strict=True)
        ]

    place = {key: row for row, key in enumerate(keys(second, b))}
    pairs = [(row, place[key]) for row, key in enumerate(keys(first, a)) if key in place]
    rows = np.array(pairs, np.intp).reshape(-1, 2)
    return rows[:, 0], rows[:, 1]
