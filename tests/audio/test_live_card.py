"""A live input on a real sound server: what is played comes back, in time and complete, also when the server dies."""

import subprocess
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray
from scipy.signal import correlate

from tests.sound_card import SoundCard

RATE = 44_100  # of the input as PortAudio opens it
PRELUDE = """
import sys, time, threading
from pathlib import Path
import numpy as np
from timbrescope.audio.live import LiveInput
from timbrescope.audio.recorder import Recorder

def until(condition, seconds=60):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "too late"
        time.sleep(0.01)

source = LiveInput()
recorder = Recorder(Path(sys.argv[1]), source.sample_rate, source.channels, source.notify)
source.attach(recorder)
blocks = []
listening = threading.Thread(target=lambda: blocks.extend(source.blocks({16000, 44100})))
listening.start()
until(lambda: source.seconds > 0.3)
print("ready")
"""
END = """
source.close(); listening.join(); takes = recorder.close()
assert takes == [Path(sys.argv[1])], takes
for block in blocks:
    for notice in block.notices: print(notice)
samples = np.concatenate([block.samples[44100] for block in blocks])
print(source.seconds, source.dropouts, source.lost_seconds, len(samples))
np.save(sys.argv[1] + ".npy", samples)
"""


@pytest.fixture
def noise(card: SoundCard) -> Path:
    """Three seconds of noise below 5 kHz, which a server's resampling leaves as it is."""
    spectrum = np.fft.rfft(np.random.default_rng(1).normal(size=(3 * RATE, 2)), axis=0)
    spectrum[3 * 5000 :] = 0
    sound = np.fft.irfft(spectrum, axis=0)
    path = card.folder / "noise.wav"
    soundfile.write(path, 0.5 * sound / np.abs(sound).max(), RATE, "FLOAT")
    return path


def places(sound: NDArray[np.float32], played: NDArray[np.float32]) -> list[int]:
    """Return where in a recording each piece of what was played begins, counted from where it should be."""
    found = []
    # A server that starts to play cuts some milliseconds off the start.
    for start in range(RATE // 4, len(played) - RATE // 10, RATE // 4):
        piece = played[start : start + RATE // 10]
        likeness = correlate(sound, piece, mode="valid")
        best = int(np.argmax(likeness))
        # What is lost moves all that follows; a server with little time may spoil a millisecond of a piece besides.
        assert likeness[best] > 0.9 * np.dot(piece, piece), "some of it is missing or changed"
        found.append(best - start)
    return found


def test_what_is_played_comes_back_complete_and_in_time(card: SoundCard, noise: Path) -> None:
    take = card.folder / "take.flac"
    process = card.start(PRELUDE + "sys.stdin.readline()" + END, str(take))
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    card.play(noise)
    out, err = process.communicate("\n", timeout=180)
    assert process.returncode == 0, err
    assert err == ""
    *notices, last = out.splitlines()
    assert notices == []
    seconds, dropouts, lost_seconds, samples = map(float, last.split())
    assert dropouts == lost_seconds == 0
    assert samples == round(seconds * RATE)
    recorded, rate = soundfile.read(take, dtype="float32")
    assert rate == RATE
    assert len(recorded) == samples
    played = soundfile.read(noise, dtype="float32")[0]
    shifts = places(recorded[:, 0], played[:, 0])
    assert np.ptp(shifts) <= 1  # every piece at the same distance: not one sample lost or twice
    assert places(recorded[:, 1], played[:, 1]) == shifts
    np.testing.assert_allclose(np.load(f"{take}.npy"), recorded.mean(axis=1), atol=2**-23)


def test_a_server_that_is_killed_and_comes_back_is_survived(card: SoundCard, noise: Path) -> None:
    take = card.folder / "take.wav"
    process = card.start(
        PRELUDE
        + """
sys.stdin.readline()
until(lambda: not source.is_connected); print("gone")
began = time.monotonic(); before = source.seconds
sys.stdin.readline()
until(lambda: source.is_connected); until(lambda: source.level.peak > 0.05)
sys.stdin.readline()
# The time line has gone on as the clock has, and stands about where it should.
print("drift", time.monotonic() - began - (source.seconds - before))
"""
        + END,
        str(take),
    )
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    card.play(noise)
    card.unplug()
    print(file=process.stdin, flush=True)
    assert process.stdout.readline() == "gone\n"
    time.sleep(2)  # long enough for attempts that fail, after which devices are looked for anew
    card.plug_in()
    print(file=process.stdin, flush=True)
    for _ in range(4):  # until the input is there again
        card.play(noise)
    out, err = process.communicate("\n", timeout=180)
    assert process.returncode == 0, out + err
    drift, *notices, last = out.splitlines()
    assert abs(float(drift.split()[1])) < 1.0  # the last second may still be on its way
    assert any("stopped delivering" in notice for notice in notices)
    assert any("is back at" in notice for notice in notices)
    seconds, _, lost_seconds, samples = map(float, last.split())
    assert 0.5 < lost_seconds < 14
    recorded, _ = soundfile.read(take, dtype="float32")
    assert len(recorded) == samples == round(seconds * RATE)
    played = soundfile.read(noise, dtype="float32")[0]
    gap = int(np.flatnonzero(np.any(recorded != 0, axis=1))[0])
    assert np.ptp(places(recorded[: gap + 4 * RATE, 0], played[:, 0])) <= 1  # before the gap nothing is lost
    assert np.ptp(places(recorded[-4 * RATE :, 0], played[: 2 * RATE, 0])) <= 1  # nor after it


def test_each_input_of_the_server_is_reached_by_its_name(card: SoundCard, noise: Path) -> None:
    subprocess.run(
        ["pactl", "load-module", "module-null-sink", "sink_name=other", "sink_properties=device.description=Other"],  # noqa: S607 - wherever the system keeps it
        env=card.environment, check=True, capture_output=True,
    )  # fmt: skip
    process = card.start(
        """
import sys, time
from timbrescope.audio.devices import devices
from timbrescope.audio.live import LiveInput
(monitor,) = [device for device in devices() if device.name == "Monitor of Other"]
assert monitor.is_monitor and monitor.inputs == 2, monitor
with LiveInput(monitor.title) as other, LiveInput("Monitor of Null Output") as first:
    assert other.sample_rate == monitor.default_rate
    other.start(); first.start()
    print("ready")
    sys.stdin.readline()
    peaks = []
    for _ in range(20):
        peaks.append((other.level.peak, first.level.peak))
        time.sleep(0.05)
print(max(peak for peak, _ in peaks), max(peak for _, peak in peaks))
"""
    )
    assert process.stdout is not None
    assert process.stdin is not None
    ready = process.stdout.readline()
    assert ready == "ready\n", process.communicate()[1]
    with subprocess.Popen(["paplay", "--device=other", str(noise)], env=card.environment):  # noqa: S607 - as above
        time.sleep(1)
        out, err = process.communicate("\n", timeout=30)
    assert process.returncode == 0, err
    other, first = map(float, out.split())
    assert other > 0.1
    assert first < 0.001
