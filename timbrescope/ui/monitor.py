"""What happens now, for alerts and for other programs: live, or where a recording plays."""

from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from timbrescope.core.alerts import Alerts
from timbrescope.core.attempt import Attempt
from timbrescope.core.errors import TimbrescopeError
from timbrescope.core.events import Event
from timbrescope.outputs.opening import open_outputs
from timbrescope.outputs.output import PER_SECOND, Moment, Outputs
from timbrescope.settings import Settings
from timbrescope.ui.event_log import EventLog
from timbrescope.ui.session import Session
from timbrescope.ui.viewport import Viewport

_Key = tuple[str, str, float]


class Monitor(QObject):
    """Follows the newest sound of a live input, or the playhead while it moves.

    ``alerted`` carries an event that the user waits for, ``noticed`` a sentence.

    Args:
        session: what is open.
        log: its events.
        viewport: the playhead.
        is_playing: tells whether the playhead moves.
    """

    alerted = Signal(object)
    noticed = Signal(str)

    def __init__(
        self,
        session: Session,
        log: EventLog,
        viewport: Viewport,
        is_playing: Callable[[], bool],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._log = log
        self._viewport = viewport
        self._is_playing = is_playing
        self._settings: Settings | None = None
        self._alerts = Alerts(())
        self._outputs = Outputs(())
        self._attempt: Attempt[Outputs] | None = None
        self._sent: dict[_Key, Event] = {}  # what has entered and not left, for other programs
        session.opening.connect(self._begin)
        session.recognising.connect(self._begin)
        session.noticed.connect(self._pass_on)
        self._clock = QTimer(self, interval=1000 // PER_SECOND)
        self._clock.timeout.connect(self.tick)
        self._clock.start()

    @property
    def is_live(self) -> bool:
        """Whether an input is listened to."""
        return self._session.sitting is not None

    @property
    def is_running(self) -> bool:
        """Whether anything happens: live, or where a recording plays."""
        return self.is_live or self._is_playing()

    @property
    def seconds(self) -> float:
        """What is now: the end of what is known live, else the playhead."""
        return self._session.timeline.seconds if self.is_live else self._viewport.playhead

    def present(self) -> list[Event]:
        """Return the events of now in the order in which they began."""
        return self._log.present_at(self.seconds)

    def set_settings(self, settings: Settings) -> None:
        """Take other alerts and outputs."""
        before, self._settings = self._settings, settings
        if before is None or _alerts(before) != _alerts(settings):
            self._alerts = Alerts(*_alerts(settings))
        if before is None or _outputs(before) != _outputs(settings):
            self._close_outputs()
            osc, midi, channel = _outputs(settings)
            if osc is not None or midi is not None:
                self._attempt = Attempt(lambda: open_outputs(osc=osc, midi=midi, midi_channel=channel), Outputs.close)

    def close(self) -> None:
        """Stop, and give everything back."""
        self._clock.stop()
        self._close_outputs()

    @Slot()
    def tick(self) -> None:
        """Tell what happens now."""
        if self._attempt is not None and self._attempt.is_over:
            self._take_outputs(self._attempt)
            self._attempt = None
        runs = self.is_running
        present = self.present() if runs else []
        for event in self._alerts.due(present, self.seconds):
            self.alerted.emit(event)
        if not self._outputs:
            return
        self._send_events({(event.model, event.label, event.start_seconds): event for event in present})
        if runs:
            self._outputs.moment(self._moment())

    def _send_events(self, present: dict[_Key, Event]) -> None:
        now = self.seconds
        for key in [key for key in self._sent if key not in present]:
            event = self._sent.pop(key)
            self._outputs.event(replace(event, end_seconds=max(now, event.start_seconds)))
        for key, event in present.items():
            if key not in self._sent:
                self._outputs.event(replace(event, end_seconds=None))
            self._sent[key] = event

    def _moment(self) -> Moment:
        timeline, now = self._session.timeline, self.seconds
        scores = {}
        for name, track in timeline.scores.items():
            last = track.end_seconds - track.hop_seconds / 2
            row = track.at(min(max(now, track.start_seconds), last)) if len(track) else None
            if row is not None:
                scores[name] = row
        return Moment(scores, timeline.sound_at(now))

    @Slot()
    def _begin(self) -> None:
        self._sent.clear()
        self._outputs.begin(list(self._session.timeline.score_specs.values()))

    @Slot(str)
    def _pass_on(self, sentence: str) -> None:
        self._outputs.notice(sentence)

    def _take_outputs(self, attempt: Attempt[Outputs]) -> None:
        try:
            self._outputs = attempt.result()
        except TimbrescopeError as error:
            self.noticed.emit(str(error))
            return
        self._begin()

    def _close_outputs(self) -> None:
        if self._attempt is not None:
            self._attempt.abandon()
            self._attempt = None
        self._outputs.close()
        self._sent.clear()


def _alerts(settings: Settings) -> tuple[tuple[str, ...], float]:
    return settings.alert_labels, settings.alert_seconds


def _outputs(settings: Settings) -> tuple[str | None, str | None, int]:
    osc = settings.osc_address if settings.osc else None
    return osc, settings.midi_port if settings.midi else None, settings.midi_channel
