"""What a model is trained on or judged by: pieces of recordings with their labels."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Task = Literal["single", "multi", "frame"]
Split = Literal["train", "validation", "test"]

UNKNOWN = math.nan
"""The value of a label of which nobody knows whether it applies; it counts neither way."""


@dataclass(frozen=True, slots=True)
class Segment:
    """One label from ``start`` to ``end``, in seconds from the beginning of the file."""

    start: float
    end: float
    label: str


@dataclass(frozen=True, slots=True)
class Item:
    """One labelled piece of a recording.

    Attributes:
        path: the audio file.
        labels: how true each label is, in 0..1: 1 where it applies, between where a teacher's scores are learnt,
            ``UNKNOWN`` where nobody knows. A label that is not named does not apply.
        start: in seconds from the beginning of the file.
        end: in seconds; None means the end of the file.
        group: what must stay on one side of a split: the recording, instrument, player or artist.
        split: the part of the collection it belongs to where its authors have said so; None leaves that to the split.
        segments: labels in time, ordered, for the task ``frame``; times count from the beginning of the file.
        row: of the teachers' scores for it in ``Taught``; None where they have not heard it.
    """

    path: Path
    labels: Mapping[str, float] = field(default_factory=dict)
    start: float = 0.0
    end: float | None = None
    group: str = ""
    split: Split | None = None
    segments: tuple[Segment, ...] = ()
    row: int | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Taught:
    """What teachers say about items, for a student that learns to say the same.

    Attributes:
        names: of the scores, as ``model:label``.
        scores: probabilities, shape (rows, scores), usually mapped from a file.
    """

    names: tuple[str, ...]
    scores: NDArray[np.floating]


@dataclass(frozen=True, slots=True)
class Collection:
    """A set of labelled recordings.

    Attributes:
        labels: all labels in the order of a model's outputs.
        task: ``single`` (exactly one label an item), ``multi`` (any number), ``frame`` (one label at a time, changing
            within an item).
        items: the labelled pieces, in an order that does not depend on the file system.
        problems: one sentence for each file or line that was left out, naming it and saying why.
        taught: teachers' scores, to which the items' rows point.
    """

    labels: tuple[str, ...]
    task: Task
    items: tuple[Item, ...]
    problems: tuple[str, ...] = ()
    taught: Taught | None = None
