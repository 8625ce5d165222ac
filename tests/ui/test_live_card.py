"""The window at a real sound server: what is played is seen, recognised and recorded."""

import json
import os
import signal
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.audio.conftest import card
from tests.sound_card import SoundCard
from timbrescope.settings import Settings

__all__ = ["card"]
PROGRAM = """
import json, sys, time
from dataclasses import replace
from pathlib import Path
import numpy as np
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from tests.tiny import SPEC, Tiny
from timbrescope import paths
from timbrescope.core import picture
from timbrescope.recognition.checkpoint import save_checkpoint
from timbrescope.settings import Settings
from timbrescope.ui.listener import State
from timbrescope.ui.main_window import MainWindow

def until(condition, seconds=90):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "too late"
        QTest.qWait(20)

save_checkpoint(paths.models() / "tiny.safetensors", SPEC, Tiny(3, 24).state_dict())
application = QApplication([])
window = MainWindow(replace(Settings(), models=("tiny",), take_folder=sys.argv[1], take_format=sys.argv[2]))
window.resize(1280, 800)
window.show()
listener, session = window.live.listener, window.session
window.actions_["record"].trigger()
until(lambda: listener.recording is not None and session.timeline.seconds > 0.5)
print("ready", flush=True)
"""
HEARD = """
sys.stdin.readline()
def picture_so_far():
    return session.timeline.mel.read(0, len(session.timeline.mel))
def has_been_heard():
    loud = picture_so_far().max(axis=1) > 128
    return loud.any() and not loud[-100:].any()
until(has_been_heard)  # a busy machine shows it seconds later
mel = picture_so_far()
loud = mel.max(axis=1) > 128
bands = np.median(mel[loud].argmax(axis=1)) if loud.any() else -1
until(lambda: len(session.timeline.scores["tiny"]) * 0.32 > session.timeline.seconds - 2)
live = session.timeline.scores["tiny"].read(0, 10**6)
window.actions_["listen"].trigger()
until(lambda: listener.state is State.IDLE and session.file is not None and not session.is_analysing)
filed = session.timeline.scores["tiny"].read(0, 10**6)[: len(live)]
print(json.dumps({
    "take": str(session.path), "loud_seconds": float(loud.sum()) / 100, "hz": float(picture.hz_of(bands + 0.5)),
    "rows": len(live), "difference": float(np.abs(live - filed).max()), "notice": window.notice.text.text(),
}), flush=True)
window.close()
application.processEvents()
"""


@pytest.fixture
def tone(card: SoundCard) -> Path:
    """Three seconds of 1 kHz."""
    path = card.folder / "tone.wav"
    soundfile.write(path, 0.4 * np.sin(2 * np.pi * 1000 * np.arange(3 * 48_000) / 48_000), 48_000)
    return path


@pytest.mark.parametrize("suffix", ["flac", "wav"])
def test_what_is_played_is_seen_and_recorded_and_the_take_scores_as_it_did_live(
    suffix: str, card: SoundCard, tone: Path
) -> None:
    process = card.start(PROGRAM + HEARD, str(card.folder / "takes"), suffix)
    assert process.stdout is not None
    ready = process.stdout.readline()
    if ready != "ready\n":
        pytest.fail(process.communicate()[1])
    card.play(tone)
    out, err = process.communicate("\n", timeout=240)
    assert process.returncode == 0, err
    told = json.loads(out.splitlines()[-1])
    assert told["loud_seconds"] == pytest.approx(3, abs=0.3)
    assert told["hz"] == pytest.approx(1000, rel=0.03)
    assert told["rows"] > 3
    assert told["difference"] < 1e-4
    assert "Recorded as" in told["notice"]
    recorded, _ = soundfile.read(told["take"])
    assert Path(told["take"]).suffix == f".{suffix}"
    assert np.sqrt(np.mean(recorded**2) * len(recorded) / (3 * 44_100)) == pytest.approx(0.4 / np.sqrt(2), rel=0.1)


def test_a_server_that_dies_and_comes_back_is_survived_in_the_window(card: SoundCard, tone: Path) -> None:
    process = card.start(
        PROGRAM
        + """
sys.stdin.readline()
until(lambda: "No sound" in window.live_bar.state.text()); print("gone", flush=True)
sys.stdin.readline()
until(lambda: "Recording" in window.live_bar.state.text())
until(lambda: listener.sitting.input.level.peak > 0.1); print("back", flush=True)
"""
        + HEARD,
        str(card.folder / "takes"), "wav",
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdin is not None
    assert process.stdout.readline() == "ready\n"
    card.unplug()
    print(file=process.stdin, flush=True)
    assert process.stdout.readline() == "gone\n"
    card.plug_in()
    print(file=process.stdin, flush=True)
    for _ in range(6):  # until the input is there again
        card.play(tone)
    out, err = process.communicate("\n", timeout=240)
    assert process.returncode == 0, out + err
    back, last = out.splitlines()
    assert back == "back"
    assert json.loads(last)["difference"] < 1e-4


def test_a_signal_ends_the_program_and_leaves_the_take_whole(card: SoundCard) -> None:
    takes = card.folder / "takes"
    Settings(take_folder=str(takes), take_format="wav", models=()).save(Path(os.environ["TIMBRESCOPE_CONFIG"]))
    process = card.start(
        """
from PySide6.QtCore import QTimer
from timbrescope import app
from timbrescope.ui.main_window import MainWindow
show = MainWindow.show
def show_and_record(window):
    show(window)
    window.actions_["record"].trigger()
    timer = QTimer(window, interval=100)
    timer.timeout.connect(lambda: window.session.timeline.seconds > 1 and print("on", flush=True))
    timer.start()
MainWindow.show = show_and_record
app.open_window(None)
"""
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "on\n", process.communicate()[1]
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    (take,) = takes.iterdir()
    assert take.suffix == ".wav"
    assert soundfile.info(take).duration > 1
