from types import SimpleNamespace
from typing import Any, cast

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from tests.ui.sounding import INSTRUMENTS, pour, row, session
from timbrescope.ui.event_log import EventLog
from timbrescope.ui.session import Session
from timbrescope.ui.theme import DARK
from timbrescope.ui.viewport import Viewport
from timbrescope.ui.views.event_list import EventList


@pytest.fixture
def heard(qtbot: QtBot) -> Session:  # noqa: ARG001 - signals need an application
    return session(INSTRUMENTS)


@pytest.fixture
def viewport() -> Viewport:
    made = Viewport()
    made.set_duration(600.0)
    return made


@pytest.fixture
def shown(heard: Session, viewport: Viewport, qtbot: QtBot) -> EventList:
    made = EventList(EventLog(heard), viewport, DARK)
    heard.recognising.emit()
    qtbot.addWidget(made)
    made.resize(264, 300)
    made.show()
    return made


def texts(shown: EventList) -> list[list[str]]:
    """Return what the cells show."""
    model = shown.rows
    return [[model.data(model.index(row, column)) for column in range(3)] for row in range(model.rowCount())]


def test_rows_tell_time_label_and_how_long_it_was_there(heard: Session, shown: EventList) -> None:
    assert shown.message.isVisible()
    for sounding in (["piano"], ["piano", "flute"], ["flute"], ["flute"]):
        pour(heard, row(*sounding))
    assert texts(shown) == [
        ["0:00.0", "+ piano", ""],
        ["0:00.5", "+ flute", ""],
        ["0:01.0", "– piano", "1.0 s"],
    ]
    assert not shown.message.isVisible()
    heard.finished.emit()
    assert texts(shown)[-1] == ["0:02.0", "– flute", "1.5 s"]


def test_rows_can_be_read_aloud(heard: Session, shown: EventList) -> None:
    for sounding in (["piano"], [], []):
        pour(heard, row(*sounding))
    spoken = [shown.rows.data(shown.rows.index(row, 1), Qt.ItemDataRole.AccessibleTextRole) for row in range(2)]
    assert spoken[0] == "0:00.0: piano enters"
    assert spoken[1].startswith("0:01.0: piano leaves after 1.0 s")


def test_a_click_and_enter_go_there(heard: Session, shown: EventList, viewport: Viewport, qtbot: QtBot) -> None:
    for sounding in (["piano"], ["piano"], ["flute"], ["flute"]):
        pour(heard, row(*sounding))
    viewport.show_time(100.0, 10.0)
    sought: list[float] = []
    shown.sought.connect(sought.append)
    place = shown.table.visualRect(shown.rows.index(1, 1)).center()
    qtbot.mouseClick(shown.table.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert sought == [1.0]
    assert viewport.start <= 1.0 <= viewport.stop
    viewport.set_playhead(0.2)
    shown.take_keys()
    qtbot.keyClick(shown.table, Qt.Key.Key_Return)
    assert sought[-1] == 0.0


def test_the_row_that_the_playhead_has_reached_is_bold_and_in_sight(
    heard: Session, shown: EventList, viewport: Viewport, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(EventList, "underMouse", lambda _self: False)
    for number in range(60):
        pour(heard, row("piano" if number % 4 < 2 else "flute"))
    assert shown.table.verticalScrollBar().value() == 0

    def bold() -> list[float]:
        model = shown.rows
        fonts = [model.data(model.index(row, 1), Qt.ItemDataRole.FontRole) for row in range(model.rowCount())]
        return [model.at(row).seconds for row, font in enumerate(fonts) if font is not None and font.bold()]

    shown.slow_tick()
    assert bold() == [0.0]
    viewport.set_playhead(20.1)
    shown.slow_tick()
    assert bold() == [20.0]
    assert shown.table.verticalScrollBar().value() > 0
    pour(heard, row())
    assert bold() == [20.0]


def test_the_list_moves_with_what_comes_unless_somebody_looks_back(heard: Session, shown: EventList) -> None:
    heard.sitting = cast("Any", SimpleNamespace(take=None, stop=lambda: None))
    bar = shown.table.verticalScrollBar()
    for number in range(60):
        pour(heard, row("piano" if number % 4 < 2 else "flute"))
    assert bar.maximum() > 0
    assert bar.value() == bar.maximum()
    bar.setValue(0)
    for number in range(20):
        pour(heard, row("piano" if number % 4 < 2 else "drums"))
    assert bar.value() == 0


def test_where_nothing_is_certain_the_list_says_so(heard: Session, shown: EventList) -> None:
    pour(heard, row())
    heard.finished.emit()
    assert "Nothing that is certain" in shown.message.text()
    assert not shown.export.isEnabled()
