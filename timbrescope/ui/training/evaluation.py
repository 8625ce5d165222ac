"""What a training or a comparison has written about a model, as the window shows it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

from timbrescope.core.clock import clock
from timbrescope.core.errors import ModelError

EVALUATION: Final = "evaluation.json"
OUTCOMES: Final = ("Found", "Missed", "False alarm")
_SHOWN: Final = {
    "accuracy": "Accuracy",
    "macro_precision": "Precision",
    "macro_recall": "Recall",
    "macro_f1": "F1",
    "micro_precision": "Precision",
    "micro_recall": "Recall",
    "micro_f1": "F1",
    "roc_auc": "ROC-AUC",
    "pr_auc": "PR-AUC",
    "false_alarms": "Windows with false alarms",
}


@dataclass(frozen=True, slots=True)
class Clip:
    """A piece of a recording that a model was asked about; no end is the end of the file."""

    path: Path
    start: float
    end: float | None
    true: str
    found: str
    score: float

    @classmethod
    def read(cls, values: Mapping[str, Any]) -> Self:
        """Return one as it stands in an evaluation."""
        return cls(
            Path(values["file"]), values["start"], values["end"], values["true"], values["found"], values["score"]
        )

    @property
    def place(self) -> str:
        """The recording, and from where in it."""
        at = f", {clock(self.start, 0.1)}" if self.start else ""
        return f"{self.path.name}{at}"


@dataclass(frozen=True, slots=True)
class LabelFigures:
    """What is known of one label: how many clips have it, and how well it is found."""

    label: str
    positives: int
    found: int
    precision: float | None
    recall: float | None
    f1: float | None

    @property
    def outcomes(self) -> tuple[int, int, int]:
        """How often it was found, missed, and said where it is not."""
        hits = round((self.recall or 0.0) * self.positives)
        return hits, self.positives - hits, self.found - hits


@dataclass(frozen=True, slots=True)
class Evaluation:
    """How good a model is on recordings that it had not heard.

    Attributes:
        title: of the model.
        figures: of the whole, by what they are called for a user, with the interval that holds 95 %.
        calibration: the expected calibration error.
        classes: each label.
        confusion: true labels down, found labels across; of independent labels their outcomes across.
        columns: what stands across.
        mistakes: those that the model is surest of.
        examples: some clips of each cell.
        doubts: why the figures cannot be trusted.
        rows, groups: how many clips were judged, and of how many recordings or groups of them they are.
    """

    title: str
    figures: Mapping[str, tuple[float | None, float | None, float | None]]
    calibration: float | None
    classes: tuple[LabelFigures, ...]
    confusion: tuple[tuple[int, ...], ...]
    columns: tuple[str, ...]
    mistakes: tuple[Clip, ...]
    examples: tuple[Clip, ...]
    doubts: tuple[str, ...]
    rows: int
    groups: int

    @property
    def is_single(self) -> bool:
        """Whether exactly one label applies to each clip."""
        return self.columns != OUTCOMES

    def clips_of(self, row: int, column: int) -> list[Clip]:
        """Return the clips of a cell, the surest first."""
        label, none = self.classes[row].label, f"no {self.classes[row].label}"
        if self.is_single:
            pair = label, self.columns[column]
        else:
            pair = ((label, label), (label, none), (none, label))[column]
        return [clip for clip in self.examples if (clip.true, clip.found) == pair]


def read_evaluation(path: Path) -> Evaluation:
    """Return what stands in an ``evaluation.json``.

    Raises:
        ModelError: there is none, or it is damaged.
    """
    try:
        return evaluation_of(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(f"The report {path} cannot be read ({error}); train again to make it anew.") from error


def evaluation_of(values: Mapping[str, Any]) -> Evaluation:
    """Return an evaluation of its JSON types.

    Raises:
        KeyError, TypeError: something of it is missing.
    """
    classes = tuple(
        LabelFigures(*(one[name] for name in ("label", "positives", "found", "precision", "recall", "f1")))
        for one in values["classes"]
    )
    single = bool(values["confusion"])
    # Of independent labels those of all decisions together, which do not hang on a label that hardly occurs.
    figures = {
        shown: (one["value"], one["low"], one["high"])
        for name, shown in _SHOWN.items()
        if (one := values["figures"].get(name)) is not None and one["value"] is not None
    }
    calibration = values["calibration"]
    return Evaluation(
        title=values["title"],
        figures=figures,
        calibration=None if calibration is None else calibration["error"],
        classes=classes,
        confusion=tuple(map(tuple, values["confusion"])) if single else tuple(one.outcomes for one in classes),
        columns=tuple(one.label for one in classes) if single else OUTCOMES,
        mistakes=tuple(map(Clip.read, values["mistakes"])),
        examples=tuple(map(Clip.read, values.get("examples", values["mistakes"]))),
        doubts=tuple(values.get("doubts", ())),
        rows=values["rows"],
        groups=values["groups"],
    )
