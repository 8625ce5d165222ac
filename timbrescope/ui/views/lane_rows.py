"""Which lanes there are and in what order: one group a model, each below its heading."""

from dataclasses import dataclass

from timbrescope.core.labels import FAMILIES, INSTRUMENTS, family, rank
from timbrescope.core.timeline import ScoreSpec, Timeline

STRONGEST, ALPHABET, MODEL = "strongest", "alphabet", "model"


@dataclass(frozen=True, slots=True)
class Row:
    """One lane: a label of a recogniser; ``family`` is that of an instrument."""

    recogniser: str
    label: str
    column: int
    family: str | None = None


@dataclass(frozen=True, slots=True)
class Heading:
    """The line above the lanes of one recogniser, with the families of its instruments."""

    recogniser: str
    kind: str
    families: tuple[str, ...] = ()


Line = Row | Heading


def in_order(timeline: Timeline) -> list[ScoreSpec]:
    """Return the recognisers of a timeline: instruments first, then tags and the others."""
    return sorted(timeline.score_specs.values(), key=lambda spec: rank(spec.kind))


def family_of(spec: ScoreSpec, label: str) -> str | None:
    """Return the family of a label where it names an instrument; a tag of the same name has none."""
    return family(label) if spec.kind == INSTRUMENTS else None


def arrange(timeline: Timeline, wanted: str, order: str) -> list[Line]:
    """Return the headings and lanes from top to bottom.

    Args:
        timeline: whose recognisers are shown.
        wanted: part of a label; lanes without it, and headings without lanes, are left out.
        order: STRONGEST over the recording so far, ALPHABET or MODEL, the order of the network's outputs.
    """
    lines: list[Line] = []
    for spec in in_order(timeline):
        group = [
            Row(spec.name, label, column, family_of(spec, label))
            for column, label in enumerate(spec.labels)
            if wanted.casefold() in label.casefold()
        ]
        if order == STRONGEST:
            clip = timeline.clip_scores(spec.name)
            group.sort(key=lambda row, clip=clip: -clip[row.column])  # type: ignore[misc]  # mypy infers no default
        elif order == ALPHABET:
            group.sort(key=lambda row: row.label.casefold())
        if group:
            present = {row.family for row in group}
            lines.append(Heading(spec.name, spec.kind, tuple(name for name in FAMILIES if name in present)))
            lines += group
    return lines
