"""A live input whose device does what the test wants."""

import threading
import time
from collections.abc import Callable, Iterator

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.audio.fake_portaudio import MICROPHONE, MONITOR, RATE, FakePortAudio, PortAudioError
from timbrescope.audio import capture, handover, live
from timbrescope.audio.live import LiveInput
from timbrescope.core.blocks import Block
from timbrescope.core.errors import AudioError


class Kept:
    """A sink that keeps what it gets."""

    def __init__(self) -> None:
        self.frames: list[NDArray[np.float32]] = []

    def write(self, frames: NDArray[np.float32]) -> None:
        self.frames.append(frames)

    def all(self) -> NDArray[np.float32]:
        return np.concatenate(self.frames)


class Listening:
    """A live input that somebody listens to in a thread, and what came of it."""

    def __init__(self, source: LiveInput, rates: set[int]) -> None:
        self.source = source
        self.kept = Kept()
        source.attach(self.kept)
        self.blocks: list[Block] = []
        self._thread = threading.Thread(target=lambda: self.blocks.extend(source.blocks(rates)))
        self._thread.start()

    def end(self) -> tuple[NDArray[np.float32], list[str]]:
        """Stop; return the sound that the sink got and the notices."""
        self.source.close()
        self._thread.join(60)
        assert not self._thread.is_alive()
        return self.kept.all(), [notice for block in self.blocks for notice in block.notices]

    def heard(self, rate: int) -> NDArray[np.float32]:
        return np.concatenate([block.samples[rate] for block in self.blocks])


@pytest.fixture
def listen(fake: FakePortAudio) -> Iterator[Callable[..., Listening]]:
    started: list[Listening] = []

    def start(device: str | None = None, channel: int | None = None, rates: set[int] | None = None) -> Listening:
        listening = Listening(LiveInput(device, channel), rates or {RATE})
        started.append(listening)
        until(lambda: fake.streams[-1].active)
        return listening

    yield start
    for listening in started:
        listening.source.close()


def until(condition: Callable[[], bool], seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def ramp(seconds: float, channels: int = 2) -> NDArray[np.float32]:
    """Return frames that all differ, the channels too, and are never zero."""
    count = round(seconds * RATE)
    return np.linspace(0.1, 0.9, count * channels, dtype=np.float32).reshape(count, channels)


def test_every_frame_arrives_once_at_every_rate(fake: FakePortAudio, listen: Callable[..., Listening]) -> None:
    listening = listen(rates={RATE, 16_000})
    sound = ramp(1.0)
    fake.streams[0].play(sound)
    frames, notices = listening.end()
    np.testing.assert_array_equal(frames, sound)
    np.testing.assert_allclose(listening.heard(RATE), sound.mean(axis=1), atol=1e-7)
    assert len(listening.heard(16_000)) == pytest.approx(2 * RATE, abs=1)
    assert listening.blocks[-1].seconds == pytest.approx(1.0)
    assert notices == []
    assert listening.source.dropouts == 0
    assert fake.streams[0].closed


def test_one_channel_of_many_is_heard_alone(fake: FakePortAudio, listen: Callable[..., Listening]) -> None:
    listening = listen(channel=3)
    sound = ramp(0.4, 3)
    fake.streams[0].play(sound)
    frames, _ = listening.end()
    np.testing.assert_array_equal(frames, sound[:, 2:])
    with pytest.raises(AudioError, match="from 1 to 4"):
        LiveInput(channel=5)


def test_an_overflow_is_filled_where_it_was_and_told(fake: FakePortAudio, listen: Callable[..., Listening]) -> None:
    listening = listen()
    stream, sound = fake.streams[0], ramp(2.0)
    stream.play(sound[:RATE])
    began = time.monotonic()
    time.sleep(0.8)  # of which the device knows nothing more
    stream.push(sound[RATE : RATE + 160], overflow=True)
    away = time.monotonic() - began
    stream.play(sound[RATE + 160 :])
    frames, notices = listening.end()
    silent = np.flatnonzero(~frames.any(axis=1))
    assert silent[0] == RATE  # right where it happened
    assert len(silent) / RATE == pytest.approx(away, abs=0.16)
    np.testing.assert_array_equal(np.delete(frames, silent, axis=0), sound)  # all else is there
    assert listening.source.dropouts == 1
    assert listening.source.lost_seconds == len(silent) / RATE
    assert [("too busy" in notice, "0:01" in notice) for notice in notices] == [(True, True)]


def test_what_the_ring_has_no_room_for_is_counted_and_silent(
    fake: FakePortAudio, listen: Callable[..., Listening], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(capture, "RING_SECONDS", 0.5)
    monkeypatch.setattr(live, "TICK_SECONDS", 1.0)  # it has not looked yet when all has come
    listening = listen()
    sound = ramp(0.8)
    for start in range(0, len(sound), RATE // 50):
        fake.streams[0].push(sound[start : start + RATE // 50])
    until(lambda: listening.source.seconds >= 0.8)
    frames, notices = listening.end()
    assert len(frames) == len(sound)
    assert listening.source.lost_seconds == pytest.approx(0.3)
    np.testing.assert_array_equal(frames[: RATE // 2], sound[: RATE // 2])
    assert not frames[RATE // 2 :].any()
    assert len(notices) == 1


def test_a_device_that_falls_silent_is_opened_again_with_growing_pauses(
    fake: FakePortAudio, listen: Callable[..., Listening], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "SILENT_SECONDS", 1.0)
    monkeypatch.setattr(live, "PAUSES_SECONDS", (0.1, 0.2, 0.4))
    listening = listen()
    sound = ramp(0.6)
    attempts: list[float] = []
    fake.before_opening = lambda: attempts.append(time.monotonic())
    began = time.monotonic()
    fake.streams[0].play(sound)
    fake.refusal = PortAudioError("Error opening InputStream: Device unavailable", -9985)
    until(lambda: len(attempts) == 3)
    fake.refusal = None
    until(lambda: len(fake.streams) == 2)
    fake.streams[1].play(sound)
    seconds = time.monotonic() - began
    frames, notices = listening.end()
    assert fake.streams[0].closed
    assert (np.diff(attempts)[:2] >= (0.2, 0.4)).all()
    silent = np.flatnonzero(~frames.any(axis=1))
    np.testing.assert_array_equal(frames[: silent[0]], sound)
    np.testing.assert_array_equal(frames[silent[-1] + 1 :], sound)
    assert len(frames) / RATE == pytest.approx(seconds, abs=0.3)  # the time line is true
    gone, busy, back = notices
    assert "stopped delivering" in gone
    assert "another program" in busy
    assert f"{len(silent) / RATE:.1f} s" in back
    np.testing.assert_allclose(listening.heard(RATE), frames.mean(axis=1), atol=1e-7)


def test_a_sound_server_that_hangs_keeps_neither_time_nor_the_end_waiting(
    fake: FakePortAudio, listen: Callable[..., Listening], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "SILENT_SECONDS", 0.2)
    monkeypatch.setattr(live, "PAUSES_SECONDS", (0.05,))
    monkeypatch.setattr(live, "OUTAGE_MARGIN_SECONDS", 0.1)
    monkeypatch.setattr(live, "STOP_SECONDS", 120.0)  # longer than the server takes at most
    answers = threading.Event()
    listening = listen()
    fake.before_opening = lambda: answers.wait(60)
    fake.streams[0].play(ramp(0.3))
    until(lambda: listening.source.seconds > 1.0)
    frames, _ = listening.end()
    assert len(fake.streams) == 1  # the server has not answered yet
    assert not frames[len(ramp(0.3)) :].any()
    answers.set()
    until(lambda: len(fake.streams) == 2 and fake.streams[1].closed)


def test_an_unplugged_device_is_found_in_another_socket(
    fake: FakePortAudio, listen: Callable[..., Listening], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "PAUSES_SECONDS", (0.05,))
    listening = listen(device="USB Audio")
    fake.streams[0].play(ramp(0.2))
    fake.found, fake.refusal = [], PortAudioError("Error opening InputStream: Invalid device", -9996)
    fake.streams[0].active = False
    until(lambda: fake.listed == [])
    fake.found, fake.refusal = [MONITOR, MICROPHONE | {"name": "USB Audio: - (hw:3,0)"}], None
    until(lambda: len(fake.streams) == 2)
    fake.streams[1].play(ramp(0.2))
    _, notices = listening.end()
    assert any("connect" in notice for notice in notices)
    assert "is back" in notices[-1]
    assert fake.streams[1].device == 1


def test_a_reader_that_is_far_behind_gets_silence_and_is_told(
    fake: FakePortAudio, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(handover, "BACKLOG_SECONDS", 0.5)
    with LiveInput() as source:
        kept = Kept()
        source.attach(kept)
        source.start()
        fake.streams[0].play(ramp(1.0))
        until(lambda: source.seconds == 1.0)
        block = next(source.blocks({RATE}))
    assert block.seconds == 1.0
    assert not block.samples[RATE].any()
    assert any("behind" in notice for notice in block.notices)
    np.testing.assert_array_equal(kept.all(), ramp(1.0))  # a recording has it all


def test_a_recording_that_begins_later_has_the_ten_seconds_before(fake: FakePortAudio) -> None:
    sound = ramp(12.0)
    with LiveInput() as source:
        source.start()
        for start in range(0, len(sound), RATE):
            fake.streams[0].push(sound[start : start + RATE])
        until(lambda: source.seconds >= 12.0)
        late = Kept()
        source.attach(late, pre_roll=True)
        more = ramp(0.3)
        fake.streams[0].push(more)
        until(lambda: source.seconds >= 12.3)
    np.testing.assert_array_equal(late.all(), np.concatenate([sound[2 * RATE :], more]))


def test_level_and_clipping_are_told(fake: FakePortAudio, listen: Callable[..., Listening]) -> None:
    listening = listen()
    loud = np.full((RATE // 4, 2), 0.5, np.float32)
    fake.streams[0].play(loud)
    until(lambda: listening.source.seconds >= 0.25)
    assert listening.source.level.peak == pytest.approx(0.5)
    assert listening.source.level.rms == pytest.approx(0.5)
    fake.streams[0].play(np.concatenate([loud, np.ones((10, 2), np.float32)]))
    _, notices = listening.end()
    assert listening.source.level.clipped == 20
    assert [("clips" in notice) for notice in notices] == [True]


def test_digital_silence_is_suspicious(fake: FakePortAudio, listen: Callable[..., Listening]) -> None:
    listening = listen()
    for _ in range(6):
        fake.streams[0].push(np.zeros((RATE, 2), np.float32))
    _, notices = listening.end()
    assert [("muted" in notice) for notice in notices] == [True]


def test_what_is_no_number_is_silent(fake: FakePortAudio, listen: Callable[..., Listening]) -> None:
    listening = listen()
    fake.streams[0].push(np.full((100, 2), np.nan, np.float32))
    frames, _ = listening.end()
    assert frames.shape == (100, 2)
    assert not frames.any()


def test_another_rate_is_taken_where_a_device_refuses_its_own(fake: FakePortAudio) -> None:
    fake.refused_rates = {RATE}
    with LiveInput() as source:
        assert source.sample_rate == 48_000


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (PortAudioError("Error opening InputStream: Device unavailable", -9985), "another program"),
        (PortAudioError("Error opening InputStream: Invalid number of channels", -9998), "another channel"),
        (PortAudioError("Error opening InputStream: Invalid sample rate", -9997), "not allowed"),
        (PortAudioError("Error opening InputStream: Unanticipated host error", -9999, "Permission denied"), "allow"),
        (PortAudioError("Error opening InputStream: Illegal combination of I/O devices", -9993), "is connected"),
    ],
)
def test_each_refusal_has_its_own_sentence(fake: FakePortAudio, error: PortAudioError, words: str) -> None:
    fake.refusal = error
    with pytest.raises(AudioError, match=words) as raised:
        LiveInput()
    assert "USB Audio" in str(raised.value)
    assert "Error opening" not in str(raised.value)


def test_a_device_that_does_not_start_is_explained(fake: FakePortAudio) -> None:
    with LiveInput() as source:
        fake.streams[0].refusal = PortAudioError("Error starting stream: Device unavailable", -9985)
        with pytest.raises(AudioError, match="another program"):
            next(source.blocks({RATE}))
