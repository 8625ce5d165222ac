from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from tests.ui.sounding import INSTRUMENTS, SETTINGS, pour, row, session
from timbrescope.core.events import Event, find_events
from timbrescope.core.noteworthy import Heard
from timbrescope.ui.event_export import export
from timbrescope.ui.event_log import EventLog
from timbrescope.ui.session import Session

PIECE = [["piano"], ["piano", "flute"], ["flute"], ["flute"], [], [], ["drums"], ["drums", "piano"]]


def play(heard: Session) -> None:
    for sounding in PIECE:
        pour(heard, row(*sounding))


@pytest.fixture
def heard(qtbot: QtBot) -> Session:  # noqa: ARG001 - signals need an application
    return session(INSTRUMENTS)


def test_the_log_has_the_events_of_the_whole_recording(heard: Session) -> None:
    log = EventLog(heard)
    heard.recognising.emit()
    play(heard)
    heard.finished.emit()
    track = heard.timeline.scores["players"]
    scores = track.read(0, len(track))
    whole = find_events([Heard(INSTRUMENTS, scores, scores.mean(axis=0))], SETTINGS.hysteresis, heard.timeline.seconds)
    assert log.in_order() == whole
    assert log.is_complete


def test_each_event_is_told_of_when_it_begins_and_when_it_ends(heard: Session) -> None:
    log = EventLog(heard)
    heard.recognising.emit()
    told: list[Event] = []
    log.told.connect(told.extend)
    play(heard)
    begun = [event.label for event in told if event.end_seconds is None]
    assert begun == ["piano", "flute", "drums", "piano"]
    heard.finished.emit()
    assert len(told) == 2 * len(log.events) == 8


def test_what_is_present_at_a_time_stands_in_the_order_in_which_it_entered(heard: Session) -> None:
    log = EventLog(heard)
    heard.recognising.emit()
    play(heard)
    assert [event.label for event in log.present_at(0.6)] == ["piano", "flute"]
    assert [event.label for event in log.present_at(2.7)] == []
    assert [event.label for event in log.present_at(heard.timeline.seconds)] == ["drums", "piano"]


def test_what_is_present_is_found_among_all_events_of_a_long_evening(heard: Session) -> None:
    log = EventLog(heard)
    heard.recognising.emit()
    for _ in range(25):
        play(heard)
    assert len(log.events) > 60
    for seconds in np.arange(-0.5, heard.timeline.seconds + 1, 0.7):
        wanted = sorted((event for event in log.events if event.is_present(seconds)), key=lambda one: one.start_seconds)
        assert log.present_at(float(seconds)) == wanted
    assert log.present_at(heard.timeline.seconds)


def test_another_recording_begins_an_empty_log(heard: Session) -> None:
    log = EventLog(heard)
    heard.recognising.emit()
    play(heard)
    heard.opening.emit(None)
    assert log.events == []
    assert not log.is_complete


def test_other_thresholds_find_other_events_in_what_has_been_heard(heard: Session) -> None:
    log = EventLog(heard)
    heard.recognising.emit()
    play(heard)
    heard.finished.emit()
    before = log.in_order()
    heard.settings = replace(SETTINGS, enter_percent=95)
    log.set_settings()
    assert log.events == []
    assert log.is_complete
    heard.settings = SETTINGS
    log.set_settings()
    assert log.in_order() == before


@pytest.mark.parametrize("suffix", [".csv", ".json", ".txt"])
def test_events_are_saved_as_the_suffix_says(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"events{suffix}"
    said = export([Event("players", "flute", 1.0, 2.0, 0.9)], path)
    assert said == f"1 event saved in {path}."
    assert "flute" in path.read_text()


def test_a_place_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    said = export([], tmp_path / "nowhere" / "events.csv")
    assert "cannot be written" in said
    assert said.count(". ") == 0
