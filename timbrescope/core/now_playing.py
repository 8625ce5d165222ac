"""Which labels sound now, as a list that can be read while the music goes on."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

_HIGHEST = 0.99  # a threshold above it could hardly be reached


@dataclass(frozen=True, slots=True)
class Active:
    """A label that sounds: its name and its smoothed score in 0..1."""

    label: str
    level: float


@dataclass(frozen=True, slots=True)
class Hysteresis:
    """How scores become a list that does not flicker.

    Attributes:
        smoothing_seconds: time constant: after it a step has come through to 63 %; 0 smooths nothing.
        enter, leave: thresholds in 0..1 of a label whose own is 0.5; for the others both are scaled by
            its own / 0.5, up to 0.99. A ``leave`` above ``enter`` counts as equal to it.
        hold_seconds: shortest time in the list.
    """

    smoothing_seconds: float
    enter: float
    leave: float
    hold_seconds: float = 0.8


class NowPlaying:
    """Follows scores along the playhead and tells which labels sound, without flicker.

    Scores are smoothed exponentially. A label enters the list once its smoothed score reaches ``enter`` and leaves it
    when it falls below ``leave``, though not before it has been there for ``hold_seconds``. Labels stand in the order
    in which they entered; those that enter together, the stronger first.

    Args:
        labels: one per column of the scores.
        hysteresis: smoothing and thresholds.
        thresholds: each label's own; empty means 0.5 for all.
    """

    def __init__(self, labels: tuple[str, ...], hysteresis: Hysteresis, thresholds: Sequence[float] = ()) -> None:
        self.labels = labels
        self._smoothing_seconds = hysteresis.smoothing_seconds
        scale = np.asarray(thresholds or (0.5,) * len(labels)) / 0.5
        self._enter = np.minimum(hysteresis.enter * scale, _HIGHEST)
        self._leave = np.minimum(hysteresis.leave * scale, self._enter)
        self._hold_seconds = hysteresis.hold_seconds
        self._time: float | None = None
        self._levels: NDArray[np.float64] = np.zeros(len(labels))
        self._entered: dict[int, float] = {}  # column -> when; the order is that of entering

    def reset(self) -> None:
        """Forget what has been heard."""
        self._time = None
        self._entered.clear()

    def update(self, seconds: float, scores: ArrayLike) -> list[Active]:
        """Take the scores at a time and return what sounds then.

        A time before that of the last call starts anew with these scores as they are; the same time changes nothing.

        Args:
            seconds: where the playhead is.
            scores: in 0..1, shape (labels,).
        """
        if self._time is not None and seconds < self._time:
            self.reset()
        if self._time is None:
            self._levels = np.array(scores, dtype=np.float64)
        elif self._smoothing_seconds > 0:
            share = -np.expm1((self._time - seconds) / self._smoothing_seconds)
            self._levels += share * (np.asarray(scores, dtype=np.float64) - self._levels)
        elif seconds > self._time:
            self._levels = np.array(scores, dtype=np.float64)
        self._time = seconds
        for column, entered in list(self._entered.items()):
            if self._levels[column] < self._leave[column] and seconds - entered >= self._hold_seconds:
                del self._entered[column]
        for column in np.argsort(-self._levels, kind="stable"):
            if self._levels[column] >= self._enter[column]:
                self._entered.setdefault(int(column), seconds)
        return [Active(self.labels[column], float(self._levels[column])) for column in self._entered]
