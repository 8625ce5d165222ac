import pytest
from pytestqt.qtbot import QtBot

from timbrescope.audio.meter import Level
from timbrescope.ui.theme import DARK, LIGHT
from timbrescope.ui.views.level_meter import FALL_DB_A_SECOND, FLOOR_DB, HOLD_SECONDS, Ballistics, LevelMeter


def test_a_peak_rises_at_once_is_held_and_falls() -> None:
    ballistics = Ballistics()
    ballistics.take(0.0, 0.5)
    assert ballistics.bar == ballistics.held == pytest.approx(-6.02, abs=0.01)
    ballistics.take(0.5, 0.0)
    assert ballistics.bar == pytest.approx(-6.02 - 0.5 * FALL_DB_A_SECOND, abs=0.01)
    assert ballistics.held == pytest.approx(-6.02, abs=0.01)
    for step in range(1, 100):
        ballistics.take(HOLD_SECONDS + step / 10, 0.0)
    assert ballistics.bar == ballistics.held == FLOOR_DB


def test_a_lower_peak_does_not_replace_a_held_one() -> None:
    ballistics = Ballistics()
    ballistics.take(0.0, 1.0)
    ballistics.take(0.3, 0.5)
    assert ballistics.held == 0.0


def test_the_light_stays_on_and_the_words_say_so(qtbot: QtBot) -> None:
    meter = LevelMeter(DARK)
    qtbot.addWidget(meter)
    meter.resize(meter.sizeHint())
    quiet = meter.grab().toImage()
    meter.show_level(Level(1.0, 0.7, clipped=3, has_sounded=True), 1.0)
    meter.show_level(Level(0.0, 0.0, clipped=3, has_sounded=True), 9.0)
    assert meter.is_clipped
    assert "3 samples" in meter.toolTip()
    assert "clipped" in meter.accessibleDescription()
    lit = meter.grab().toImage()
    place = (meter.width() - 6, 6)
    assert lit.pixelColor(*place).name() == DARK.alarm
    assert quiet.pixelColor(*place).name() == DARK.base
    meter.set_theme(LIGHT)
    assert meter.grab().toImage().pixelColor(*place).name() == LIGHT.alarm


def test_loud_and_hot_levels_have_their_own_colours(qtbot: QtBot) -> None:
    meter = LevelMeter(DARK)
    qtbot.addWidget(meter)
    meter.resize(meter.sizeHint())
    meter.show_level(Level(1.0, 1.0, clipped=0, has_sounded=True), 1.0)
    image = meter.grab().toImage()
    colours = {image.pixelColor(x, 6).name() for x in range(meter.width() - 20)}
    assert {DARK.good, DARK.warning, DARK.alarm} <= colours
