"""What a model claims of a recording, in pieces short enough to be judged by ear, the most doubtful first."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from timbrescope.core.labels import PHONEMES
from timbrescope.core.noteworthy import thresholds
from timbrescope.core.timeline import ScoreSpec

LONGEST_SECONDS: Final = 6.0
_SHORTEST_SECONDS: Final = 0.1
_SUM: Final = 1e-2


@dataclass(frozen=True, slots=True)
class Claim:
    """A label that a model says applies to a piece.

    Attributes:
        model: whose claim it is.
        label: as the model calls it.
        start, end: of the piece, in seconds.
        score: the mean of the label's scores in it, in 0..1.
        margin: how far that is from another decision: above the label's threshold, or above the label that comes
            second where exactly one applies.
    """

    model: str
    label: str
    start: float
    end: float
    score: float
    margin: float

    @property
    def key(self) -> tuple[str, str, float]:
        """What a verdict on it is found by."""
        return self.model, self.label, round(self.start, 2)


def claims(spec: ScoreSpec, scores: NDArray[np.floating], duration_seconds: float) -> list[Claim]:
    """Return what a model claims, the most doubtful first; phonemes, which are edited elsewhere, are no claims.

    Each row counts for the hop in the middle of its window, the first one also for the time before, the last one for
    the time after. Stretches longer than six seconds are cut into equal pieces.

    Args:
        spec: what the scores mean.
        scores: in 0..1, shape (rows, labels).
        duration_seconds: of the recording.
    """
    if not len(scores) or duration_seconds <= 0 or spec.kind == PHONEMES:
        return []
    inner = spec.start_seconds + np.arange(1, len(scores)) * np.float64(spec.hop_seconds)
    borders = np.concatenate([[0.0], np.minimum(inner, duration_seconds), [duration_seconds]])
    if len(spec.labels) > 1 and np.allclose(scores.sum(axis=1), 1.0, atol=_SUM):  # one label at a time
        first = scores.argmax(axis=1)
        present = np.eye(len(spec.labels), dtype=np.bool_)[first]
        others = np.partition(scores, -2, axis=1)[:, -2]
        margins = scores - others[:, None]
    else:
        present = scores >= thresholds(spec)
        margins = scores - thresholds(spec)
    found: list[Claim] = []
    for column, label in enumerate(spec.labels):
        edges = np.flatnonzero(np.diff(np.concatenate([[0], present[:, column].astype(np.int8), [0]])))
        for begin, stop in edges.reshape(-1, 2).tolist():
            found += _pieces(spec.name, label, borders, begin, stop, scores[:, column], margins[:, column])
    return sorted(found, key=lambda claim: (claim.margin, claim.start))


def _pieces(
    model: str,
    label: str,
    borders: NDArray[np.float64],
    begin: int,
    stop: int,
    scores: NDArray[np.floating],
    margins: NDArray[np.floating],
) -> list[Claim]:
    """Return the claims of the rows from ``begin`` up to ``stop``."""
    seconds = float(borders[stop] - borders[begin])
    count = min(stop - begin, max(1, int(np.ceil(seconds / LONGEST_SECONDS))))
    pieces = []
    for rows in np.array_split(np.arange(begin, stop), count):
        start, end = float(borders[rows[0]]), float(borders[rows[-1] + 1])
        if end - start >= _SHORTEST_SECONDS:
            score, margin = float(scores[rows].mean()), float(margins[rows].mean())
            pieces.append(Claim(model, label, round(start, 3), round(end, 3), score, margin))
    return pieces
