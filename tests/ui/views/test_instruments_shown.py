"""Lanes and meters of a model of instruments beside one of tags, in a real window."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtGui import QColor
from pytestqt.qtbot import QtBot

from tests.ui.instruments import INSTRUMENTS, install
from timbrescope.settings import Settings
from timbrescope.ui.main_window import MainWindow
from timbrescope.ui.views.lane_rows import Heading

Opened = Callable[[Path], MainWindow]


@pytest.fixture
def settings(settings: Settings) -> Settings:
    install(["cello", "piano"])
    return replace(settings, models=("tiny", INSTRUMENTS.name))


def test_lanes_are_drawn_in_the_colour_of_their_family(opened: Opened, tone_file: Path, qtbot: QtBot) -> None:
    window = opened(tone_file)
    plot = window.page.lanes.plot
    headings = [line.kind for line in plot.lines if isinstance(line, Heading)]
    assert headings == ["instruments", "tags"]
    assert {row.label for row in window.page.lanes.rows[:2]} == {"cello", "piano"}

    def coloured() -> None:
        image = plot.grab().toImage()
        for row, family in ((1, "strings"), (2, "keyboards")):
            assert window.page.lanes.rows[row - 1].family == family
            point = plot.point_of(1.5, row + 0.5) * image.devicePixelRatio()
            seen = image.pixelColor(point.toPoint())
            wanted, ground = QColor(window.theme.families[family]), QColor(window.theme.base)
            for channel in ("red", "green", "blue"):
                mixed = 0.9 * getattr(wanted, channel)() + 0.1 * getattr(ground, channel)()
                assert getattr(seen, channel)() == pytest.approx(mixed, abs=4)

    for name in ("dark", "light"):
        window.preferences.change(replace(window.preferences.settings, theme=name))
        qtbot.waitUntil(coloured, timeout=120_000)


def test_the_pointer_reads_instrument_family_and_score(opened: Opened, tone_file: Path) -> None:
    plot = opened(tone_file).page.lanes.plot
    assert plot.describe(1.5, 1.5).split("   ")[1:3] == ["cello, strings", "0.90"]
    assert "tiny-instruments" in plot.describe(1.5, 0.5)


def test_what_sounds_is_listed_and_what_does_not_is_not(opened: Opened, tone_file: Path, qtbot: QtBot) -> None:
    window = opened(tone_file)
    meters = window.page.meters
    qtbot.waitUntil(lambda: "Playing: cello 90%, piano 90%. Now: " in meters.accessibleDescription(), timeout=120_000)
    window.preferences.change(replace(window.preferences.settings, enter_percent=95))
    qtbot.waitUntil(lambda: "Playing: no instrument" in meters.accessibleDescription(), timeout=120_000)
    window.preferences.change(replace(window.preferences.settings, enter_percent=50))
    qtbot.waitUntil(lambda: "Playing: cello" in meters.accessibleDescription(), timeout=120_000)


@pytest.mark.parametrize("height", [560, 800, 1440])
def test_the_lists_of_the_meters_fit_whatever_the_height(
    height: int, opened: Opened, tone_file: Path, qtbot: QtBot
) -> None:
    window = opened(tone_file)
    meters = window.page.meters
    window.resize(1280, height)
    qtbot.wait(50)
    lists = meters._lists()
    assert [shown.title for shown in lists] == ["Now playing", "At 0:00", "Whole recording"]
    assert 24 + 26 * sum(1 + shown.at_most for shown in lists) + 26 * 0.8 * 2 <= meters.height()


def test_another_recording_starts_with_an_empty_list(opened: Opened, tone_file: Path) -> None:
    window = opened(tone_file)
    window.page.slow_tick()
    window.close_recording()
    window.page.slow_tick()
    assert window.page.meters.accessibleDescription() == "Nothing recognised yet"


def test_without_the_model_of_tags_the_instruments_are_shown_and_it_is_offered(
    window: MainWindow, opened: Opened, tone_file: Path
) -> None:
    window.preferences.change(replace(window.preferences.settings, models=("musicnn-mtt", INSTRUMENTS.name)))
    opened(tone_file)
    assert {row.recogniser for row in window.page.lanes.rows} == {INSTRUMENTS.name}
    assert window.notice.text.text().startswith("musicnn-mtt is not installed")
    assert window.notice.button.text() == "Install"


def test_a_model_that_nobody_can_fetch_is_not_offered(window: MainWindow, opened: Opened, tone_file: Path) -> None:
    window.preferences.change(replace(window.preferences.settings, models=("nobody", INSTRUMENTS.name)))
    opened(tone_file)
    assert window.page.lanes.rows
    assert "nobody" in window.notice.text.text()
    assert window.models_menu.missing() == []


def test_a_setting_longer_than_the_own_hop_does_not_make_instruments_coarser(
    window: MainWindow, opened: Opened, tone_file: Path
) -> None:
    window.preferences.change(replace(window.preferences.settings, update_seconds=1.0))
    timeline = opened(tone_file).session.timeline
    assert timeline.score_specs[INSTRUMENTS.name].hop_seconds == pytest.approx(0.4)
