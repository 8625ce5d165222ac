"""Which lanes there are and in what order: instruments by model, tags by what they are about, each below a heading."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from timbrescope.core.labels import BACKGROUND, FAMILIES, INSTRUMENTS, TAGS, family, rank
from timbrescope.core.tag_groups import GROUP_ORDER, GROUPS, group_of, synonyms
from timbrescope.core.timeline import ScoreSpec, Timeline

STRONGEST, ALPHABET, MODEL = "strongest", "alphabet", "model"


@dataclass(frozen=True, slots=True)
class Row:
    """One lane.

    Attributes:
        recogniser: name of the model.
        label: as it is shown.
        columns: of the model's labels that it stands for: several where tags mean the same.
        family: that of an instrument.
        group: what a tag is about.
        names: the model's labels that it stands for.
    """

    recogniser: str
    label: str
    columns: tuple[int, ...]
    family: str | None = None
    group: str | None = None
    names: tuple[str, ...] = ()

    def score(self, frame: NDArray[np.floating]) -> float:
        """Return its score of a frame of shape (labels,): the highest of those that it stands for."""
        return max(float(frame[column]) for column in self.columns)


@dataclass(frozen=True, slots=True)
class Heading:
    """The line above the lanes of a recogniser, with the families of its instruments, or above a group of its tags."""

    recogniser: str
    kind: str
    families: tuple[str, ...] = ()
    group: str | None = None

    @property
    def title(self) -> str:
        """What stands in front of it."""
        return self.kind.capitalize() if self.group is None else f"{self.kind.capitalize()}: {self.group}"


Line = Row | Heading


def in_order(timeline: Timeline) -> list[ScoreSpec]:
    """Return the recognisers of a timeline: instruments first, then tags and the others."""
    return sorted(timeline.score_specs.values(), key=lambda spec: rank(spec.kind))


def rows_of(spec: ScoreSpec, *, all_tags: bool) -> list[Row]:
    """Return a lane for each label in the model's order; tags that mean the same share one unless all are wanted."""
    if spec.kind != TAGS:
        families = [family(label) if spec.kind == INSTRUMENTS else None for label in spec.labels]
        return [
            Row(spec.name, label, (column,), families[column], names=(label,))
            for column, label in enumerate(spec.labels)
            if label != BACKGROUND
        ]
    columns_of = {label: (i,) for i, label in enumerate(spec.labels)} if all_tags else synonyms(spec.labels)
    grouped = any(label.casefold() in GROUPS for label in spec.labels)
    return [
        Row(
            spec.name,
            label,
            columns,
            group=group_of(label) if grouped else None,
            names=tuple(spec.labels[column] for column in columns),
        )
        for label, columns in columns_of.items()
    ]


def arrange(timeline: Timeline, wanted: str, order: str, *, all_tags: bool = False) -> list[Line]:
    """Return the headings and lanes from top to bottom.

    The groups of tags keep their places, so that the eye finds them; the order holds within each. Which labels are
    strongest over all stands in the meters.

    Args:
        timeline: whose recognisers are shown.
        wanted: part of a label; lanes without it, and headings without lanes, are left out.
        order: STRONGEST over the recording so far, ALPHABET or MODEL, the order of the network's outputs.
        all_tags: whether tags that mean the same have a lane each.
    """
    lines: list[Line] = []
    for spec in in_order(timeline):
        rows = [
            row
            for row in rows_of(spec, all_tags=all_tags)
            if any(wanted.casefold() in name.casefold() for name in (row.label, *row.names))
        ]
        if order == STRONGEST:
            clip = timeline.clip_scores(spec.name)
            rows.sort(key=lambda row, clip=clip: -row.score(clip))  # type: ignore[misc]  # mypy infers no default
        elif order == ALPHABET:
            rows.sort(key=lambda row: row.label.casefold())
        for group in (None, *GROUP_ORDER):
            if members := [row for row in rows if row.group == group]:
                present = {row.family for row in members}
                families = tuple(name for name in FAMILIES if name in present)
                lines += [Heading(spec.name, spec.kind, families, group), *members]
    return lines


def sections(lines: list[Line]) -> Iterator[tuple[int, Heading, list[Row]]]:
    """Yield each heading with its place among the lines and the rows below it."""
    for index, line in enumerate(lines):
        if isinstance(line, Heading):
            rows: list[Row] = []
            for below in lines[index + 1 :]:
                if isinstance(below, Heading):
                    break
                rows.append(below)
            yield index, line, rows
