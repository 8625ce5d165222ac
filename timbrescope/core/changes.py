"""What changes in the course of a recording, and when: which instruments and tags enter and which leave."""

from bisect import bisect, insort
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from timbrescope.core.labels import PHONEMES
from timbrescope.core.noteworthy import Heard, is_covered, known_instruments, noteworthy
from timbrescope.core.presence import Stretch

TOGETHER_SECONDS: Final = 2.0
"""What happens closer together than this is one change."""

_SHORTEST_SECONDS: Final = 2.0
_SHORTEST_SECONDS_OF_TAGS: Final = 4.0  # a tag is an impression of some seconds
_LEAVE: Final = 0.7
"""A label enters with its threshold and leaves below this part of it."""


@dataclass(frozen=True, slots=True)
class Change:
    """What enters and what leaves at a time in seconds; at 0 enters what the recording begins with."""

    seconds: float
    entered: tuple[str, ...]
    left: tuple[str, ...]

    def words(self) -> str:
        """Return one line: what enters after a plus, what leaves after a minus."""
        signed = (("+", self.entered), ("–", self.left))
        return "   ".join(f"{sign} {', '.join(labels)}" for sign, labels in signed if labels)


class _Event(NamedTuple):
    seconds: float
    label: str
    enters: bool


def changes(found: Iterable[Heard], duration_seconds: float) -> list[Change]:
    """Return what changes, in the order of time; two changes lie at least two seconds apart.

    Scores are smoothed, without a delay, over two seconds, those of tags over four. A label enters with its threshold
    (see ``noteworthy``) and leaves below 70 % of it; stretches and gaps shorter than the smoothing are none. Tags are
    folded, those that a model of instruments answers for are left out, and so is what is no event ("no voice") or lasts
    for moments, as phonemes do. What happens within two seconds of an instrument, whose times are the sharper ones,
    happens with it.

    Args:
        found: what each model said.
        duration_seconds: of the recording.
    """
    found = [heard for heard in found if len(heard.scores) and heard.spec.kind != PHONEMES]
    instruments = known_instruments([heard.spec for heard in found])
    sharp: dict[str, list[Stretch]] = {}
    tags: dict[str, list[Stretch]] = {}
    for heard in found:
        result, spec = noteworthy(heard), heard.spec
        shortest = _SHORTEST_SECONDS_OF_TAGS if result.is_tags else _SHORTEST_SECONDS
        smooth = _smoothed(result.scores, 2 * round(shortest / spec.hop_seconds / 2) + 1)
        inner = spec.start_seconds + np.arange(1, len(smooth)) * spec.hop_seconds
        borders = np.concatenate([[0.0], np.minimum(inner, duration_seconds), [duration_seconds]])
        for label, column, limit in zip(result.labels, smooth.T, result.thresholds, strict=True):
            if not result.is_tags:
                sharp.setdefault(label, []).extend(_stretches(column, float(limit), borders))
            elif label != "no voice" and not is_covered(label, instruments):
                tags.setdefault(label, []).extend(_stretches(column, float(limit), borders))
    together: dict[float, list[_Event]] = {}
    times: list[float] = []
    for of_labels, shortest in ((sharp, _SHORTEST_SECONDS), (tags, _SHORTEST_SECONDS_OF_TAGS)):
        for event in sorted(_events(of_labels, shortest, duration_seconds)):
            seconds = _nearest(times, event.seconds)
            if abs(seconds - event.seconds) >= TOGETHER_SECONDS:
                seconds = event.seconds
                insort(times, seconds)
            together.setdefault(seconds, []).append(event)
    return [
        Change(
            seconds,
            entered=tuple(event.label for event in events if event.enters),
            left=tuple(event.label for event in events if not event.enters),
        )
        for seconds, events in sorted(together.items())
    ]


def _nearest(times: list[float], seconds: float) -> float:
    """Return the nearest of some times in ascending order; infinity where there is none."""
    place = bisect(times, seconds)
    return min(times[max(0, place - 1) : place + 1], key=lambda time: abs(time - seconds), default=float("inf"))


def _smoothed(scores: NDArray[np.floating], rows: int) -> NDArray[np.float64]:
    """Return the mean of the ``rows`` around each row, of those that there are; shape as given."""
    total = np.concatenate([np.zeros((1, scores.shape[1])), np.cumsum(scores, axis=0, dtype=np.float64)])
    middle = np.arange(len(scores))
    first = np.maximum(middle - rows // 2, 0)
    last = np.minimum(middle + rows // 2 + 1, len(scores))
    return np.asarray((total[last] - total[first]) / (last - first)[:, None])


def _stretches(scores: NDArray[np.float64], limit: float, borders: NDArray[np.float64]) -> list[Stretch]:
    """Return the stretches from where scores reach the limit to where they fall below its lower part."""
    decided = np.where(scores >= limit, 1, np.where(scores < _LEAVE * limit, 0, -1))
    held = np.maximum.accumulate(np.where(decided >= 0, np.arange(len(scores)), -1))
    present = (held >= 0) & (decided[held] == 1)
    padded = np.concatenate([[False], present, [False]])
    turns = borders[np.flatnonzero(padded[1:] != padded[:-1])]
    return [(start, end) for start, end in turns.reshape(-1, 2).tolist()]


def _events(
    stretches_of: dict[str, list[Stretch]], shortest_seconds: float, duration_seconds: float
) -> Iterator[_Event]:
    for label, stretches in stretches_of.items():
        for start, end in _joined(sorted(stretches), shortest_seconds):
            if end - start < min(shortest_seconds, duration_seconds):
                continue
            yield _Event(start, label, enters=True)
            if end < duration_seconds:
                yield _Event(end, label, enters=False)


def _joined(stretches: Iterable[Stretch], shortest_seconds: float) -> Iterator[Stretch]:
    """Yield stretches, sorted by their start, as one where they overlap or the gap between them is too short."""
    begun: Stretch | None = None
    for start, end in stretches:
        if begun is None:
            begun = start, end
        elif start - begun[1] < shortest_seconds:
            begun = begun[0], max(begun[1], end)
        else:
            yield begun
            begun = start, end
    if begun is not None:
        yield begun
