"""What 'timbrescope live' tells while it listens: what enters and leaves as text, or every score as JSON."""

import json
import sys
from collections.abc import Iterable, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from timbrescope.commands.messages import complain
from timbrescope.core.alerts import Alerts
from timbrescope.core.clock import clock
from timbrescope.core.event_files import event_dict
from timbrescope.core.events import Event, EventFollower
from timbrescope.core.sound_now import describe_sound
from timbrescope.core.timeline import Chunk, ScoreSpec
from timbrescope.outputs.output import Moment, Outputs


class Report(Protocol):
    """One way to tell it."""

    def begin(self, device: str, rate: int, specs: Sequence[ScoreSpec]) -> None:
        """Tell what listens to what."""

    def rows(self, spec: ScoreSpec, first: int, scores: NDArray[np.float32]) -> None:
        """Tell rows of scores, shape (n, labels), of which the first has a number."""

    def event(self, event: Event) -> None:
        """Tell what enters or leaves."""

    def alert(self, event: Event, seconds: float) -> None:
        """Tell of something that the user waits for."""

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

    def event(self, event: Event) -> None:
        """Print a line."""
        self._line(event.seconds, "+" if event.end_seconds is None else "–", event.label)

    def alert(self, event: Event, seconds: float) -> None:
        """Print a line and, on a terminal, ring its bell."""
        self._line(seconds, "!", event.label)
        if sys.stdout.isatty():
            print("\a", end="", flush=True)

    @staticmethod
    def _line(seconds: float, sign: str, label: str) -> None:
        print(f"{clock(seconds, 0.1):>9}  {sign} {label}", flush=True)

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

    def event(self, event: Event) -> None:
        """Print when and what, and of what has left also since when, how long and its highest score."""
        values = event_dict(event)
        seconds = round(event.seconds, 3)
        if event.end_seconds is None:
            self._print("entered", model=event.model, seconds=seconds, label=event.label)
        else:
            self._print("left", seconds=seconds, **values)

    def alert(self, event: Event, seconds: float) -> None:
        """Print when, what and since when."""
        seconds, start_seconds = round(seconds, 3), round(event.start_seconds, 3)
        self._print("alert", model=event.model, seconds=seconds, label=event.label, start_seconds=start_seconds)

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


class Listening:
    """Follows the chunks of a sound input and tells everything in every way.

    Args:
        followers: one for each model.
        reports: what the user sees.
        outputs: to other programs.
        alerts: what the user waits for.
    """

    def __init__(
        self, followers: Sequence[EventFollower], reports: Sequence[Report], outputs: Outputs, alerts: Alerts
    ) -> None:
        self._followers = followers
        self._reports = reports
        self._outputs = outputs
        self._alerts = alerts
        self._newest: dict[str, NDArray[np.float32]] = {}

    def begin(self, device: str, rate: int) -> None:
        """Tell what listens to what."""
        specs = [follower.spec for follower in self._followers]
        self._outputs.begin(specs)
        for report in self._reports:
            report.begin(device, rate, specs)

    def hear(self, chunk: Chunk) -> None:
        """Tell what is in the next chunk."""
        for notice in chunk.notices:
            self._outputs.notice(notice)
            for report in self._reports:
                report.notice(notice)
        for follower in self._followers:
            rows, first = chunk.scores[follower.spec.name], follower.rows
            events = list(follower.follow(rows))
            for report in self._reports:
                report.rows(follower.spec, first, rows)
            self._tell(events)
            if len(rows):
                self._newest[follower.spec.name] = rows[-1]
        if self._outputs:
            sound = describe_sound(chunk.levels, chunk.peaks, chunk.mel, chunk.voice)
            self._outputs.moment(Moment(dict(self._newest), sound))
        present = [event for follower in self._followers for event in follower.present]
        for event in self._alerts.due(present, chunk.seconds):
            for report in self._reports:
                report.alert(event, chunk.seconds)

    def end(self, seconds: float) -> None:
        """Tell that what is present ends with the sound."""
        for follower in self._followers:
            self._tell(follower.finish(seconds))

    def _tell(self, events: Iterable[Event]) -> None:
        for event in events:
            self._outputs.event(event)
            for report in self._reports:
                report.event(event)
