"""The window's part in watching for labels: alerts, the stage view, and output to other programs."""

from functools import partial

from PySide6.QtCore import QObject, Slot
from PySide6.QtWidgets import QWidget

from timbrescope.core.clock import clock
from timbrescope.core.errors import TimbrescopeError
from timbrescope.core.events import Event, event_followers
from timbrescope.core.timeline import ScoreSpec
from timbrescope.recognition.checkpoint import read_spec
from timbrescope.recognition.store import ModelStore
from timbrescope.settings import Settings
from timbrescope.ui.alert_sign import AlertSign
from timbrescope.ui.event_export import ask_to_export
from timbrescope.ui.event_log import EventLog
from timbrescope.ui.monitor import Monitor
from timbrescope.ui.notice_bar import NoticeBar
from timbrescope.ui.preferences import Preferences
from timbrescope.ui.session import Session
from timbrescope.ui.stage_view import StageView
from timbrescope.ui.transport import Transport
from timbrescope.ui.viewport import Viewport


class Monitoring(QObject):
    """Puts together what watches the present and what the user is told of it.

    Args:
        session: what is open.
        log: its events.
        viewport: the playhead.
        transport: moves it.
        preferences: the settings.
        notice: where sentences appear.
        window: parent of dialogs.
    """

    def __init__(
        self,
        session: Session,
        log: EventLog,
        viewport: Viewport,
        transport: Transport,
        preferences: Preferences,
        notice: NoticeBar,
        window: QWidget,
    ) -> None:
        super().__init__(window)
        self._session = session
        self._log = log
        self._transport = transport
        self._preferences = preferences
        self._notice = notice
        self._window = window
        self._sign = AlertSign(window)
        self.monitor = Monitor(session, log, viewport, lambda: transport.is_playing, self)
        self.monitor.alerted.connect(self._alert)
        self.monitor.noticed.connect(notice.show_notice)
        self.stage = StageView(session, self.monitor, viewport)
        self.stage.play_asked.connect(transport.toggle)
        preferences.changed.connect(self._change_settings)
        self.monitor.set_settings(preferences.settings)

    def show_stage(self) -> None:
        """Fill the screen with what sounds now."""
        self.stage.show_on(self._window)

    def ask_for_alerts(self) -> None:
        """Let the user choose what alerts are given for."""
        from timbrescope.ui.alerts_dialog import AlertsDialog  # each dialog only where it is wanted

        settings = self._preferences.settings
        followers = event_followers(self._specs(), settings.hysteresis)
        dialog = AlertsDialog(settings, [label for one in followers for label in one.labels], self._window)
        dialog.applied.connect(self._preferences.change)
        dialog.exec()

    def ask_for_outputs(self) -> None:
        """Let the user choose which programs are told what is recognised."""
        from timbrescope.ui.outputs_dialog import OutputsDialog

        dialog = OutputsDialog(self._preferences.settings, self._specs(), self._window)
        dialog.applied.connect(self._preferences.change)
        dialog.exec()

    @Slot()
    def export_events(self) -> None:
        """Let the user save the events."""
        name = self._session.path.stem if self._session.path is not None else "live"
        ask_to_export(self._log.in_order(), name, self._notice.show_notice, self._window)

    def close(self) -> None:
        """Stop watching, and give everything back."""
        self.stage.close()
        self.monitor.close()

    def _specs(self) -> list[ScoreSpec]:
        """Return the models that are in use or, where none is loaded yet, that would be."""
        if specs := list(self._session.timeline.score_specs.values()):
            return specs
        found: list[ScoreSpec] = []
        store = ModelStore()
        for name in self._preferences.settings.models:
            try:
                spec = read_spec(store.find(name))
            except TimbrescopeError:
                continue  # the list of models says what is missing
            hop_seconds = spec.hop_frames * spec.front_end.hop_seconds
            found.append(
                ScoreSpec(spec.name, spec.kind, spec.labels, hop_seconds, spec.window_seconds, spec.thresholds)
            )
        return found

    @Slot(object, object)
    def _change_settings(self, _before: Settings, settings: Settings) -> None:
        self.monitor.set_settings(settings)

    @Slot(object)
    def _alert(self, event: Event) -> None:
        sentence = f"Alert: {event.label} since {clock(event.start_seconds)}."
        go = partial(self._transport.seek, event.start_seconds)
        self._notice.show_notice(sentence, "Go there", go)
        self._sign.give(sentence, self._preferences.settings)
