from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from timbrescope.ui.display_clock import FAST_MS, SLOW_MS, DisplayClock


def test_it_paints_and_stops(qtbot: QtBot) -> None:
    painted: list[int] = []
    parent = QObject()
    clock = DisplayClock(lambda: painted.append(1), parent)
    clock.start()
    qtbot.waitUntil(lambda: len(painted) > 5, timeout=30_000)
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


def test_it_paints_sixty_times_a_second_as_long_as_that_leaves_time(qtbot: QtBot) -> None:
    now, cost = [0.0], [0.004]

    def paint() -> None:
        now[0] += cost[0]
        painted.append(clock.interval_ms)

    painted: list[int] = []
    parent = QObject()
    clock = DisplayClock(paint, parent, clock=lambda: now[0])
    clock.start()
    qtbot.waitUntil(lambda: len(painted) > 60, timeout=120_000)
    assert set(painted) == {FAST_MS}
    cost[0] = 0.02  # something else wants the computer
    qtbot.waitUntil(lambda: clock.interval_ms == SLOW_MS, timeout=120_000)
    cost[0] = 0.004
    qtbot.waitUntil(lambda: clock.interval_ms == FAST_MS, timeout=120_000)
    clock.stop()
