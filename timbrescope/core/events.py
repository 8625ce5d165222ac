"""When labels enter and leave, told while the scores come in: the one way for files, live sound and every listener."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from timbrescope.core.labels import BACKGROUND, PHONEMES, TAGS
from timbrescope.core.noteworthy import Heard, is_covered, known_instruments, noteworthy
from timbrescope.core.now_playing import Hysteresis, NowPlaying
from timbrescope.core.tag_groups import fold
from timbrescope.core.timeline import ScoreSpec

TAG_SMOOTHING_SECONDS: Final = 2.0  # at least; a tag is an impression of some seconds
_NO_EVENT: Final = "no voice"


@dataclass(frozen=True, slots=True)
class Event:
    """A label that is present for a while.

    Attributes:
        model: whose label it is.
        label: canonical where it is a tag.
        start_seconds: when it entered.
        end_seconds: when it left; None as long as it is present.
        peak: its highest score so far, in 0..1.
    """

    model: str
    label: str
    start_seconds: float
    end_seconds: float | None
    peak: float

    @property
    def seconds(self) -> float:
        """When it entered or, where it is over, when it left."""
        return self.start_seconds if self.end_seconds is None else self.end_seconds

    @property
    def duration_seconds(self) -> float | None:
        """How long it lasted; None as long as it is present."""
        return None if self.end_seconds is None else self.end_seconds - self.start_seconds

    def is_present(self, seconds: float) -> bool:
        """Tell whether the label is present at a time."""
        return self.start_seconds <= seconds and (self.end_seconds is None or seconds < self.end_seconds)


class EventFollower:
    """Follows the rows of one model and tells which labels enter and leave.

    Synonyms of tags are folded, and their scores are smoothed over two seconds at least. Labels enter and leave by
    what is worth saying (``noteworthy``) and by ``NowPlaying``. Phonemes, which change all the time, are no events.

    Args:
        spec: of the scores.
        hysteresis: smoothing and thresholds.
        left_out: labels, in lower case, that another model answers for.

    Attributes:
        spec: as given.
        labels: those that events may have.
        rows: how many have come.
    """

    def __init__(self, spec: ScoreSpec, hysteresis: Hysteresis, left_out: Collection[str] = ()) -> None:
        self.spec = spec
        self.rows = 0
        nothing = np.empty((0, len(spec.labels)), np.float32)
        known = noteworthy(Heard(spec, nothing, np.zeros(len(spec.labels))))
        self._is_tags = spec.kind == TAGS
        if self._is_tags:
            smoothing_seconds = max(hysteresis.smoothing_seconds, TAG_SMOOTHING_SECONDS)
            hysteresis = replace(hysteresis, smoothing_seconds=smoothing_seconds)
            left_out = {label for label in known.labels if label == _NO_EVENT or is_covered(label, left_out)}
        else:
            left_out = spec.labels if spec.kind == PHONEMES else (BACKGROUND,)
        self._columns = [column for column, label in enumerate(known.labels) if label not in left_out]
        self.labels = tuple(known.labels[column] for column in self._columns)
        self._place = {label: place for place, label in enumerate(self.labels)}
        self._now_playing = NowPlaying(self.labels, hysteresis, known.thresholds[self._columns].tolist())
        self._events: dict[str, Event] = {}

    @property
    def present(self) -> tuple[Event, ...]:
        """The events that are not over, in the order in which they began."""
        return tuple(self._events.values())

    def follow(self, scores: NDArray[np.floating]) -> Iterator[Event]:
        """Take the next rows, shape (n, labels); yield an event when a label enters, and once more when it has left.

        Each row counts in the middle of its window, the first one from the start.
        """
        if not self.labels:
            self.rows += len(scores)
            return
        folded = fold(self.spec.labels, scores)[1] if self._is_tags else scores
        for row in folded[:, self._columns]:
            seconds = self.spec.start_seconds + self.rows * self.spec.hop_seconds if self.rows else 0.0
            self.rows += 1
            active = {one.label: None for one in self._now_playing.update(seconds, row)}
            for label in [label for label in self._events if label not in active]:
                yield replace(self._events.pop(label), end_seconds=seconds)
            for label in active:
                score = float(row[self._place[label]])
                before = self._events.get(label)
                if before is None:
                    self._events[label] = Event(self.spec.name, label, seconds, None, score)
                    yield self._events[label]
                elif score > before.peak:
                    self._events[label] = replace(before, peak=score)

    def finish(self, seconds: float) -> Iterator[Event]:
        """Yield what is present to the end of the sound, as over then."""
        for event in self.present:
            yield replace(event, end_seconds=max(seconds, event.start_seconds))
        self._events.clear()


def event_followers(specs: Sequence[ScoreSpec], hysteresis: Hysteresis) -> list[EventFollower]:
    """Return a follower for each model; tags that a model of instruments answers for are left to it."""
    instruments = known_instruments(specs)
    return [EventFollower(spec, hysteresis, instruments) for spec in specs]


def find_events(found: Iterable[Heard], hysteresis: Hysteresis, duration_seconds: float) -> list[Event]:
    """Return the events of a whole recording in the order in which they began.

    Args:
        found: what each model said.
        hysteresis: smoothing and thresholds.
        duration_seconds: of the recording.
    """
    found = list(found)
    events: list[Event] = []
    for follower, heard in zip(event_followers([one.spec for one in found], hysteresis), found, strict=True):
        events += [event for event in follower.follow(heard.scores) if event.end_seconds is not None]
        events += follower.finish(duration_seconds)
    return sorted(events, key=lambda event: event.start_seconds)
