"""Learning from corrections: gather them, let the model go on, compare old and new; each is a process of its own."""

import json
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from PySide6.QtCore import QObject, Signal, Slot

from timbrescope import paths
from timbrescope.core import verdict_files
from timbrescope.core.errors import ModelError
from timbrescope.core.verdicts import Verdict, VerdictError
from timbrescope.recognition.store import ModelStore
from timbrescope.ui.training.evaluation import Clip, Evaluation, evaluation_of
from timbrescope.ui.training.process import TrainingProcess

_COMPARISON: Final = "comparison.json"
_TABLE: Final = "corrections.csv"
_EVERY_KIND: Final = 200  # clips that became better or worse, of which no more are listed


@dataclass(frozen=True, slots=True)
class Comparison:
    """An old and a new model on the same clips, which neither has learnt from.

    Attributes:
        old, new: how good they are.
        difference: by how much the new one's main figure is above the old one's, with its interval of 95 %.
        decisions: how often each label was asked for.
        better, worse: clips of which one is right and the other wrong, the clearest first.
    """

    old: Evaluation
    new: Evaluation
    difference: tuple[float | None, float | None, float | None]
    decisions: Mapping[str, int]
    better: tuple[Clip, ...]
    worse: tuple[Clip, ...]

    def right_share(self, evaluation: Evaluation) -> float | None:
        """Return which share of what was asked for one of the two got right."""
        asked = sum(self.decisions.values())
        outcomes = [one.outcomes for one in evaluation.classes if one.label in self.decisions]
        wrong = sum(missed + alarms for _, missed, alarms in outcomes)
        return (asked - wrong) / asked if asked else None


@dataclass(frozen=True, slots=True)
class Gathered:
    """What there is to learn from: verdicts, each with the key of its recording."""

    verdicts: tuple[tuple[str, Verdict], ...] = ()

    @property
    def models(self) -> list[str]:
        """The models that were corrected, the most often corrected first."""
        return [name for name, _ in Counter(one.model for _, one in self.verdicts).most_common()]

    def about(self, labels: Collection[str]) -> tuple[int, int]:
        """Return how many corrections there are for a model with some labels, and of how many recordings."""
        known = [key for key, one in self.verdicts if any(label in labels for label in one.labels)]
        return len(known), len(set(known))


def gather(folder: Path | None) -> Gathered:
    """Return what there is to learn from in a folder, or in all recordings that were corrected on this computer.

    Raises:
        VerdictError: the folder cannot be read.
    """
    found: list[tuple[str, Verdict]] = []
    for path in verdict_files.recordings_below(folder) if folder else verdict_files.known_recordings():
        try:
            judged = verdict_files.load(path)
        except VerdictError:
            continue  # told when it is learnt from
        found += [(judged.key, one) for one in judged.verdicts]
    return Gathered(tuple(found))


class Retraining(QObject):
    """Runs the three commands one after the other; the old model stays as it is.

    ``told`` carries events of the training, ``compared`` the comparison, ``failed`` a sentence.
    """

    told = Signal(object)
    compared = Signal(object)
    failed = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.process = TrainingProcess(self)
        self.process.told.connect(self.told)
        self.process.succeeded.connect(self._next)
        self.process.stopped.connect(self._on_stopped)
        self.process.failed.connect(self.failed)
        self._left: list[list[str]] = []
        self._folder = Path()

    @property
    def is_running(self) -> bool:
        """Whether a command is at work."""
        return self.process.is_running

    @property
    def model(self) -> Path:
        """The new model."""
        return self._folder / "model.safetensors"

    def start(self, name: str, new_name: str, folder: Path | None) -> None:
        """Let a model go on under a name with the corrections in a folder, or with all that are known."""
        self._folder = paths.trained() / f"{new_name}-corrected"
        self._folder.mkdir(parents=True, exist_ok=True)
        for left in ("model.safetensors", _COMPARISON):
            (self._folder / left).unlink(missing_ok=True)
        table, split, json_lines = str(self._folder / _TABLE), str(self._folder / "split.csv"), ["--progress", "json"]
        before = [str(path) for path in [paths.trained() / f"{name}-quick" / "split.csv"] if path.is_file()]
        self._left = [
            ["corrections", *([str(folder)] if folder else []), "--model", name, "--output", table],
            [
                "train",
                table,
                *before,
                "--correct",
                name,
                "--name",
                new_name,
                "--output",
                str(self._folder),
                *json_lines,
            ],
            ["compare", name, str(self.model), split, "--split", "test", "--format", "json"],
        ]
        self._left[-1] += ["--output", str(self._folder / _COMPARISON)]
        self._next()

    def stop(self) -> None:
        """Give it up; the old model stays."""
        self._left = []
        self.process.kill()

    @Slot()
    def _next(self) -> None:
        if self._left:
            self.process.start(self._left.pop(0))
            return
        try:
            self.compared.emit(read_comparison(self._folder / _COMPARISON))
        except ModelError as error:
            self.failed.emit(str(error))

    @Slot()
    def _on_stopped(self) -> None:
        self._left = []
        self.failed.emit("Learning was stopped; the model is as it was.")


def new_name(name: str) -> str:
    """Return what a model that goes on with another is called: the same, unless that belongs to the program."""
    try:
        return ModelStore().own_name(name)
    except ModelError:
        return f"{name}-corrected"


def read_comparison(path: Path) -> Comparison:
    """Return what ``timbrescope compare`` has written.

    Raises:
        ModelError: it is missing or damaged.
    """
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        old, new = map(evaluation_of, values["evaluations"])
        figure = values["difference"]["difference"]
        better, worse = (_clips(values["changes"][kind]) for kind in ("better", "worse"))
        decisions = {one["label"]: one["decisions"] for one in values["changes"]["labels"]}
        return Comparison(old, new, (figure["value"], figure["low"], figure["high"]), decisions, better, worse)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(f"The comparison {path} cannot be read ({error}); learn again to make it anew.") from error


def _clips(changes: Sequence[Mapping[str, Any]]) -> tuple[Clip, ...]:
    return tuple(
        Clip(
            Path(one["file"]),
            one["start"],
            one["end"],
            one["true"],
            f"{one['first']} → {one['second']}",
            one["second_score"],
        )
        for one in changes[:_EVERY_KIND]
    )
