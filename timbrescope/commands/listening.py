"""What 'timbrescope live' tells while it listens: instruments that enter and leave as text, or every score as JSON."""

import json
import sys
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from timbrescope.commands.messages import complain
from timbrescope.core.clock import clock
from timbrescope.core.now_playing import NowPlaying
from timbrescope.core.timeline import Chunk, ScoreSpec
from timbrescope.settings import Settings


class Turn(NamedTuple):
    """A label that enters or leaves at a second of the input."""

    seconds: float
    label: str
    enters: bool


class Follower:
    """Follows the rows of one model and tells which labels enter and leave, as the window does.

    Args:
        spec: of the scores.
        settings: smoothing and thresholds.
    """

    def __init__(self, spec: ScoreSpec, settings: Settings) -> None:
        self.spec = spec
        self.rows = 0
        self._active: tuple[str, ...] = ()
        self._now_playing = NowPlaying(
            spec.labels,
            smoothing_seconds=settings.smoothing_seconds,
            enter=settings.enter_percent / 100,
            leave=settings.leave_percent / 100,
            thresholds=spec.thresholds,
        )

    def follow(self, scores: NDArray[np.float32]) -> Iterator[Turn]:
        """Take the next rows, shape (n, labels), and yield what turns; each row counts in the middle of its window."""
        for row in scores:
            seconds = self.spec.start_seconds + self.rows * self.spec.hop_seconds
            active = tuple(one.label for one in self._now_playing.update(seconds, row))
            for label in active:
                if label not in self._active:
                    yield Turn(seconds, label, enters=True)
            for label in self._active:
                if label not in active:
                    yield Turn(seconds, label, enters=False)
            self._active = active
            self.rows += 1


class Report(Protocol):
    """One way to tell it."""

    def begin(self, device: str, rate: int, specs: Sequence[ScoreSpec]) -> None:
        """Tell what listens to what."""

    def rows(self, spec: ScoreSpec, first: int, scores: NDArray[np.float32]) -> None:
        """Tell rows of scores, shape (n, labels), of which the first has a number."""

    def turns(self, spec: ScoreSpec, turns: Sequence[Turn]) -> None:
        """Tell what enters and leaves."""

    def notice(self, sentence: str) -> None:
        """Tell what the user should know."""

    def end(self, seconds: float, dropouts: int, lost_seconds: float, takes: Sequence[str]) -> None:
        """Tell how it was."""


class Text:
    """For people."""

    def begin(self, device: str, rate: int, specs: Sequence[ScoreSpec]) -> None:
        """Print a headline."""
        print(f"{device} ({rate / 1000:g} kHz), {', '.join(spec.name for spec in specs)}; Ctrl-C ends it", flush=True)

    def rows(self, spec: ScoreSpec, first: int, scores: NDArray[np.float32]) -> None:
        """Print nothing."""

    def turns(self, spec: ScoreSpec, turns: Sequence[Turn]) -> None:  # noqa: ARG002 - one model or many, people read labels
        """Print a line for each."""
        for turn in turns:
            print(f"{clock(turn.seconds, 0.1):>9}  {'+' if turn.enters else '–'} {turn.label}", flush=True)

    def notice(self, sentence: str) -> None:
        """Print on standard error."""
        complain(sentence)

    def end(self, seconds: float, dropouts: int, lost_seconds: float, takes: Sequence[str]) -> None:
        """Print a last line."""
        lost = f"{dropouts} dropouts, {lost_seconds:.1f} s silent" if dropouts else "nothing lost"
        print("; ".join([f"{clock(seconds)} heard, {lost}", *(f"recorded as {take}" for take in takes)]), flush=True)


class JsonLines:
    """For programs: an object a line, whose "event" says what it is."""

    def begin(self, device: str, rate: int, specs: Sequence[ScoreSpec]) -> None:
        """Print the input and each model."""
        self._print("begin", device=device, sample_rate=rate)
        for spec in specs:
            self._print(
                "model", model=spec.name, kind=spec.kind, labels=spec.labels, hop_seconds=spec.hop_seconds,
                window_seconds=spec.window_seconds, thresholds=spec.present_from,
            )  # fmt: skip

    def rows(self, spec: ScoreSpec, first: int, scores: NDArray[np.float32]) -> None:
        """Print each row with the second at which its window begins."""
        for number, row in enumerate(scores, start=first):
            seconds = round(number * spec.hop_seconds, 6)
            self._print("scores", model=spec.name, seconds=seconds, scores=[round(float(score), 6) for score in row])

    def turns(self, spec: ScoreSpec, turns: Sequence[Turn]) -> None:
        """Print each."""
        for turn in turns:
            event = "entered" if turn.enters else "left"
            self._print(event, model=spec.name, seconds=round(turn.seconds, 3), label=turn.label)

    def notice(self, sentence: str) -> None:
        """Print it."""
        self._print("notice", text=sentence)

    def end(self, seconds: float, dropouts: int, lost_seconds: float, takes: Sequence[str]) -> None:
        """Print how it was."""
        seconds, lost_seconds = round(seconds, 3), round(lost_seconds, 3)
        self._print("end", seconds=seconds, dropouts=dropouts, lost_seconds=lost_seconds, takes=list(takes))

    @staticmethod
    def _print(event: str, **values: Any) -> None:
        sys.stdout.write(json.dumps({"event": event, **values}, ensure_ascii=False) + "\n")
        sys.stdout.flush()


def tell(chunk: Chunk, followers: Sequence[Follower], reports: Sequence[Report]) -> None:
    """Tell everything in a chunk in every way."""
    for report in reports:
        for notice in chunk.notices:
            report.notice(notice)
    for follower in followers:
        rows, first = chunk.scores[follower.spec.name], follower.rows
        turns = list(follower.follow(rows))
        for report in reports:
            report.rows(follower.spec, first, rows)
            report.turns(follower.spec, turns)
