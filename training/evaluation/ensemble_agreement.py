"""How well taggers agree with an ensemble.

    python -m training.evaluation.ensemble_agreement TABLE MODEL [MODEL ...]

TABLE is what ``training.teachers.ensemble`` wrote of recordings that no model has learnt from. Pieces of a recording
that follow one another are one clip, whose scores are the mean of its pieces'. This is agreement with other models, and
says nothing of how often those are right.
"""

import argparse
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.stats import spearmanr
from sklearn.metrics import roc_auc_score

from timbrescope.core.errors import TimbrescopeError
from training.collection import Item
from training.errors import TrainingError
from training.sources.table import read_table
from training.teachers.ensemble import SEPARATOR
from training.teachers.hearing import Teacher, hear
from training.teachers.pieces import Piece

Scores = NDArray[np.float64]

TOP: Final = 3
_CONTEXT_SECONDS, _BATCH = 4.0, 8


@dataclass(frozen=True, slots=True)
class Agreement:
    """How a model agrees with an ensemble on some clips.

    Attributes:
        model, labels: the model's name and the list of labels that it was compared on.
        clips: how many.
        rank_correlation: Spearman's coefficient over the clips, mean over the labels.
        roc_auc: of the ensemble's top three labels of a clip among all labels, mean over the clips.
    """

    model: str
    labels: str
    clips: int
    rank_correlation: float
    roc_auc: float


def agreement(model: str, labels: str, wanted: Scores, given: Scores) -> Agreement:
    """Compare scores of clips, both of shape (clips, labels), those of the ensemble and those of the model."""
    ranks = [spearmanr(theirs, ours).statistic for theirs, ours in zip(wanted.T, given.T, strict=True)]
    top = np.zeros(wanted.shape, bool)
    np.put_along_axis(top, np.argsort(-wanted, axis=1)[:, :TOP], values=True, axis=1)
    by_clip = [roc_auc_score(applies, scores) for applies, scores in zip(top, given, strict=True)]
    return Agreement(model, labels, len(wanted), float(np.mean(ranks)), float(np.mean(by_clip)))


def clips_of(items: Sequence[Item]) -> NDArray[np.intp]:
    """Return the number of each item's clip: items of a recording that follow one another without a gap are one."""
    numbers = np.zeros(len(items), np.intp)
    for index in range(1, len(items)):
        before, item = items[index - 1], items[index]
        follows = before.path == item.path and before.end is not None and abs(before.end - item.start) < 0.01
        numbers[index] = numbers[index - 1] + (not follows)
    return numbers


def compare(table: Path, models: Sequence[Path]) -> Iterator[Agreement]:
    """Compare models with the ensemble of a table, one after the other.

    Raises:
        TimbrescopeError: the table, a recording or a model cannot be read, or the table does not have its labels.
    """
    collection = read_table(table, task="multi")
    items = sorted(collection.items, key=lambda item: (item.path, item.start))
    clips = clips_of(items)
    for path in models:
        teacher = Teacher(path, _CONTEXT_SECONDS)
        title = _list_of(teacher.labels, collection.labels)
        wanted = np.array([[item.labels[f"{title}{SEPARATOR}{label}"] for label in teacher.labels] for item in items])
        given = np.concatenate(list(_heard(items, teacher)))
        yield agreement(teacher.name, title, _mean(wanted, clips), _mean(given, clips))


def _list_of(labels: Sequence[str], known: Sequence[str]) -> str:
    for title in dict.fromkeys(label.partition(SEPARATOR)[0] for label in known):
        if all(f"{title}{SEPARATOR}{label}" in known for label in labels):
            return title
    raise TrainingError("The table does not have the labels of the model; make it with teachers that have them.")


def _heard(items: Sequence[Item], teacher: Teacher) -> Iterator[Scores]:
    by_path: dict[Path, list[Piece]] = {}
    for item in items:
        end = item.start + teacher.window_seconds if item.end is None else item.end
        by_path.setdefault(item.path, []).append(Piece(item.path, item.start, end, "", item.group, ""))
    for pieces in by_path.values():
        yield hear(pieces, [teacher], batch=_BATCH, warn=print).astype(np.float64)


def _mean(scores: Scores, clips: NDArray[np.intp]) -> Scores:
    return np.stack([scores[clips == number].mean(axis=0) for number in range(clips[-1] + 1)])


def report(agreements: Sequence[Agreement]) -> str:
    """Return the comparison as a table for people."""
    lines = [f"{'model':24} {'labels':14} {'clips':>5} {'rank corr.':>10} {'ROC-AUC':>8}"]
    lines += [
        f"{a.model:24} {a.labels:14} {a.clips:5d} {a.rank_correlation:10.3f} {a.roc_auc:8.3f}" for a in agreements
    ]
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> None:
    """Compare taggers with an ensemble."""
    parser = argparse.ArgumentParser(description="Tell how well taggers agree with an ensemble.")
    parser.add_argument("table", type=Path, help="the ensemble's scores, as training.teachers.ensemble writes them")
    parser.add_argument("models", type=Path, nargs="+", help="checkpoints")
    parser.add_argument("--format", choices=("text", "json"), default="text")
    options = parser.parse_args(arguments)
    try:
        found = list(compare(options.table, options.models))
    except TimbrescopeError as error:
        parser.exit(1, f"{error}\n")
    text = json.dumps({"evaluations": [_described(one) for one in found]}, indent=1)
    print(text if options.format == "json" else report(found))


def _described(found: Agreement) -> dict[str, object]:
    """Return the figures in the form of those of ``timbrescope evaluate``."""
    figures = {"rank_correlation": found.rank_correlation, "roc_auc": found.roc_auc}
    named = {name: {"value": value} for name, value in figures.items()}
    return {"model": found.model, "labels": found.labels, "clips": found.clips, "figures": named}


if __name__ == "__main__":
    main()
