"""Which values to write into the tags of a recording, by what the models found in it."""

from collections.abc import Iterable, Mapping
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from timbrescope.core.labels import INSTRUMENTS, TAGS
from timbrescope.core.presence import presences
from timbrescope.core.tag_groups import canonical, group_of
from timbrescope.core.timeline import ScoreSpec

FIELDS: Final = ("genre", "mood", "instruments", "comment")
"""What can be written, in the order in which it is shown."""
DEFAULT_FIELDS: Final = FIELDS[:3]
THRESHOLD: Final = 0.3
"""Mean score from which a genre or a mood is written, where the model has no threshold of its own."""
SHARE: Final = 0.1
"""Share of the recording from which an instrument is written."""

_AT_MOST: Final = 2  # genres, and moods: the labels after those are guesses
_SPELLINGS: Final = {"hip-hop": "Hip-Hop", "rnb": "R&B"}

Values = Mapping[str, tuple[str, ...]]
"""The values of each field; an empty tuple stands for none."""


class Scored(Protocol):
    """What one recogniser found."""

    @property
    def spec(self) -> ScoreSpec:
        """What the scores mean."""

    @property
    def scores(self) -> NDArray[np.float32]:
        """Scores in 0..1, shape (rows, labels)."""

    @property
    def clip_scores(self) -> NDArray[np.floating]:
        """The scores of the whole recording, shape (labels,)."""


def propose(
    results: Iterable[Scored], duration_seconds: float, *, threshold: float = THRESHOLD, share: float = SHARE
) -> dict[str, tuple[str, ...]]:
    """Return the values that fit a recording for each of ``FIELDS``, the surest first; none where nothing is sure.

    Genres and moods are tags of that group, synonyms folded, and the higher score counts where models differ.
    Instruments are those that play for long enough, the longest first.

    Args:
        results: what each model found.
        duration_seconds: of the recording.
        threshold: mean score in 0..1 from which a genre or a mood counts, of a model that has none of its own.
        share: of the recording, in 0..1, from which an instrument counts.
    """
    results = list(results)
    tags = _tags(results, threshold)
    genre = {label: score for label, score in tags.items() if group_of(label) == "genre"}
    mood = {label: score for label, score in tags.items() if group_of(label) == "mood"}
    playing = _playing(results, duration_seconds, share)
    heard = [
        *(f"{label} {score:.2f}" for found in (genre, mood) for label, score in _strongest(found)),
        *(f"{label} {part:.0%} of the time" for label, part in playing.items()),
    ]
    return {
        "genre": tuple(_spelled(label) for label, _ in _strongest(genre)),
        "mood": tuple(_spelled(label) for label, _ in _strongest(mood)),
        "instruments": tuple(playing),
        "comment": (f"timbrescope heard {', '.join(heard)}",) if heard else (),
    }


def _tags(results: Iterable[Scored], threshold: float) -> dict[str, float]:
    """Return the highest score of each canonical tag that reaches its threshold."""
    found: dict[str, float] = {}
    for result in results:
        if result.spec.kind != TAGS or not len(result.scores):
            continue
        thresholds = result.spec.thresholds or (threshold,) * len(result.spec.labels)
        for label, score, least in zip(result.spec.labels, result.clip_scores, thresholds, strict=True):
            if score >= least:
                found[canonical(label)] = max(found.get(canonical(label), 0.0), float(score))
    return found


def _strongest(found: Mapping[str, float]) -> list[tuple[str, float]]:
    return sorted(found.items(), key=lambda item: -item[1])[:_AT_MOST]


def _playing(results: Iterable[Scored], duration_seconds: float, share: float) -> dict[str, float]:
    """Return the share of the recording in which each instrument plays, the longest first."""
    found: dict[str, float] = {}
    for result in results:
        if result.spec.kind != INSTRUMENTS:
            continue
        for one in presences(result.spec, result.scores, duration_seconds):
            if one.label is not None and one.share >= share:
                found[one.label] = max(found.get(one.label, 0.0), one.share)
    return dict(sorted(found.items(), key=lambda item: -item[1]))


def _spelled(label: str) -> str:
    """Return a genre or a mood as tags have it: "progressive rock" is "Progressive Rock"."""
    return _SPELLINGS.get(label) or " ".join(word[:1].upper() + word[1:] for word in label.split())
