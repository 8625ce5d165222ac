"""A real window on real files, with a model small enough for a test."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.conftest import sine
from tests.encoded import encode
from tests.tiny import SPEC, Tiny
from timbrescope import paths
from timbrescope.recognition.checkpoint import save_checkpoint
from timbrescope.settings import Settings
from timbrescope.ui.main_window import MainWindow

RATE = 44_100


@pytest.fixture
def settings(_own_folders: None) -> Settings:
    """Settings with the tiny model, installed."""
    save_checkpoint(paths.models() / "tiny.safetensors", SPEC, Tiny(3, 24).state_dict())
    return replace(Settings(), models=("tiny",), theme="dark", update_seconds=0.5)


@pytest.fixture
def window(settings: Settings, qtbot: QtBot) -> Iterator[MainWindow]:
    """A shown window; closed afterwards, whatever it is doing."""
    window = MainWindow(settings)
    qtbot.addWidget(window)
    window.resize(1280, 800)
    window.show()
    qtbot.waitExposed(window)
    yield window
    window.close()
    QApplication.processEvents()


@pytest.fixture
def opened(window: MainWindow, qtbot: QtBot) -> Callable[[Path], MainWindow]:
    """Open a file and wait for its analysis."""

    def open_file(path: Path) -> MainWindow:
        with qtbot.waitSignal(window.session.finished, timeout=120_000):
            window.open_file(path)
        for _ in range(3):
            qtbot.wait(30)
        return window

    return open_file


@pytest.fixture
def tone_file(tmp_path: Path) -> Path:
    """Three seconds of A4 with a loud click at two seconds."""
    samples = sine(440.0, 3.0, RATE, level=0.3)
    samples[2 * RATE : 2 * RATE + 20] = np.random.default_rng(3).uniform(-1, 1, 20)
    return encode(tmp_path / "tone.wav", samples, RATE)
