"""The whole way: from a folder to a model that listens, is corrected, goes on and is compared with itself."""

import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from tests.audio.conftest import fake
from tests.audio.fake_portaudio import RATE as CARD_RATE
from tests.audio.fake_portaudio import FakePortAudio
from tests.training.check_set import CLASSES, clean_set, sound, write
from timbrescope.core import verdict_files
from timbrescope.recognition.store import ModelStore
from timbrescope.ui.listener import State
from timbrescope.ui.main_window import MainWindow
from timbrescope.ui.training.training import Training

__all__ = ["fake"]
LONG_MS = 300_000
SECONDS = 3.0


@pytest.fixture
def playing(fake: FakePortAudio) -> Iterator[FakePortAudio]:
    """A microphone that hears a tone."""
    stop = threading.Event()

    def play() -> None:
        due = time.monotonic()
        while not stop.wait(0.01):
            count = int((time.monotonic() - due) * CARD_RATE)
            due += count / CARD_RATE
            tone = 0.3 * np.sin(2 * np.pi * 300 * np.arange(count) / CARD_RATE).astype(np.float32)
            for stream in fake.streams:
                if stream.active and count:
                    stream.push(np.repeat(tone[:, None], stream.channels, axis=1))

    thread = threading.Thread(target=play)
    thread.start()
    yield fake
    stop.set()
    thread.join()


def take(folder: Path, number: int) -> Path:
    """Write a recording in which each class sounds for three seconds."""
    parts = [sound(hertz, 900 + 10 * number + place, SECONDS) for place, hertz in enumerate(CLASSES.values())]
    return write(folder / f"take {number}.wav", np.concatenate(parts))


def train(window: MainWindow, folder: Path, qtbot: QtBot) -> None:
    """Choose a folder, train, close the dialog meanwhile, and let the model listen."""
    window.actions_["train"].trigger()
    assert window.training is not None
    dialog = window.training.dialog
    dialog.set_folder(folder)
    qtbot.waitUntil(dialog.train_button.isEnabled, timeout=LONG_MS)
    assert dialog.classes.rowCount() == 3
    assert "damaged.wav" in dialog.findings.text()
    dialog.train()
    dialog.close()
    assert dialog.training.is_running
    window.actions_["train"].trigger()
    assert window.training.dialog is dialog
    qtbot.waitUntil(lambda: not dialog.training.is_running, timeout=2 * LONG_MS)
    assert dialog.words.text() == "The model tones is ready."
    dialog.report_button.click()
    assert dialog.report is not None
    assert sum(map(sum, dialog.report.evaluation.confusion)) == 18
    dialog.report.reject()
    dialog.use_button.click()
    assert window.preferences.settings.models == ("tiny", "tones")
    dialog.close()


def listen(window: MainWindow, qtbot: QtBot) -> None:
    """Let the model hear a microphone."""
    window.actions_["listen"].trigger()
    qtbot.waitUntil(lambda: len(window.session.timeline.scores.get("tones", ())) > 2, timeout=LONG_MS)
    window.actions_["listen"].trigger()
    qtbot.waitUntil(lambda: window.live.listener.state is State.IDLE, timeout=LONG_MS)


def correct(window: MainWindow, training: Training, path: Path, qtbot: QtBot) -> None:
    """Say of each claim of the model what is true, by keys alone."""
    with qtbot.waitSignal(window.session.finished, timeout=LONG_MS):
        window.open_file(path)
    window.actions_["correct"].trigger()
    dialog = training.review_dialog
    dialog.models.setCurrentIndex(dialog.models.findData("tones"))
    for claim in dialog._claims:
        true = list(CLASSES)[min(2, int((claim.start + claim.end) / 2 // SECONDS))]
        if true == claim.label:
            QTest.keyClick(dialog.table, Qt.Key.Key_Y)
        else:
            QTest.keyClick(dialog.table, Qt.Key.Key_L)
            QTest.keyClicks(dialog.label, true)
            QTest.keyClick(dialog.label, Qt.Key.Key_Return)
    assert len(verdict_files.load(path).verdicts) == len(dialog._claims) > 2
    dialog.reject()


@pytest.mark.slow
def test_from_a_folder_to_a_model_that_listens_and_is_corrected(
    window: MainWindow, playing: FakePortAudio, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TIMBRESCOPE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(os, "setpriority", lambda *_: None)  # a busy machine may starve it
    folder = clean_set(tmp_path / "Tones", clips=6)
    (folder / "low" / "damaged.wav").write_bytes(b"nothing")
    train(window, folder, qtbot)
    training = window.training
    assert training is not None
    listen(window, qtbot)
    assert playing.streams
    for number in (1, 2):
        correct(window, training, take(tmp_path / "songs", number), qtbot)
    training.review_dialog.learn_asked.emit()
    dialog = training.retrain_dialog
    assert dialog.models.currentData() == "tones"
    assert dialog.learn_button.isEnabled()
    dialog.learn()
    qtbot.waitUntil(lambda: not dialog.retraining.is_running, timeout=2 * LONG_MS)
    assert dialog.comparison is not None, dialog.words.text()
    assert dialog.figures.rowCount() > 2
    assert len(ModelStore().versions("tones")) == 1  # nothing has been replaced yet
    with qtbot.waitSignal(window.session.finished, timeout=LONG_MS):  # what is open is heard by the new one
        dialog.use()
    assert [version.in_use for version in ModelStore().versions("tones")] == [False, True]
    assert window.preferences.settings.models == ("tiny", "tones")
