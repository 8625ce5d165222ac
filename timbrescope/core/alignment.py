"""Forced alignment: which stretch of a recording each of a known sequence of labels takes (Viterbi 1967).

The most probable way through a chain of slots, each of which lasts at least some frames and may be left out where it is
marked so. The scores of the chain's states are kept at every ``sqrt(frames)``-th frame, and the way back is found from
there stretch by stretch, so that memory grows with the square root of the recording's length and hours fit.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from timbrescope.core.errors import TimbrescopeError

FLOOR: Final = 1e-6
_LEAST_STRETCH: Final = 512  # frames
_MOST_LEFT_OUT: Final = 6  # slots in a row that may be left out together
_NEVER: Final = -1e30

Read = Callable[[int, int], NDArray[np.float32]]
Floats = NDArray[np.float64]  # sums over an hour of frames need the digits


class AlignmentError(TimbrescopeError):
    """A text cannot be aligned with a recording."""


@dataclass(frozen=True, slots=True)
class Slot:
    """One place in the sequence.

    Attributes:
        columns: of the scores; their sum is the probability of being in this slot.
        least_frames: how long it lasts at least.
        skip_cost: what leaving it out costs in nats; None where it must be there.
    """

    columns: tuple[int, ...]
    least_frames: int = 1
    skip_cost: float | None = None


@dataclass(frozen=True, slots=True)
class Placed:
    """Frames from ``start`` up to ``stop`` and the mean probability of the slot in them."""

    start: int
    stop: int
    score: float


class _Chain:
    """The slots as states: one for each frame that a slot must last, the last of which repeats.

    At each frame a slot's last state is entered from itself (way 0) or, as the others are, from the state before it
    (way 1); a slot's first state is entered from the last states of the slots that may come before it (ways 1 on).
    """

    def __init__(self, slots: Sequence[Slot]) -> None:
        lengths = np.array([slot.least_frames for slot in slots])
        self.slot_of = np.repeat(np.arange(len(slots)), lengths)
        self.size = len(self.slot_of)
        self.lasts = np.cumsum(lengths) - 1
        self.firsts = self.lasts - lengths + 1
        column_sets = sorted({slot.columns for slot in slots})
        self.kind_of = np.array([column_sets.index(slot.columns) for slot in slots])[self.slot_of]
        self.mixing = np.zeros((1 + max(max(columns) for columns in column_sets), len(column_sets)))
        for kind, columns in enumerate(column_sets):
            self.mixing[list(columns), kind] = 1.0

        entries = [_entries(slots, index) for index in range(len(slots) + 1)]
        ways = max(map(len, entries))
        self.sources = np.full((ways, len(slots)), self.size)  # that state stands for none and is never reached
        self.costs = np.zeros((ways, len(slots)))
        self.start = np.full(self.size + 1, _NEVER)
        for index, first in enumerate(self.firsts):
            for way, (source, cost) in enumerate(entries[index]):
                if source < 0:
                    self.start[first] = -cost
                else:
                    self.sources[way, index] = self.lasts[source]
                    self.costs[way, index] = cost
        self.ends = [(int(self.lasts[source]), cost) for source, cost in entries[-1] if source >= 0]

    def emissions(self, rows: NDArray[np.float32]) -> Floats:
        """Return the log probability of each set of columns at each frame, shape (frames, sets)."""
        return np.log(np.maximum(rows[:, : len(self.mixing)] @ self.mixing, FLOOR))

    def step(self, best: Floats, emission: Floats) -> tuple[Floats, NDArray[np.uint8]]:
        """Return the best score of each state at the next frame, shape (size + 1,), and which way it was entered."""
        after = np.empty_like(best)
        after[1:-1] = best[:-2]
        after[-1] = _NEVER
        entered = best[self.sources] - self.costs
        way = np.ones(self.size, np.uint8)
        chosen = entered.argmax(axis=0)
        way[self.firsts] += chosen.astype(np.uint8)
        after[self.firsts] = np.take_along_axis(entered, chosen[None], axis=0)[0]
        staying = best[self.lasts]
        stays = staying >= after[self.lasts]
        way[self.lasts[stays]] = 0
        after[self.lasts[stays]] = staying[stays]
        after[:-1] += emission[self.kind_of]
        return after, way

    def back(self, state: int, way: int) -> int:
        """Return the state from which one was entered."""
        slot = self.slot_of[state]
        if way == 0:
            return state
        return int(self.sources[way - 1, slot]) if state == self.firsts[slot] else state - 1


def _entries(slots: Sequence[Slot], index: int) -> list[tuple[int, float]]:
    """Return the slots after which slot ``index`` may come, -1 for the start, with what leaving out others costs."""
    found, cost = [(index - 1, 0.0)], 0.0
    for before in range(index - 1, max(-1, index - 1 - _MOST_LEFT_OUT), -1):
        skip = slots[before].skip_cost
        if skip is None:
            break
        cost += skip
        found.append((before - 1, cost))
    return found


def align(read: Read, frames: int, slots: Sequence[Slot]) -> list[Placed | None]:
    """Return where each slot lies, in order and without gaps; None for those left out.

    Args:
        read: returns the scores from one frame up to another, shape (n, labels), each the probability of a label.
        frames: how many there are.
        slots: at least one.

    Raises:
        AlignmentError: the slots need more frames than there are.
    """
    needed = sum(slot.least_frames for slot in slots if slot.skip_cost is None)
    if not slots or needed > frames:
        raise AlignmentError(
            f"The text needs at least {needed} frames of the model and the recording has {frames}; check that they "
            "belong together."
        )
    chain = _Chain(slots)
    stretch = max(_LEAST_STRETCH, int(np.sqrt(frames)))
    borders = [*range(0, frames, stretch), frames]
    kept: list[Floats] = []
    best = chain.start
    for low, high in pairwise(borders):
        kept.append(best)
        best, _ = _run(chain, best, chain.emissions(read(low, high)), first=low == 0, keep=False)
    score, state = max((float(best[state]) - cost, state) for state, cost in chain.ends)
    if score <= _NEVER / 2:
        raise AlignmentError("The recording is too short for any of the text; check that they belong together.")

    path = np.empty(frames, np.intp)
    for low, high, best in zip(borders[-2::-1], borders[:0:-1], kept[::-1], strict=True):
        _, ways = _run(chain, best, chain.emissions(read(low, high)), first=low == 0, keep=True)
        for frame in range(high - 1, low - 1, -1):
            path[frame] = chain.slot_of[state]
            if frame:
                state = chain.back(state, int(ways[frame - low, state]))
    return _placed(path, read, slots)


def _run(
    chain: _Chain, best: Floats, emissions: Floats, *, first: bool, keep: bool
) -> tuple[Floats, NDArray[np.uint8]]:
    """Go through a stretch; return the scores after it and, if wanted, the ways of each frame, (frames, size)."""
    ways = np.zeros((len(emissions) if keep else 0, chain.size), np.uint8)
    for frame, emission in enumerate(emissions):
        if first and frame == 0:
            best = best.copy()
            best[:-1] += emission[chain.kind_of]
            continue
        best, way = chain.step(best, emission)
        if keep:
            ways[frame] = way
    return best, ways


def _placed(path: NDArray[np.intp], read: Read, slots: Sequence[Slot]) -> list[Placed | None]:
    found: list[Placed | None] = [None] * len(slots)
    borders = [0, *(np.flatnonzero(np.diff(path)) + 1), len(path)]
    for start, stop in pairwise(borders):
        index = int(path[start])
        score = float(read(start, stop)[:, list(slots[index].columns)].sum(axis=1).mean())
        found[index] = Placed(int(start), int(stop), score)
    return found
