"""Findings as data: what is amiss with labelled recordings, where, and what mends it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

Kind = Literal[
    "left-out", "unreadable", "damaged", "silent", "clipped", "copies", "leak", "contradiction", "few-examples",
    "few-groups", "imbalance", "equipment",
]  # fmt: skip
Severity = Literal["problem", "warning", "note"]
Remedy = Literal["leave-out", "join-groups", "relabel", "record", "none"]
"""What a button beside the finding could do: leave files out, keep them on one side of a split, look at their labels,
record more; or nothing."""

_SPOILING: frozenset[Kind] = frozenset({"leak", "contradiction", "few-groups", "equipment"})


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is amiss.

    Attributes:
        kind: what it is, for programs.
        severity: a ``problem`` makes figures or the model wrong, a ``warning`` makes them worse, a ``note`` neither.
        sentence: what, and how much of it.
        advice: what mends it, or why one may go on.
        remedy: what a program can do about it.
        files: the recordings concerned; of copies, all but those to keep.
        labels: the classes concerned.
        groups: sets of files that belong together.
    """

    kind: Kind
    severity: Severity
    sentence: str
    advice: str
    remedy: Remedy = "none"
    files: tuple[Path, ...] = ()
    labels: tuple[str, ...] = ()
    groups: tuple[tuple[Path, ...], ...] = ()

    @property
    def spoils_figures(self) -> bool:
        """Whether figures of a model that learns from these recordings cannot be trusted."""
        return self.severity != "note" and self.kind in _SPOILING

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON types."""
        return {
            "kind": self.kind,
            "severity": self.severity,
            "spoils_figures": self.spoils_figures,
            "sentence": self.sentence,
            "advice": self.advice,
            "remedy": self.remedy,
            "files": [str(path) for path in self.files],
            "labels": list(self.labels),
            "groups": [[str(path) for path in group] for group in self.groups],
        }


@dataclass(frozen=True, slots=True)
class ClassCount:
    """How much there is of a class: pieces, groups of recordings, minutes."""

    label: str
    clips: int
    groups: int
    minutes: float


@dataclass(frozen=True, slots=True)
class Checked:
    """The result of a check.

    Attributes:
        files: how many recordings were looked at.
        minutes: of sound in all pieces.
        classes: in the order of the labels.
        findings: the worst first.
    """

    files: int
    minutes: float
    classes: tuple[ClassCount, ...]
    findings: tuple[Finding, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON types."""
        return {
            "files": self.files,
            "minutes": round(self.minutes, 2),
            "classes": [
                {"label": each.label, "clips": each.clips, "groups": each.groups, "minutes": round(each.minutes, 2)}
                for each in self.classes
            ],
            "findings": [finding.to_dict() for finding in self.findings],
        }
