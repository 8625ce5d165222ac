from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from timbrescope.audio.sitting import Sitting
from timbrescope.settings import Settings
from timbrescope.ui.session import Session
from timbrescope.ui.theme import DARK
from timbrescope.ui.training import sounds
from timbrescope.ui.training.map_data import Point, SoundMap
from timbrescope.ui.training.process import TrainingProcess
from timbrescope.ui.training.sounds import Sounds


class Followed(QObject):
    """Stands for the thread that follows an input."""

    placed = Signal(float, float)
    silent = Signal()
    running: list[Any] = []  # noqa: RUF012 (emptied by the fixture)

    def __init__(self, source: object, _encoder: Path, _projection: object, parent: QObject) -> None:
        super().__init__(parent)
        self.source = source

    def start(self) -> None:
        self.running.append(self.source)

    def end(self) -> None:
        self.running.remove(self.source)


@pytest.fixture
def running(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The inputs that are followed."""
    Followed.running.clear()
    monkeypatch.setattr(sounds, "LivePlace", Followed)
    monkeypatch.setattr(TrainingProcess, "start", lambda *_: None)
    return Followed.running


def test_an_input_is_followed_while_there_is_a_map_to_be_seen(running: list[Any], qtbot: QtBot) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    session = Session(Settings(), window)
    ours = Sounds(session, DARK, window)
    ours.show_map()
    session.sitting = cast("Sitting", SimpleNamespace(input="microphone"))
    session.opening.emit(None)
    assert running == []  # there is no map yet
    point = Point(Path("a.wav"), 0.0, None, ())
    places, vectors = np.zeros((1, 2), np.float32), np.ones((1, 4), np.float16)
    ours.map._show_map(SoundMap(Path(), "multi", (), Path(), (point,), places, vectors, ()))
    assert running == ["microphone"]
    live = cast("Followed", ours._live)
    live.placed.emit(0.5, 0.25)
    assert [(spot.pos().x(), spot.pos().y()) for spot in ours.map.scatter.live.points()] == [(0.5, 0.25)]
    live.silent.emit()
    assert len(ours.map.scatter.live.points()) == 0
    ours.map.reject()
    assert running == []
    ours.show_map()
    assert running == ["microphone"]
    session.sitting = None
    session.finished.emit()
    assert running == []
    ours.end()
