"""The decisions behind the figures: which clips were taken for what, the surest first."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.evaluation.cases import Cases
from training.evaluation.metrics import Threshold, decide
from training.evaluation.predict import Predictions
from training.evaluation.results import Mistake

MISTAKES = 20
_A_CELL = 10
_ALL_CELLS = 5000


@dataclass(frozen=True, slots=True)
class _Decisions:
    """Decisions, one an entry of each array: row, cell of what is true and found, score, and how sure it was."""

    rows: NDArray[np.intp]
    cells: NDArray[np.int64]
    is_wrong: NDArray[np.bool_]
    scores: NDArray[np.float64]
    sureness: NDArray[np.float64]


def mistakes(predictions: Predictions, judged: Cases, threshold: Threshold | None) -> tuple[Mistake, ...]:
    """Return the wrong decisions of which the model is surest, one for each item and kind of mistake."""
    found = _decisions(judged, threshold)
    chosen = _once_an_item(found, judged, np.flatnonzero(found.is_wrong))
    surest = chosen[np.argsort(-found.sureness[chosen], kind="stable")][:MISTAKES]
    return _told(predictions, judged, threshold, found, surest)


def examples(predictions: Predictions, judged: Cases, threshold: Threshold | None) -> tuple[Mistake, ...]:
    """Return up to ten decisions of each kind, right and wrong, the surest first: one for each item.

    A kind is a cell of the confusion matrix or, where any number of labels may apply, a label and whether it was found,
    missed or a false alarm. Of very many kinds there are fewer each, so that the whole stays small.
    """
    found = _decisions(judged, threshold)
    chosen = _once_an_item(found, judged, np.arange(len(found.rows)))
    chosen = chosen[np.lexsort((-found.sureness[chosen], found.cells[chosen]))]
    cells, first = np.unique(found.cells[chosen], return_index=True)
    most = max(1, min(_A_CELL, _ALL_CELLS // max(1, len(cells))))
    place = np.arange(len(chosen)) - np.repeat(first, np.diff([*first, len(chosen)]))
    return _told(predictions, judged, threshold, found, chosen[place < most])


def _decisions(judged: Cases, threshold: Threshold | None) -> _Decisions:
    """Return what was decided about each row, or about each known label of each row."""
    n_labels = judged.scores.shape[1]
    if threshold is None:
        rows = np.flatnonzero(~np.isnan(judged.targets).any(axis=1))
        true, said = judged.targets[rows].argmax(axis=1), judged.scores[rows].argmax(axis=1)
        scores = judged.scores[rows, said].astype(np.float64)
        return _Decisions(rows, (true * n_labels + said).astype(np.int64), true != said, scores, scores)
    decided, applies = decide(judged.scores, threshold), judged.targets > 0.5
    rows, columns = np.nonzero(~np.isnan(judged.targets) & (decided | applies))
    scores = judged.scores[rows, columns].astype(np.float64)
    said, true = decided[rows, columns], applies[rows, columns]
    cells = (columns * 4 + 2 * true + said).astype(np.int64)
    return _Decisions(rows, cells, said != true, scores, np.where(said, scores, 1 - scores))


def _once_an_item(found: _Decisions, judged: Cases, which: NDArray[np.intp]) -> NDArray[np.intp]:
    """Return the surest decision of each item in each cell."""
    ordered = which[np.argsort(-found.sureness[which], kind="stable")]
    keys = np.column_stack([found.cells[ordered], judged.items[found.rows[ordered]]])
    _, first = np.unique(keys, axis=0, return_index=True)
    return ordered[np.sort(first)]


def _told(
    predictions: Predictions,
    judged: Cases,
    threshold: Threshold | None,
    found: _Decisions,
    chosen: NDArray[np.intp],
) -> tuple[Mistake, ...]:
    told = []
    for index in chosen:
        row = found.rows[index]
        end = float(judged.ends[row])
        told.append(
            Mistake(
                str(predictions.items[judged.items[row]].path),
                float(judged.starts[row]),
                None if np.isnan(end) else end,
                *_names(predictions.labels, int(found.cells[index]), single=threshold is None),
                float(found.scores[index]),
            )
        )
    return tuple(told)


def _names(labels: tuple[str, ...], cell: int, *, single: bool) -> tuple[str, str]:
    """Return what is true and what was found."""
    if single:
        true, said = divmod(cell, len(labels))
        return labels[true], labels[said]
    column, kind = divmod(cell, 4)
    label, none = labels[column], f"no {labels[column]}"
    return label if kind >= 2 else none, label if kind % 2 else none
