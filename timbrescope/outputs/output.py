"""What every output to other programs does, and several of them as one."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from timbrescope.core.events import Event
from timbrescope.core.sound_now import Sound
from timbrescope.core.timeline import ScoreSpec

PER_SECOND: Final = 10


@dataclass(frozen=True, slots=True)
class Moment:
    """What is known of a moment.

    Attributes:
        scores: model -> the score of each of its labels in 0..1, shape (labels,); without models that said nothing.
        sound: how it sounds.
    """

    scores: Mapping[str, NDArray[np.floating]]
    sound: Sound


class Output(Protocol):
    """One way to tell other programs; what nobody receives is lost without a word."""

    def begin(self, specs: Sequence[ScoreSpec]) -> None:
        """Take the models of which scores will come; ends what was there before."""

    def moment(self, moment: Moment) -> None:
        """Send what is known of a moment."""

    def event(self, event: Event) -> None:
        """Send that a label has entered or, where the event is over, left."""

    def notice(self, sentence: str) -> None:
        """Send what the user is told."""

    def close(self) -> None:
        """End what was begun, and give everything back."""


class Outputs:
    """Several outputs as one: moments go out ten times a second at most, everything else at once.

    Args:
        outputs: where to.
        now: a clock in seconds.
    """

    def __init__(self, outputs: Sequence[Output], now: Callable[[], float] = time.monotonic) -> None:
        self._outputs = tuple(outputs)
        self._now = now
        self._sent: float | None = None

    def __bool__(self) -> bool:
        return bool(self._outputs)

    def begin(self, specs: Sequence[ScoreSpec]) -> None:
        """Take the models of which scores will come."""
        for output in self._outputs:
            output.begin(specs)

    def moment(self, moment: Moment) -> None:
        """Send what is known of a moment, unless the last one was just now."""
        now = self._now()
        if self._sent is not None and now - self._sent < 1 / PER_SECOND:
            return
        self._sent = now
        for output in self._outputs:
            output.moment(moment)

    def event(self, event: Event) -> None:
        """Send that a label has entered or, where the event is over, left."""
        for output in self._outputs:
            output.event(event)

    def notice(self, sentence: str) -> None:
        """Send what the user is told."""
        for output in self._outputs:
            output.notice(sentence)

    def close(self) -> None:
        """End what was begun, and give everything back."""
        for output in self._outputs:
            output.close()
        self._outputs = ()
