"""Listening and recording in a real window, with a microphone that hears what the test pushes."""

import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMessageBox
from pytestqt.qtbot import QtBot

from tests.audio.conftest import fake
from tests.audio.fake_portaudio import RATE, FakePortAudio, PortAudioError
from timbrescope import paths
from timbrescope.audio.file import AudioFile
from timbrescope.audio.recorder import Recorder
from timbrescope.audio.take import WavTake
from timbrescope.settings import Settings
from timbrescope.ui.listener import State
from timbrescope.ui.main_window import MainWindow

__all__ = ["fake"]
LONG_MS = 60_000


@pytest.fixture
def settings(settings: Settings, tmp_path: Path) -> Settings:
    return replace(settings, take_folder=str(tmp_path / "takes"), take_format="wav")


@pytest.fixture
def playing(fake: FakePortAudio) -> Iterator[FakePortAudio]:
    """A microphone that hears a low tone and then a high one, over and over."""
    stop = threading.Event()
    tones = [np.sin(2 * np.pi * hz * np.arange(2 * RATE) / RATE) for hz in (150, 3500)]
    sound = np.repeat(0.5 * np.concatenate(tones).astype(np.float32)[:, None], 4, axis=1)

    def play() -> None:
        place, due = 0, time.monotonic()
        while not stop.wait(0.01):
            count = int((time.monotonic() - due) * RATE)
            due += count / RATE
            frames = sound[(place + np.arange(count)) % len(sound)]
            place += count
            for stream in fake.streams:
                if stream.active and count:
                    stream.push(frames[:, : stream.channels])

    thread = threading.Thread(target=play)
    thread.start()
    yield fake
    stop.set()
    thread.join()


@pytest.fixture
def listening(window: MainWindow, playing: FakePortAudio, qtbot: QtBot) -> MainWindow:
    """A window that has been listening for some seconds."""
    assert playing.streams == []
    window.actions_["listen"].trigger()
    qtbot.waitUntil(lambda: window.session.timeline.seconds > 2 and rows(window) > 2, timeout=LONG_MS)
    return window


def rows(window: MainWindow) -> int:
    scores = window.session.timeline.scores
    return len(scores["tiny"]) if scores else 0


def end(window: MainWindow, qtbot: QtBot) -> None:
    window.actions_["listen"].trigger()
    qtbot.waitUntil(lambda: window.live.listener.state is State.IDLE, timeout=LONG_MS)


def test_what_is_heard_is_seen_and_recognised(listening: MainWindow, qtbot: QtBot) -> None:
    window = listening
    assert window.stack.currentWidget() is window.page
    assert "USB Audio" in window.windowTitle()
    assert window.live_bar.isVisible()
    qtbot.waitUntil(lambda: "Listening" in window.live_bar.state.text(), timeout=LONG_MS)
    assert abs(len(window.session.timeline.mel) / 100 - window.session.timeline.seconds) < 0.2
    before = window.viewport.playhead
    qtbot.waitUntil(lambda: window.viewport.playhead > before + 1, timeout=LONG_MS)
    assert window.viewport.playhead <= window.session.timeline.seconds


def test_sound_that_was_not_recorded_can_be_played_and_saved(
    listening: MainWindow, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = listening
    end(window, qtbot)
    kept = window.session.path
    assert kept is not None
    assert kept.parent == paths.unsaved()
    duration = AudioFile(kept).duration or 0.0
    assert duration == pytest.approx(window.session.timeline.seconds, abs=0.02)
    assert len(window.session.timeline.mel) == pytest.approx(100 * duration, abs=3)
    assert window.actions_["play"].isEnabled()
    assert "not recorded" in window.notice.text.text()
    target = tmp_path / "kept.flac"
    monkeypatch.setattr("timbrescope.ui.live.QFileDialog.getSaveFileName", lambda *_: (str(target), ""))
    window.notice.button.click()
    qtbot.waitUntil(lambda: "Saved" in window.notice.text.text(), timeout=LONG_MS)
    assert target.read_bytes() == kept.read_bytes()


def test_a_take_begins_ten_seconds_before_and_is_an_open_file_afterwards(listening: MainWindow, qtbot: QtBot) -> None:
    window = listening
    before = window.live.listener.sitting.input.seconds if window.live.listener.sitting else 0
    window.actions_["record"].trigger()
    qtbot.waitUntil(lambda: "Recording" in window.live_bar.state.text(), timeout=LONG_MS)
    take = window.live.listener.recording
    assert take is not None
    qtbot.waitUntil(lambda: take.seconds > before + 1, timeout=LONG_MS)
    live = window.session.timeline.scores["tiny"].read(0, 1000)
    with qtbot.waitSignal(window.session.opened, timeout=LONG_MS):
        end(window, qtbot)
    assert window.session.path is not None
    assert window.session.path.parent.name == "takes"
    qtbot.waitUntil(lambda: not window.session.is_analysing, timeout=LONG_MS)
    np.testing.assert_allclose(window.session.timeline.scores["tiny"].read(0, len(live)), live, atol=1e-4)
    assert "Recorded as" in window.notice.text.text()


def test_recording_stops_and_listening_goes_on(listening: MainWindow, qtbot: QtBot) -> None:
    window = listening
    window.actions_["record"].trigger()
    qtbot.waitUntil(lambda: window.live.listener.recording is not None, timeout=LONG_MS)
    with qtbot.waitSignal(window.live.recorded, timeout=LONG_MS):
        window.actions_["record"].trigger()
    assert window.live.is_on
    assert "Recorded as" in window.notice.text.text()
    seconds = window.session.timeline.seconds
    qtbot.waitUntil(lambda: window.session.timeline.seconds > seconds, timeout=LONG_MS)


@pytest.mark.usefixtures("playing")
def test_record_alone_listens_and_records_from_the_first_second(window: MainWindow, qtbot: QtBot) -> None:
    window.actions_["record"].trigger()
    qtbot.waitUntil(lambda: window.live.listener.recording is not None, timeout=LONG_MS)
    sitting, take = window.live.listener.sitting, window.live.listener.recording
    assert sitting is not None
    assert take is not None
    qtbot.waitUntil(lambda: take.seconds > 1, timeout=LONG_MS)
    assert take.seconds == pytest.approx(sitting.input.seconds, abs=0.2)
    end(window, qtbot)


def test_looking_back_lets_the_picture_stand_and_now_is_one_key_away(listening: MainWindow, qtbot: QtBot) -> None:
    window = listening
    window.actions_["play"].trigger()
    assert not window.live.now.is_following
    assert window.live_bar.back.isVisible()
    stood, seconds = window.viewport.playhead, window.session.timeline.seconds
    qtbot.waitUntil(lambda: window.session.timeline.seconds > seconds + 1, timeout=LONG_MS)
    assert window.viewport.playhead == stood
    window.actions_["now"].trigger()
    qtbot.waitUntil(lambda: window.live.now.is_following and window.viewport.playhead > seconds, timeout=LONG_MS)
    assert not window.live_bar.back.isVisible()


def test_without_an_input_a_sentence_says_so_and_what_is_open_stays(
    window: MainWindow, fake: FakePortAudio, tone_file: Path, qtbot: QtBot
) -> None:
    with qtbot.waitSignal(window.session.finished, timeout=LONG_MS):
        window.open_file(tone_file)
    fake.found = fake.listed = fake.found[1:2]
    window.actions_["listen"].trigger()
    qtbot.waitUntil(lambda: "No sound input" in window.notice.text.text(), timeout=LONG_MS)
    assert window.session.path == tone_file
    assert window.live.listener.state is State.IDLE


@pytest.mark.parametrize(
    ("refusal", "words"),
    [
        (PortAudioError("Error opening InputStream: Permission denied", -9999), "may not be used"),
        (PortAudioError("Error opening InputStream: Device unavailable", -9985), "held by another program"),
        (PortAudioError("Error opening InputStream: Invalid sample rate", -9997), "refuses 8 kHz"),
    ],
)
def test_each_refusal_has_its_own_sentence_and_can_be_tried_again(
    refusal: PortAudioError, words: str, window: MainWindow, playing: FakePortAudio, qtbot: QtBot
) -> None:
    playing.refusal = refusal
    window.actions_["listen"].trigger()
    qtbot.waitUntil(lambda: words in window.notice.text.text(), timeout=LONG_MS)
    playing.refusal = None
    window.notice.button.click()
    qtbot.waitUntil(lambda: window.live.is_on, timeout=LONG_MS)


def test_an_input_that_is_plugged_in_later_is_found(window: MainWindow, playing: FakePortAudio, qtbot: QtBot) -> None:
    playing.listed = playing.listed[1:2]  # as PortAudio knew it when it started
    window.actions_["listen"].trigger()
    qtbot.waitUntil(lambda: window.live.is_on, timeout=LONG_MS)


def test_inputs_are_listed_and_remembered_by_name(window: MainWindow, fake: FakePortAudio, qtbot: QtBot) -> None:
    menu = window.live.inputs
    with qtbot.waitSignal(menu.found, timeout=LONG_MS):
        menu.refresh()
    texts = [action.text() for action in menu.actions()]
    assert any("USB Audio" in text and "ALSA" in text and "4 channels" in text and "kHz" in text for text in texts)
    assert texts.index("What the computer plays") < next(i for i, text in enumerate(texts) if "Monitor" in text)
    next(action for action in menu.actions() if "Monitor" in action.text()).trigger()
    assert Settings.load(paths.config()).input_device == "Monitor of Speakers, ALSA"
    with qtbot.waitSignal(menu.found, timeout=LONG_MS):
        menu.refresh()
    assert "Channel 2" in [action.text() for action in menu.actions()]
    assert "Channel 3" not in [action.text() for action in menu.actions()]
    assert fake.streams == []


def test_another_input_is_taken_at_once(listening: MainWindow, playing: FakePortAudio, qtbot: QtBot) -> None:
    menu = listening.live.inputs
    with qtbot.waitSignal(menu.found, timeout=LONG_MS):
        menu.refresh()
    next(action for action in menu.actions() if action.text() == "Channel 2").trigger()
    qtbot.waitUntil(lambda: len(playing.streams) == 2 and listening.live.is_on, timeout=LONG_MS)
    qtbot.waitUntil(lambda: rows(listening) > 1, timeout=LONG_MS)
    assert playing.streams[0].closed
    assert listening.live.now.is_following


def test_a_closed_window_asks_first_and_leaves_the_take_whole(
    listening: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = listening
    window.actions_["record"].trigger()
    asked: list[str] = []

    def answer(box: QMessageBox, button: str) -> None:
        asked.append(box.informativeText())
        next(found for found in box.buttons() if found.text() == button).click()

    monkeypatch.setattr(QMessageBox, "exec", lambda box: answer(box, "Go on recording"))
    assert not window.close()
    assert window.live.listener.recording is not None
    monkeypatch.setattr(QMessageBox, "exec", lambda box: answer(box, "End the recording"))
    assert window.close()
    assert len(asked) == 2
    (take,) = (tmp_path / "takes").iterdir()
    assert (AudioFile(take).duration or 0) > 2


@pytest.mark.usefixtures("playing")
def test_an_unfinished_take_is_offered_and_recovered(settings: Settings, qtbot: QtBot, tmp_path: Path) -> None:
    folder = tmp_path / "takes"
    folder.mkdir()
    recorder = Recorder(folder / "evening.wav", RATE, 1, print)
    recorder.write(np.full((3 * RATE, 1), 0.3, np.float32))
    (take,) = recorder.close()
    take.rename(folder / "evening.wav.part")
    window = MainWindow(settings)
    qtbot.addWidget(window)
    window.show()
    qtbot.waitUntil(window.start_page.unfinished_text.isVisible, timeout=LONG_MS)
    assert "evening.wav" in window.start_page.unfinished_text.text()
    with qtbot.waitSignal(window.session.finished, timeout=LONG_MS):
        window.start_page.mend_asked.emit()
    assert window.session.path == take
    assert window.session.timeline.seconds == pytest.approx(3, abs=0.1)
    window.close()


def test_clipping_lights_and_a_click_puts_the_light_out(listening: MainWindow, qtbot: QtBot) -> None:
    meter = listening.live_bar.meter
    assert not meter.is_clipped
    sitting = listening.live.listener.sitting
    assert sitting is not None
    sitting.input._hand_on(np.ones((10, 2), np.float32))  # as if it had been heard
    qtbot.waitUntil(lambda: meter.is_clipped, timeout=LONG_MS)
    qtbot.mouseClick(meter, Qt.MouseButton.LeftButton)
    assert not meter.is_clipped


def test_a_full_disk_ends_the_take_and_the_monitor_goes_on(
    listening: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = listening
    window.actions_["record"].trigger()
    qtbot.waitUntil(lambda: window.live.listener.recording is not None, timeout=LONG_MS)
    write = WavTake.write

    def fill(take: WavTake, frames: np.ndarray) -> None:
        if take._data_bytes > 2 * 3 * RATE:  # of stereo with 24 bits: one second
            raise OSError(28, "No space left on device")
        write(take, frames)

    with qtbot.waitSignal(window.live.recorded, timeout=LONG_MS) as recorded:
        monkeypatch.setattr(WavTake, "write", fill)
    assert "No space left" in window.notice.text.text()
    assert recorded.args is not None
    assert (AudioFile(recorded.args[0]).duration or 0) > 0.5
    assert window.live.is_on
    assert window.live.listener.recording is None
    seconds = window.session.timeline.seconds
    qtbot.waitUntil(lambda: window.session.timeline.seconds > seconds + 0.5, timeout=LONG_MS)


def test_old_sittings_are_forgotten_but_not_the_newest(
    window: MainWindow, playing: FakePortAudio, qtbot: QtBot
) -> None:
    assert playing.streams == []
    paths.unsaved().mkdir(parents=True)
    old = [paths.unsaved() / f"Heard 2020-01-0{day} 20.00.00.flac" for day in range(1, 6)]
    for path in old:
        path.write_bytes(b"")
    window.actions_["listen"].trigger()
    qtbot.waitUntil(lambda: window.live.is_on, timeout=LONG_MS)
    assert [path.exists() for path in old] == [False, False, False, True, True]


def test_opening_a_file_leaves_the_input(listening: MainWindow, tone_file: Path, qtbot: QtBot) -> None:
    with qtbot.waitSignal(listening.session.finished, timeout=LONG_MS):
        listening.open_file(tone_file)
    qtbot.waitUntil(lambda: listening.live.listener.state is State.IDLE, timeout=LONG_MS)
    assert listening.session.path == tone_file
    assert listening.session.timeline.seconds == pytest.approx(3, abs=0.1)
    assert not listening.live.now.is_live
    assert not listening.live_bar.isVisible()


@pytest.mark.usefixtures("playing")
def test_nothing_is_kept_where_the_user_wants_that(settings: Settings, qtbot: QtBot) -> None:
    window = MainWindow(replace(settings, keep_minutes=0))
    qtbot.addWidget(window)
    window.show()
    window.actions_["listen"].trigger()
    qtbot.waitUntil(lambda: window.session.timeline.seconds > 1, timeout=LONG_MS)
    end(window, qtbot)
    assert window.session.file is None
    assert window.session.timeline.seconds > 1
    assert "not kept" in window.notice.text.text()
    assert not paths.unsaved().exists()
    assert window.actions_["zoom-in"].isEnabled()
    window.close()
