"""Which labels are present in a recording, and when: the stretches of time in which their scores reach a threshold."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from timbrescope.core.timeline import ScoreSpec

JOINED_SECONDS = 1.0
"""A gap up to this long between two stretches of a label is left out, so that they can be read."""

Stretch = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Presence:
    """When a label is present.

    Attributes:
        label: its name; None stands for the time in which no label is present.
        share: of the recording, in 0..1.
        stretches: (start, end) in seconds, in the order of time.
    """

    label: str | None
    share: float
    stretches: tuple[Stretch, ...]


def presences(spec: ScoreSpec, scores: NDArray[np.float32], duration_seconds: float) -> list[Presence]:
    """Return the labels that are present, longest first, then the time without any where there is such.

    Each row counts for the hop in the middle of its window; the first one also for the time before, the last one for
    the time after.

    Args:
        spec: what the scores mean.
        scores: in 0..1, shape (rows, labels).
        duration_seconds: of the recording.
    """
    if not len(scores) or duration_seconds <= 0:
        return []
    borders, present = _rows(spec, scores, duration_seconds)
    found = [
        _presence(label, column, borders, JOINED_SECONDS) for label, column in zip(spec.labels, present.T, strict=True)
    ]
    listed = sorted((one for one in found if one.share > 0), key=lambda one: -one.share)
    without = _presence(None, np.logical_not(np.any(present, axis=1)), borders, 0.0)
    return [*listed, without] if without.share > 0 else listed


def shares(spec: ScoreSpec, scores: NDArray[np.floating], duration_seconds: float) -> NDArray[np.float64]:
    """Return for how much of a recording each label is present, in 0..1, shape (labels,); the rest is as above."""
    if not len(scores) or duration_seconds <= 0:
        return np.zeros(len(spec.labels))
    borders, present = _rows(spec, scores, duration_seconds)
    return np.asarray(np.diff(borders) @ present / borders[-1])


def _rows(
    spec: ScoreSpec, scores: NDArray[np.floating], duration_seconds: float
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return the borders of the time for which each row counts, and which labels are present in it."""
    inner = spec.start_seconds + np.arange(1, len(scores)) * np.float64(spec.hop_seconds)
    borders = np.concatenate([[0.0], np.minimum(inner, duration_seconds), [duration_seconds]])
    return borders, scores >= np.asarray(spec.present_from, dtype=np.float32)


def _presence(
    label: str | None, present: NDArray[np.bool_], borders: NDArray[np.float64], joined_seconds: float
) -> Presence:
    share = float(np.diff(borders)[present].sum() / borders[-1])
    return Presence(label, share, tuple(_stretches(present, borders, joined_seconds)))


def _stretches(present: NDArray[np.bool_], borders: NDArray[np.float64], joined_seconds: float) -> Iterator[Stretch]:
    """Yield the stretches of the rows that are present, those with no longer gap between them as one."""
    padded = np.concatenate([[False], present, [False]])
    turns = borders[np.flatnonzero(padded[1:] != padded[:-1])]
    begun: Stretch | None = None
    for start, end in turns.reshape(-1, 2).tolist():
        if begun is not None and start - begun[1] <= joined_seconds:
            begun = begun[0], end
            continue
        if begun is not None:
            yield begun
        begun = start, end
    if begun is not None:
        yield begun
