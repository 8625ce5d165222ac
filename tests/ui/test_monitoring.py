"""Events, alerts and the stage view in a real window."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication, QFileDialog
from pytestqt.qtbot import QtBot

from tests.ui.instruments import INSTRUMENTS, install
from timbrescope.settings import Settings
from timbrescope.ui.main_window import MainWindow
from timbrescope.ui.notice_bar import NoticeBar

Opened = Callable[[Path], MainWindow]


@pytest.fixture
def settings(settings: Settings) -> Settings:
    install(["cello", "piano"])
    return replace(settings, models=(INSTRUMENTS.name,))


def test_the_list_has_what_the_recording_holds_until_it_is_closed(opened: Opened, tone_file: Path) -> None:
    window = opened(tone_file)
    window.actions_["events"].trigger()
    rows = window.page.events.rows
    assert window.page.events.table.isVisible()
    assert {rows.at(row).label for row in range(rows.rowCount())} == {"cello", "piano"}
    assert rows.rowCount() == 4
    window.close_recording()
    assert rows.rowCount() == 0


def test_the_events_are_saved_where_the_user_wants(
    opened: Opened, tone_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = opened(tone_file)
    chosen = (str(tmp_path / "mine"), "JSON (*.json)")
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: chosen)
    window.actions_["export-events"].trigger()
    saved = json.loads((tmp_path / "mine.json").read_text())
    assert {event["label"] for event in saved} == {"cello", "piano"}
    assert all(event["end_seconds"] == pytest.approx(3.0, abs=0.1) for event in saved)
    assert "mine.json" in window.notice.text.text()


def test_an_alert_is_given_where_the_recording_plays(
    opened: Opened, tone_file: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    beeps: list[int] = []
    monkeypatch.setattr(QApplication, "beep", lambda: beeps.append(1))
    told: dict[str, Callable[[], None] | None] = {}  # other notices, as of a missing output, may come before or after

    def note(_bar: NoticeBar, sentence: str, _button: str = "", action: Callable[[], None] | None = None) -> None:
        told[sentence] = action

    monkeypatch.setattr(NoticeBar, "show_notice", note)
    window = opened(tone_file)
    window.preferences.change(replace(window.preferences.settings, alert_labels=("Piano",), alert_seconds=0.0))
    assert not any(sentence.startswith("Alert") for sentence in told)
    window.transport.toggle()
    qtbot.waitUntil(lambda: "Alert: piano since 0:00." in told, timeout=30_000)
    assert beeps == [1]
    go = told["Alert: piano since 0:00."]
    assert go is not None
    go()
    assert window.viewport.playhead < 1.0


def test_the_stage_shows_the_playhead_and_closes_with_the_window(opened: Opened, tone_file: Path) -> None:
    window = opened(tone_file)
    window.actions_["stage"].trigger()
    stage = window.monitoring.stage
    assert stage.isVisible()
    assert stage.isFullScreen()
    assert set(stage.accessibleDescription().split(", ")) == {"cello", "piano"}
    window.close()
    assert not stage.isVisible()
