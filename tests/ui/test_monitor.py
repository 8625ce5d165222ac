from collections.abc import Iterator
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import pytest
from pytestqt.qtbot import QtBot

from tests.outputs.receiver import receiver
from tests.ui.sounding import INSTRUMENTS, SETTINGS, pour, row, session
from timbrescope.core.events import Event
from timbrescope.settings import Settings
from timbrescope.ui.event_log import EventLog
from timbrescope.ui.monitor import Monitor
from timbrescope.ui.session import Session
from timbrescope.ui.viewport import Viewport


@pytest.fixture
def heard(qtbot: QtBot) -> Session:  # noqa: ARG001 - signals need an application
    return session(INSTRUMENTS)


@pytest.fixture
def viewport() -> Viewport:
    made = Viewport()
    made.set_duration(600.0)
    return made


class Playing:
    """Whether the playhead moves."""

    def __init__(self) -> None:
        self.now = False

    def __call__(self) -> bool:
        return self.now


@pytest.fixture
def playing() -> Playing:
    return Playing()


@pytest.fixture
def monitor(heard: Session, viewport: Viewport, playing: Playing) -> Iterator[Monitor]:
    log = EventLog(heard)
    made = Monitor(heard, log, viewport, playing)
    heard.recognising.emit()
    yield made
    made.close()


def listen(heard: Session) -> None:
    """Let the session hear an input."""
    heard.sitting = cast("Any", SimpleNamespace(take=None, stop=lambda: None))


def alerts_of(monitor: Monitor, settings: Settings) -> list[Event]:
    found: list[Event] = []
    monitor.alerted.connect(found.append)
    monitor.set_settings(settings)
    return found


def test_live_an_alert_is_given_once_the_label_has_been_there_for_long_enough(heard: Session, monitor: Monitor) -> None:
    listen(heard)
    found = alerts_of(monitor, replace(SETTINGS, alert_labels=("flute",), alert_seconds=1.0))
    counts = []
    for sounding in (["piano"], ["flute"], ["flute"], ["flute"], [], [], ["flute"], ["flute"], ["flute"]):
        pour(heard, row(*sounding))
        monitor.tick()
        counts.append(len(found))
    assert counts == [0, 0, 1, 1, 1, 1, 1, 2, 2]
    assert [event.label for event in found] == ["flute", "flute"]


def test_of_a_recording_alerts_are_given_where_it_plays_and_not_while_it_is_read(
    heard: Session, monitor: Monitor, viewport: Viewport, playing: Playing
) -> None:
    found = alerts_of(monitor, replace(SETTINGS, alert_labels=("flute",), alert_seconds=0.0))
    for sounding in (["piano"], ["flute"], ["flute"], ["flute"]):
        pour(heard, row(*sounding))
        monitor.tick()
    viewport.set_playhead(1.0)
    monitor.tick()
    assert found == []
    playing.now = True
    viewport.set_playhead(0.2)
    monitor.tick()
    assert found == []
    viewport.set_playhead(0.6)
    monitor.tick()
    assert [event.label for event in found] == ["flute"]


def test_other_programs_hear_what_sounds_and_its_end_when_playing_stops(
    heard: Session, monitor: Monitor, viewport: Viewport, playing: Playing, qtbot: QtBot
) -> None:
    for sounding in (["piano"], ["piano", "flute"], ["flute"], ["flute"]):
        pour(heard, row(*sounding), level=0.1, hz=1000.0)
    with receiver() as program:
        monitor.set_settings(replace(SETTINGS, osc=True, osc_address=f"127.0.0.1:{program.port}"))
        playing.now = True
        viewport.set_playhead(0.6)

        def told() -> bool:
            monitor.tick()
            return bool(monitor._sent)

        qtbot.waitUntil(told, timeout=20_000)
        found = program.messages()
        values = {message.address: message.params for message in found}
        assert values["/timbrescope/score/players/flute"] == [pytest.approx(0.9)]
        assert values["/timbrescope/score/players/drums"] == [pytest.approx(0.05)]
        assert values["/timbrescope/level"] == pytest.approx([-20.0, -20.0], abs=0.1)
        assert values["/timbrescope/brightness"] == [pytest.approx(1000.0, rel=0.05)]
        entered = [message.params[1] for message in found if message.address == "/timbrescope/entered"]
        assert entered == ["piano", "flute"]
        viewport.set_playhead(1.2)
        monitor.tick()
        left = [message.params[:2] for message in program.messages() if message.address == "/timbrescope/left"]
        assert left == [["players", "piano"]]
        playing.now = False
        monitor.tick()
        left = [message.params[:2] for message in program.messages() if message.address == "/timbrescope/left"]
        assert left == [["players", "flute"]]
        monitor.tick()
        assert program.messages() == []


def test_nothing_is_sent_unless_the_user_wants_it(heard: Session, monitor: Monitor) -> None:
    listen(heard)
    with receiver() as program:
        monitor.set_settings(replace(SETTINGS, osc_address=f"127.0.0.1:{program.port}"))
        pour(heard, row("piano"))
        monitor.tick()
        assert program.messages() == []


def test_an_address_that_is_none_is_one_sentence_and_nothing_else_stops(
    heard: Session, monitor: Monitor, qtbot: QtBot
) -> None:
    listen(heard)
    said: list[str] = []
    monitor.noticed.connect(said.append)
    monitor.set_settings(replace(SETTINGS, osc=True, osc_address="nowhere", alert_labels=("piano",), alert_seconds=0.0))
    found: list[Event] = []
    monitor.alerted.connect(found.append)
    pour(heard, row("piano"))
    qtbot.waitUntil(lambda: bool(said), timeout=20_000)
    assert "HOST:PORT" in said[0]
    monitor.tick()
    assert len(found) == 1
