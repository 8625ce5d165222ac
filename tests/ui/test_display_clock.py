from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from timbrescope.ui.display_clock import FAST_MS, SLOW_MS, DisplayClock


def test_it_paints_and_stops(qtbot: QtBot) -> None:
    painted: list[int] = []
    parent = QObject()
    clock = DisplayClock(lambda: painted.append(1), parent)
    clock.start()
    qtbot.waitUntil(lambda: len(painted) > 5)
    clock.stop()
    qtbot.wait(50)
    count = len(painted)
    qtbot.wait(100)
    assert len(painted) == count


def test_a_busy_computer_paints_half_as_often_until_it_has_time_again() -> None:
    parent = QObject()
    clock = DisplayClock(lambda: None, parent)
    for _ in range(200):
        clock.measure(0.02)
    assert clock.interval_ms == SLOW_MS
    clock.measure(0.001)
    assert clock.interval_ms == SLOW_MS  # one quick paint says nothing
    for _ in range(200):
        clock.measure(0.001)
    assert clock.interval_ms == FAST_MS
