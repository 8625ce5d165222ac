"""Alerts: chosen labels that have been present for long enough."""

from collections.abc import Collection, Iterable

from timbrescope.core.events import Event


class Alerts:
    """Tells once of each stay of a chosen label, as soon as it has lasted long enough.

    Args:
        labels: to watch for, in any case.
        minimum_seconds: how long a label must be present.
    """

    def __init__(self, labels: Collection[str], minimum_seconds: float = 0.0) -> None:
        self._labels = {label.casefold() for label in labels}
        self._minimum_seconds = minimum_seconds
        self._told: set[tuple[str, str, float]] = set()

    def due(self, present: Iterable[Event], seconds: float) -> list[Event]:
        """Return the events to tell of now.

        Args:
            present: the events of now; one that is missing here may be told of again.
            seconds: now.
        """
        watched = {
            (event.model, event.label, event.start_seconds): event
            for event in present
            if event.label.casefold() in self._labels
        }
        late = {
            key: event
            for key, event in watched.items()
            if key not in self._told and seconds - event.start_seconds >= self._minimum_seconds
        }
        self._told = (self._told & watched.keys()) | late.keys()
        return list(late.values())
