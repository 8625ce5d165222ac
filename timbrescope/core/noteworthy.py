"""From which score on a label is worth saying.

Scores of tags are low where a tag is rare: listeners who hear a harp mostly do not type it, and networks learn that.
What is usual differs from label to label, so a tag counts here only where the odds of its score are at least three
times those of its usual score, and the score itself is no less than 0.15. Models with thresholds of their own (those
of instruments, and trained ones) are taken at their word; where nothing is known of a label the threshold is one half.

The usual score of a tag is how often listeners gave it. Both collections list their tags by that: in MagnaTagATune
from about 19 % of the clips down to 2 %, in the Million Song Dataset from about 42 % down to 3 %; in between the shares
fall about as a / (1 + b n) with the place n in the list.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from timbrescope.core.labels import INSTRUMENTS, TAGS
from timbrescope.core.tag_groups import GROUPS, fold, synonyms
from timbrescope.core.timeline import ScoreSpec

ODDS: Final = 3.0
LEAST: Final = 0.15
_SHARES: Final = {"guitar": (0.19, 0.18), "rock": (0.42, 0.25)}  # by the most frequent tag: the a and b above
_NARROWER: Final = {
    "guitar": ("acoustic guitar", "electric guitar"),
    "strings": ("violin", "cello"),
    "no voice": ("voice",),
}


class Heard(NamedTuple):
    """What one model said: scores in 0..1 of shape (rows, labels), and of the whole recording, shape (labels,)."""

    spec: ScoreSpec
    scores: NDArray[np.floating]
    clip_scores: NDArray[np.floating]


@dataclass(frozen=True, slots=True)
class Noteworthy:
    """Scores with synonyms folded, and from which on each label is worth saying.

    Attributes:
        is_tags: whether the labels are tags.
        labels: canonical names.
        scores: shape (rows, labels).
        clip_scores: shape (labels,).
        thresholds: shape (labels,).
    """

    is_tags: bool
    labels: tuple[str, ...]
    scores: NDArray[np.floating]
    clip_scores: NDArray[np.floating]
    thresholds: NDArray[np.float64]


def usual_scores(labels: Sequence[str]) -> NDArray[np.float64] | None:
    """Return the usual score of each tag, shape (labels,); None for labels of no known collection."""
    shares = _SHARES.get(labels[0].casefold()) if labels else None
    if shares is None or len(labels) != 50 or any(label.casefold() not in GROUPS for label in labels):
        return None
    return np.asarray(shares[0] / (1 + shares[1] * np.arange(len(labels))))


def thresholds(spec: ScoreSpec) -> NDArray[np.float64]:
    """Return from which score on each label is worth saying, shape (labels,)."""
    usual = usual_scores(spec.labels) if spec.kind == TAGS and not spec.thresholds else None
    if usual is None:
        return np.asarray(spec.present_from, np.float64)
    odds = ODDS * usual / (1 - usual)
    return np.maximum(odds / (1 + odds), LEAST)


def noteworthy(heard: Heard) -> Noteworthy:
    """Fold the synonyms of tags; of their thresholds the highest holds."""
    spec, scores, clip = heard
    limits = thresholds(spec)
    if spec.kind != TAGS:
        return Noteworthy(is_tags=False, labels=spec.labels, scores=scores, clip_scores=clip, thresholds=limits)
    labels, folded = fold(spec.labels, scores)
    return Noteworthy(
        is_tags=True,
        labels=labels,
        scores=folded,
        clip_scores=fold(spec.labels, clip[None])[1][0],
        thresholds=np.array([limits[list(columns)].max() for columns in synonyms(spec.labels).values()]),
    )


def known_instruments(specs: Iterable[ScoreSpec]) -> frozenset[str]:
    """Return the labels of the models of instruments."""
    return frozenset(label.casefold() for spec in specs if spec.kind == INSTRUMENTS for label in spec.labels)


def is_covered(tag: str, instruments: Collection[str]) -> bool:
    """Tell whether a model of instruments answers what a tag says, more reliably and with times of its own."""
    return any(label in instruments for label in (tag, *_NARROWER.get(tag, ())))
