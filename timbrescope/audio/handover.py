"""Where the thread that listens leaves sound for those who use it."""

import threading
from collections import deque
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

PRE_ROLL_SECONDS = 10.0
BACKLOG_SECONDS = 60.0


class Sink(Protocol):
    """Something that takes every frame of an input as well, such as a recorder; it must not wait."""

    def write(self, frames: NDArray[np.float32]) -> None:
        """Take the next frames, shape (n, channels)."""


@dataclass(frozen=True, slots=True)
class Portion:
    """What has come since the last time.

    Attributes:
        samples: the mean of the channels, float32, shape (n,).
        notices: for the user.
        last: nothing more will come.
    """

    samples: NDArray[np.float32]
    notices: tuple[str, ...]
    last: bool


class Handover:
    """Keeps mono sound for one reader, passes all frames on to sinks, and remembers the last ten seconds.

    A reader that falls more than a minute behind gets silence for it, so that the memory does not fill.

    Args:
        rate: in Hz.
    """

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._changed = threading.Condition()
        self._waiting: list[NDArray[np.float32] | int] = []  # mono sound, or a number of silent frames
        self._backlog = 0  # frames in it
        self._recent: deque[NDArray[np.float32]] = deque()
        self._recent_frames = 0
        self._notices: list[str] = []
        self._sinks: list[Sink] = []
        self._ended = False

    def put(self, frames: NDArray[np.float32]) -> bool:
        """Leave the next frames, shape (n, channels); return False when the reader is so far behind that it skips."""
        mono = frames[:, 0] if frames.shape[1] == 1 else frames.mean(axis=1)
        with self._changed:
            self._waiting.append(mono)
            self._backlog += len(mono)
            fits = self._backlog <= BACKLOG_SECONDS * self._rate
            if not fits:
                self._waiting = [self._backlog]
            self._recent.append(frames)
            self._recent_frames += len(frames)
            while self._recent_frames - len(self._recent[0]) >= PRE_ROLL_SECONDS * self._rate:
                self._recent_frames -= len(self._recent.popleft())
            for sink in self._sinks:
                sink.write(frames)
            self._changed.notify_all()
        return fits

    def notify(self, sentence: str) -> None:
        """Leave a notice."""
        with self._changed:
            self._notices.append(sentence)

    def end(self) -> None:
        """Tell the reader that nothing more will come."""
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def take(self, enough: int) -> Portion:
        """Wait until there are so many frames, or the end, and return all that there is."""
        with self._changed:
            self._changed.wait_for(lambda: self._backlog >= enough or self._ended)
            waiting, self._waiting, self._backlog = self._waiting, [], 0
            notices, self._notices = tuple(self._notices), []
            last = self._ended
        pieces = [np.zeros(piece, np.float32) if isinstance(piece, int) else piece for piece in waiting]
        return Portion(np.concatenate([np.zeros(0, np.float32), *pieces]), notices, last)

    def attach(self, sink: Sink, *, pre_roll: bool) -> None:
        """Pass all frames on to a sink from now on, or from ten seconds ago on."""
        with self._changed:
            kept = np.concatenate(self._recent) if pre_roll and self._recent else None
            if kept is not None:
                sink.write(kept[-round(PRE_ROLL_SECONDS * self._rate) :])
            self._sinks.append(sink)

    def detach(self, sink: Sink) -> None:
        """Pass no more frames on to a sink."""
        with self._changed:
            self._sinks.remove(sink)
