"""When labels enter and leave in what is open, found while its scores come in."""

from collections.abc import Iterable
from typing import Final

from PySide6.QtCore import QObject, Signal, Slot

from timbrescope.core.events import Event, EventFollower, event_followers
from timbrescope.ui.session import Session

_STRETCH_SECONDS: Final = 10.0


class EventLog(QObject):
    """The events of the open recording or live input.

    ``begun`` says that all are gone, ``completed`` that no more will come. ``told`` carries a list of events as they
    come: each once when its label enters and, over, once more when it leaves.

    Attributes:
        events: in the order in which they were told of; what is over has its end.
        is_complete: whether the sound has ended.
    """

    begun = Signal()
    told = Signal(list)
    completed = Signal()

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._hysteresis = session.settings.hysteresis
        self._followers: list[EventFollower] = []
        self._places: dict[tuple[str, str], int] = {}  # of events that are not over
        self._over: dict[int, list[int]] = {}  # stretch of time -> the places of the others that reach into it
        self.events: list[Event] = []
        self.is_complete = False
        session.opening.connect(self.forget)
        session.recognising.connect(self.forget)
        session.changed.connect(self._follow)
        session.finished.connect(self._finish)
        session.failed.connect(self._finish)

    @property
    def is_live(self) -> bool:
        """Whether an input is listened to."""
        return self._session.sitting is not None

    @property
    def labels(self) -> tuple[str, ...]:
        """Those that events may have here."""
        return tuple(dict.fromkeys(label for follower in self._followers for label in follower.labels))

    def present_at(self, seconds: float) -> list[Event]:
        """Return the events of a time in the order in which they began; what is not over yet is as it is now."""
        near = (*self._over.get(int(seconds // _STRETCH_SECONDS), ()), *self._places.values())
        present = (self.events[place] for place in sorted(near))
        return sorted((event for event in present if event.is_present(seconds)), key=lambda event: event.start_seconds)

    def in_order(self) -> list[Event]:
        """Return all events in the order in which they began."""
        return sorted(self.events, key=lambda event: event.start_seconds)

    @Slot()
    def set_settings(self) -> None:
        """Find everything anew where the session's settings say otherwise when labels enter and leave."""
        if self._session.settings.hysteresis != self._hysteresis:
            is_complete = self.is_complete
            self.forget()
            self._follow()
            if is_complete:
                self._finish()

    @Slot()
    def forget(self) -> None:
        """Begin with the models that the session has now."""
        self._hysteresis = self._session.settings.hysteresis
        self._followers = event_followers(list(self._session.timeline.score_specs.values()), self._hysteresis)
        self._places.clear()
        self._over.clear()
        self.events = []
        self.is_complete = False
        self.begun.emit()

    @Slot()
    def _follow(self) -> None:
        timeline = self._session.timeline
        for follower in self._followers:
            track = timeline.scores[follower.spec.name]
            if len(track) == follower.rows:  # most of what a live input brings is only picture
                continue
            self._take(follower.follow(track.read(follower.rows, len(track))))
            for event in follower.present:  # their peaks
                self.events[self._places[event.model, event.label]] = event

    @Slot()
    def _finish(self) -> None:
        self.is_complete = True
        for follower in self._followers:
            self._take(follower.finish(self._session.timeline.seconds))
        self.completed.emit()

    def _take(self, told: Iterable[Event]) -> None:
        told = list(told)
        for event in told:
            key = event.model, event.label
            if event.end_seconds is None:
                self._places[key] = len(self.events)
                self.events.append(event)
            else:
                place = self._places.pop(key)
                self.events[place] = event
                first, last = (int(edge // _STRETCH_SECONDS) for edge in (event.start_seconds, event.end_seconds))
                for stretch in range(first, last + 1):
                    self._over.setdefault(stretch, []).append(place)
        if told:
            self.told.emit(told)
