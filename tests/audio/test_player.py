"""Playback without a sound card: what leaves the ring and where the playhead is."""

import importlib
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from tests.encoded import encode, tone
from timbrescope.audio import output
from timbrescope.audio.file import AudioFile
from timbrescope.audio.player import Player, _for_card
from timbrescope.core.errors import AudioError

RATE = 8000


@pytest.fixture
def counting(tmp_path: Path) -> Path:
    """A file of two seconds whose samples tell their own number."""
    path = tmp_path / "counting.wav"
    soundfile.write(path, np.arange(2 * RATE) / 2**15, RATE, subtype="PCM_16")
    return path


@pytest.fixture
def player(counting: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Player]:
    """A player of that file where there is no sound card."""

    def refuse(*_: object) -> None:
        raise AudioError("There is no sound card in this test; go on without one.")

    monkeypatch.setattr("timbrescope.audio.player.SoundCard", refuse)
    monkeypatch.setattr("timbrescope.audio.player.look_again", lambda: None)
    player = Player(counting)
    yield player
    player.close()


def until(condition: Callable[[], bool], seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def listen(player: Player) -> list[NDArray[np.int64]]:
    """Return a list that fills with the numbers of the samples that leave the player."""
    heard: list[NDArray[np.int64]] = []
    pull = player._pull

    def spy(out: NDArray[np.float32], moment: float) -> None:
        before = player._pulled
        pull(out, moment)
        if player._pulled is not before:
            heard.append(np.round(out[: player._pulled[2], 0] * 2**15).astype(np.int64))

    player._pull = spy  # type: ignore[method-assign]
    return heard


def test_every_sample_is_played_once_and_the_end_is_noticed(player: Player) -> None:
    heard = listen(player)
    player.play(1.5)
    until(lambda: player.finished)
    assert np.concatenate(heard).tolist() == list(range(round(1.5 * RATE), 2 * RATE))
    assert not player.is_playing
    assert player.position() == pytest.approx(2.0)


def test_a_loop_has_no_seam(player: Player) -> None:
    heard = listen(player)
    player.set_loop((0.5, 0.6))
    player.play(0.45)
    until(lambda: sum(map(len, heard)) > RATE // 2)
    player.pause()
    samples = np.concatenate(heard)
    once = np.arange(round(0.5 * RATE), round(0.6 * RATE))
    wanted = np.concatenate([np.arange(round(0.45 * RATE), round(0.5 * RATE)), *[once] * 20])
    np.testing.assert_array_equal(samples, wanted[: len(samples)])
    assert 0.45 <= player.position() <= 0.6


@pytest.mark.parametrize("end", [2.0, 2.03])
def test_a_loop_may_reach_to_the_end(player: Player, end: float) -> None:
    heard = listen(player)
    player.set_loop((1.9, end))
    player.play(1.95)
    until(lambda: sum(map(len, heard)) > RATE // 4)
    samples = np.concatenate(heard)
    assert set(np.diff(samples).tolist()) == {1, -(round(0.1 * RATE) - 1)}


def test_a_loop_set_while_playing_cuts_off_what_was_already_on_its_way(player: Player) -> None:
    heard = listen(player)
    player.play(0.0)
    until(lambda: sum(map(len, heard)) > 200)
    player.set_loop((0.2, 0.4))
    until(lambda: sum(map(len, heard)) > RATE)
    samples = np.concatenate(heard)
    assert samples.max() < round(0.4 * RATE)
    assert {1, -(round(0.2 * RATE) - 1)} >= set(np.diff(samples).tolist())
    player.set_loop(None)
    player.seek(1.9)
    until(lambda: player.finished)


def test_seek_goes_there_and_plays_on(player: Player) -> None:
    heard = listen(player)
    player.play(0.0)
    until(lambda: sum(map(len, heard)) > 100)
    player.seek(1.25)
    assert player.position() >= 1.25
    until(lambda: player.finished)
    samples = np.concatenate(heard)
    jumps = np.flatnonzero(np.diff(samples) != 1)
    assert len(jumps) == 1
    assert samples[jumps[0] + 1] == round(1.25 * RATE)


def test_pause_keeps_the_place(player: Player) -> None:
    heard = listen(player)
    player.play(0.5)
    until(lambda: player.position() > 0.6)
    player.pause()
    place = player.position()
    silent_from = len(heard)
    time.sleep(0.1)
    assert player.position() == place
    assert not sum(map(len, heard[silent_from + 1 :]))
    player.seek(1.0)
    assert player.position() == 1.0
    assert not player.is_playing


def test_the_playhead_runs_with_the_clock_and_never_back(player: Player) -> None:
    start = time.monotonic()
    player.play(0.0)
    places = [0.0]
    while places[-1] < 1.0:
        places.append(player.position())
        assert places[-1] <= time.monotonic() - start + 0.05
        assert time.monotonic() - start < 60.0
        time.sleep(0.002)
    assert places == sorted(places)
    assert len(set(places)) > 20  # it glides, it does not jump from buffer to buffer


def test_playing_again_after_the_end_starts_over(player: Player) -> None:
    player.play(1.95)
    until(lambda: player.finished)
    player.play()
    until(lambda: 0 < player.position() < 1)
    assert player.is_playing
    assert not player.finished


def test_volume_scales_what_is_played(player: Player) -> None:
    player.set_volume(0.0)
    player._last_volume = 0.0
    heard = listen(player)
    player.play(1.9)
    until(lambda: player.finished)
    assert not np.concatenate(heard).any()


def test_no_thread_outlives_the_player(player: Player) -> None:
    before = threading.active_count()
    player.play(0.0)
    until(lambda: player.position() > 0)
    assert threading.active_count() == before + 2
    player.close()
    assert threading.active_count() == before


def test_it_says_why_nothing_is_heard(player: Player) -> None:
    assert player.notice is None
    player.play(0.0)
    until(lambda: player.notice is not None)
    assert player.notice == "There is no sound card in this test; go on without one."


def test_a_missing_portaudio_takes_nothing_down(counting: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: str) -> None:
        raise OSError("PortAudio library not found")

    monkeypatch.setattr(importlib, "import_module", fail)
    player = Player(counting)
    player.play(1.9)
    until(lambda: player.finished)
    assert player.notice is not None
    assert "PortAudio library not found" in player.notice
    player.close()


class _FakePortAudio:
    """sounddevice with one output that takes 48 kHz only, and that somebody can unplug."""

    PortAudioError = RuntimeError

    def __init__(self) -> None:
        self.played: list[NDArray[np.float32]] = []
        self.unplugged = threading.Event()

    def query_devices(self, kind: str) -> dict[str, object]:
        return {"name": f"fake {kind}", "max_output_channels": 2, "default_samplerate": 48000.0}

    def OutputStream(self, samplerate: int, channels: int, callback: Callable[..., None], **_: object) -> object:  # noqa: N802 - sounddevice's name
        if samplerate != 48000:
            raise RuntimeError("Invalid sample rate")
        stopped = threading.Event()

        def run() -> None:
            while not stopped.wait(0.01) and not self.unplugged.is_set():
                out = np.empty((480, channels), np.float32)
                callback(out, len(out), SimpleNamespace(outputBufferDacTime=0.0, currentTime=1.0), None)
                self.played.append(out)

        return SimpleNamespace(
            latency=0.0,
            active=True,
            start=threading.Thread(target=run).start,
            abort=lambda **_: stopped.set(),
            close=lambda **_: stopped.set(),
        )


def test_a_card_that_refuses_the_rate_gets_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake = _FakePortAudio()
    monkeypatch.setitem(sys.modules, "sounddevice", fake)
    player = Player(AudioFile(encode(tmp_path / "a.wav", tone(0.5, 44100, channels=2), 44100)))
    player.play(0.0)
    until(lambda: player.finished)
    player.close()
    sound = np.concatenate(fake.played)[:, 0]
    first = np.flatnonzero(sound)[0]  # the first sample of a sine is zero or nearly so
    wanted = 0.5 * np.sin(2 * np.pi * 440 * np.arange(24000) / 48000)
    assert min(np.abs(sound[first : first + 23900] - wanted[lag : lag + 23900]).max() for lag in (0, 1)) < 0.01
    assert not sound[first + 24050 :].any()
    assert player.position() == pytest.approx(0.5, abs=0.001)
    assert player.notice is None


def test_a_card_that_vanishes_leaves_the_playhead_moving(counting: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake = _FakePortAudio()
    monkeypatch.setitem(sys.modules, "sounddevice", fake)
    monkeypatch.setattr(output, "LONGEST_STALL_SECONDS", 0.1)
    player = Player(counting)
    player.play(0.0)
    until(lambda: player.position() > 0.1)
    fake.unplugged.set()
    until(lambda: player.notice is not None)
    assert "stopped answering" in (player.notice or "")
    place = player.position()
    until(lambda: player.position() > place + 0.2)
    player.close()


@pytest.mark.parametrize("channels", [1, 2, 3, 6])
def test_any_number_of_channels_becomes_stereo(channels: int) -> None:
    sound = np.zeros((800, channels), np.float32)
    sound[:, 0] = 0.5
    frames = _for_card(sound, 2)
    assert frames.shape[1] == 2
    left, right = frames.mean(axis=0)
    assert left > 0
    assert right == pytest.approx(left if channels == 1 else 0)


def test_an_unreadable_file_is_refused_at_once(tmp_path: Path) -> None:
    with pytest.raises(AudioError):
        Player(tmp_path / "nothing.wav")
