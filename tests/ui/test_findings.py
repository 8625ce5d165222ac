"""What the recording is in words, and where it changes, in a real window."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.ui.instruments import INSTRUMENTS, install
from timbrescope.core.changes import Change
from timbrescope.settings import Settings
from timbrescope.ui.main_window import MainWindow

Opened = Callable[[Path], MainWindow]


@pytest.fixture
def settings(settings: Settings) -> Settings:
    install(["cello", "piano"])
    return replace(settings, models=(INSTRUMENTS.name,))


@pytest.fixture
def changing(opened: Opened, tone_file: Path) -> MainWindow:
    """A window with a recording of three seconds that changes twice."""
    window = opened(tone_file)
    window.page.findings.changes = [Change(0.0, ("piano",), ()), Change(2.5, ("flute", "drums"), ("piano",))]
    window.page.findings.changed.emit()
    return window


def test_the_line_says_what_the_recording_is_until_it_is_closed(opened: Opened, tone_file: Path) -> None:
    window = opened(tone_file)
    summary = window.page.summary
    assert summary.isVisible()
    assert summary.text() == "music with cello and piano"
    assert summary.text() in summary.toolTip()
    assert summary.textInteractionFlags() & Qt.TextInteractionFlag.TextSelectableByMouse
    window.close_recording()
    assert summary.text() == ""
    assert window.page.findings.changes == []


def test_a_long_line_pushes_nothing_out_of_the_window(opened: Opened, tone_file: Path, qtbot: QtBot) -> None:
    window = opened(tone_file)
    window.page.findings.summary = "very " * 200 + "long"
    window.page.findings.changed.emit()
    window.resize(900, 700)
    qtbot.wait(30)
    assert window.width() == 900
    assert window.page.summary.isVisible()


def test_what_begins_is_the_first_change(opened: Opened, tone_file: Path) -> None:
    window = opened(tone_file)
    (change,) = window.page.findings.changes
    assert (change.seconds, set(change.entered), change.left) == (0.0, {"cello", "piano"}, ())
    window.page.side.show_changes()
    table = window.page.changes.table
    assert table.isVisible()
    item = table.item(0, 1)
    assert item is not None
    assert "piano" in item.text()


def test_a_click_and_enter_go_there(changing: MainWindow, qtbot: QtBot) -> None:
    changing.viewport.show_time(0.0, 1.0)
    changing.page.side.show_changes()
    table = changing.page.changes.table
    qtbot.mouseClick(
        table.viewport(), Qt.MouseButton.LeftButton, pos=table.visualRect(table.model().index(1, 1)).center()
    )
    assert changing.viewport.playhead == pytest.approx(2.5, abs=0.01)
    assert changing.viewport.start <= 2.5 <= changing.viewport.stop
    table.selectRow(0)
    qtbot.keyClick(table, Qt.Key.Key_Return)
    assert changing.viewport.playhead == 0.0


def test_arrows_move_in_the_list_and_the_space_bar_still_plays(changing: MainWindow) -> None:
    changing.page.side.show_changes()
    table = changing.page.changes.table

    def keeps(key: Qt.Key) -> bool:
        override = QKeyEvent(QKeyEvent.Type.ShortcutOverride, key, Qt.KeyboardModifier.NoModifier)
        override.ignore()
        QApplication.sendEvent(table, override)
        return override.isAccepted()

    assert keeps(Qt.Key.Key_Down)
    assert keeps(Qt.Key.Key_Up)
    assert not keeps(Qt.Key.Key_Space)


def test_the_change_that_the_playhead_has_reached_is_bold(changing: MainWindow) -> None:
    table = changing.page.changes.table

    def bold() -> list[bool]:
        items = [table.item(row, 1) for row in range(table.rowCount())]
        return [item is not None and item.font().bold() for item in items]

    changing.viewport.set_playhead(1.0)
    changing.page.slow_tick()
    assert bold() == [True, False]
    changing.viewport.set_playhead(2.6)
    changing.page.slow_tick()
    assert bold() == [False, True]


def test_where_nothing_is_certain_the_list_says_so(opened: Opened, tone_file: Path) -> None:
    install([])
    window = opened(tone_file)
    window.page.side.show_changes()
    assert window.page.changes.message.isVisible()
    assert "Nothing that is certain" in window.page.changes.message.text()
    assert window.page.summary.text() == ""


def test_the_menu_shows_every_tag(changing: MainWindow) -> None:
    assert not changing.actions_["all_tags"].isChecked()
    changing.actions_["all_tags"].trigger()
    assert changing.preferences.settings.all_tags
    changing.preferences.put("all_tags", False)
    assert not changing.actions_["all_tags"].isChecked()
