from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QFont, QFontMetricsF, QImage
from pytestqt.qtbot import QtBot

from tests.ui.sounding import INSTRUMENTS, TAGS, pour, row, session
from timbrescope.core.labels import FAMILIES
from timbrescope.ui.event_log import EventLog
from timbrescope.ui.monitor import Monitor
from timbrescope.ui.session import Session
from timbrescope.ui.stage_view import StageView, fit_names
from timbrescope.ui.theme import DARK
from timbrescope.ui.viewport import Viewport

ALL = [label for labels in FAMILIES.values() for label in labels]


@pytest.fixture
def heard(qtbot: QtBot) -> Session:  # noqa: ARG001 - signals need an application
    made = session(INSTRUMENTS, TAGS)
    made.sitting = cast("Any", SimpleNamespace(take=None, stop=lambda: None))
    return made


@pytest.fixture
def stage(heard: Session, qtbot: QtBot) -> Iterator[StageView]:
    viewport = Viewport()
    monitor = Monitor(heard, EventLog(heard), viewport, lambda: False)
    heard.recognising.emit()
    made = StageView(heard, monitor, viewport)
    qtbot.addWidget(made)
    made.resize(1280, 720)
    made.show()
    yield made
    monitor.close()


def hear(heard: Session, *sounding: str, tags: tuple[str, ...] = ()) -> None:
    pour(heard, row(*sounding) | row(*tags, spec=TAGS))


def colours(stage: StageView) -> set[str]:
    """Return the colours of its picture."""
    image = stage.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    pixels = np.frombuffer(image.constBits(), np.uint32) & 0xFFFFFF
    return {f"#{value:06x}" for value in np.unique(pixels)}


def test_it_listens_until_something_sounds(heard: Session, stage: StageView) -> None:
    assert stage.message == "Listening…"
    hear(heard)
    stage.refresh()
    assert stage.message == "Listening…"
    hear(heard, "piano")
    stage.refresh()
    assert stage.message == ""
    assert stage.accessibleDescription() == "piano"


def test_names_stand_in_the_order_in_which_they_entered_and_tags_apart(heard: Session, stage: StageView) -> None:
    hear(heard, "flute")
    hear(heard, "flute", "drums", "piano", tags=("rock",))
    for _ in range(8):
        hear(heard, "flute", "drums", "piano", tags=("rock",))
        stage.refresh()
        assert stage.accessibleDescription().split(", ")[0] == "flute"
        assert set(stage.accessibleDescription().split(", ")) == {"flute", "drums", "piano"}
    assert [event.label for event in stage._tags] == ["rock"]


def test_each_family_has_its_colour_and_the_background_is_black(heard: Session, stage: StageView) -> None:
    hear(heard, "flute", "drums")
    stage.refresh()
    shown = colours(stage)
    assert {DARK.families["woodwinds"], DARK.families["percussion"], "#000000", "#ffffff"} <= shown
    assert DARK.families["keyboards"] not in shown


def test_a_light_is_on_while_a_take_is_recorded(heard: Session, stage: StageView) -> None:
    assert "#ff3b30" not in colours(stage)
    heard.sitting = cast("Any", SimpleNamespace(take=SimpleNamespace(seconds=12.0), stop=lambda: None))
    stage.refresh()
    assert "#ff3b30" in colours(stage)


@pytest.mark.parametrize(("width", "height"), [(1280, 800), (1920, 1080), (2560, 1440)])
@pytest.mark.parametrize("count", [1, 2, 3, 4, 5])
def test_up_to_five_names_take_a_tenth_of_the_height_each(count: int, width: int, height: int) -> None:
    box = QRectF(0, 0, 0.92 * width, 0.74 * height)
    size, _ = fit_names(sorted(ALL, key=len)[-count:], 0.11 * height, box, QFont())
    assert size >= 0.1 * height


def test_letters_are_high_enough_for_five_metres_on_the_screen_that_shows_them(stage: StageView) -> None:
    font = QFont(stage.font())
    font.setPixelSize(round(stage._name_size()))
    font.setBold(True)
    centimetres = QFontMetricsF(font).capHeight() / stage.screen().physicalDotsPerInchY() * 2.54
    assert centimetres >= 2.45


@pytest.mark.parametrize("count", range(1, 14))
def test_all_names_fit(count: int) -> None:
    box = QRectF(0, 0, 1180, 560)
    names = ALL[:count]
    size, columns = fit_names(names, 90.0, box, QFont())
    rows = -(-count // columns)
    assert rows * 1.3 * size <= box.height() + 1
    font = QFont()
    font.setPixelSize(round(size))
    font.setBold(True)
    widest = max(QFontMetricsF(font).horizontalAdvance(name) for name in names)
    assert widest + 0.7 * size <= box.width() / columns + 2


@pytest.mark.parametrize("key", [Qt.Key.Key_Escape, Qt.Key.Key_F11])
def test_escape_and_f11_leave(stage: StageView, qtbot: QtBot, key: Qt.Key) -> None:
    qtbot.keyClick(stage, key)
    assert not stage.isVisible()


def test_the_space_bar_plays(stage: StageView, qtbot: QtBot) -> None:
    with qtbot.waitSignal(stage.play_asked):
        qtbot.keyClick(stage, Qt.Key.Key_Space)
