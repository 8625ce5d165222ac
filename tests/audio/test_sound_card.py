"""Playback on a real sound card: what is ordered is what a recorder hears."""

from itertools import groupby
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from tests.encoded import tone
from tests.sound_card import RATE, SoundCard

WINDOW = RATE // 40
STEP_SECONDS = 0.5
PRELUDE = """
import sys, time
from pathlib import Path
from timbrescope.audio.player import Player

def until(condition):
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)

player = Player(Path(sys.argv[1]))
"""


@pytest.fixture
def steps(card: SoundCard) -> Path:
    """Six seconds whose pitch tells the time: step k, from k / 2 s on, is at 300 + 200 k Hz."""
    path = card.folder / "steps.wav"
    sound = [tone(STEP_SECONDS, RATE, channels=2, frequency=300 + 200 * step) for step in range(12)]
    soundfile.write(path, np.concatenate(sound), RATE)
    return path


def heard_steps(sound: NDArray[np.float32]) -> list[tuple[int | None, float]]:
    """Return which step is heard how long, in seconds; None is silence, mixed windows are left out."""
    names: list[int | None] = []
    for start in range(0, len(sound) - WINDOW, WINDOW):
        window = sound[start : start + WINDOW, 0]
        if np.abs(window).max() < 0.01:
            names.append(None)
            continue
        spectrum = np.abs(np.fft.rfft(window * np.hanning(WINDOW))) ** 2
        peak = int(np.argmax(spectrum))
        if spectrum[max(0, peak - 3) : peak + 4].sum() > 0.98 * spectrum.sum():
            names.append(round((peak * RATE / WINDOW - 300) / 200))
    return [(name, len(list(group)) * WINDOW / RATE) for name, group in groupby(names)]


def play(card: SoundCard, path: Path, program: str) -> list[tuple[int | None, float]]:
    with card.recording() as recordings:
        done = card.python(PRELUDE + program, str(path))
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""  # neither ALSA nor JACK nor PortAudio spoils the terminal
    heard = heard_steps(recordings[0])
    assert heard[0][0] is heard[-1][0] is None
    return heard[1:-1]


def test_the_whole_file_is_heard_and_then_silence(card: SoundCard, steps: Path) -> None:
    heard = play(card, steps, "player.play(4.5); until(lambda: player.finished); print(player.notice); player.close()")
    assert [name for name, _ in heard] == [9, 10, 11]
    assert [seconds for _, seconds in heard] == pytest.approx([STEP_SECONDS] * 3, abs=0.06)


def test_seek_and_pause_are_heard(card: SoundCard, steps: Path) -> None:
    heard = play(
        card,
        steps,
        """
player.play(0.0); until(lambda: player.position() > 0.2)
player.seek(4.0); until(lambda: player.position() > 4.4)
player.pause(); time.sleep(0.5)
player.play(); until(lambda: player.position() > 4.9)
player.close()
""",
    )
    assert [name for name, _ in groupby(name for name, _ in heard if name is not None)] == [0, 8, 9]
    pauses = [seconds for name, seconds in heard if name is None]
    assert max(pauses) == pytest.approx(0.5, abs=0.25)
    assert sum(seconds for name, seconds in heard if name == 8) == pytest.approx(STEP_SECONDS, abs=0.15)


def test_a_loop_is_heard_without_a_gap(card: SoundCard, steps: Path) -> None:
    heard = play(
        card,
        steps,
        """
player.set_loop((2.0, 2.5)); player.play(2.0)
places = []
start = time.monotonic()
while time.monotonic() - start < 1.8:
    places.append(player.position()); time.sleep(0.01)
player.close()
assert max(places) <= 2.5 and sum(a > b for a, b in zip(places, places[1:])) == 3, places
""",
    )
    assert [name for name, _ in heard] == [4]
    assert heard[0][1] > 1.4


def test_the_playhead_follows_what_is_heard(card: SoundCard, steps: Path) -> None:
    done = card.python(
        PRELUDE
        + """
import numpy as np, sounddevice
recorded = []
def record(data, frames, times, status): recorded.append((time.monotonic() - frames / 48000, data[:, 0].copy()))
source = sounddevice.InputStream(samplerate=48000, channels=1, dtype="float32", callback=record, latency=0.02)
source.start(); time.sleep(0.3)
places = []
player.play(1.0)
while not places or places[-1][1] < 3.3:
    places.append((time.monotonic(), player.position())); time.sleep(0.005)
source.stop(); player.close(); source.close()
sound = np.concatenate([data for _, data in recorded])
# At which moment did 1100 Hz (the step that begins at 2.0 s) begin to be heard, and where was the playhead then?
for index in range(0, len(sound) - 960, 240):
    spectrum = np.abs(np.fft.rfft(sound[index : index + 960] * np.hanning(960)))
    if spectrum.max() > 10 and abs(spectrum.argmax() * 50 - 1100) < 50: break
sizes = np.cumsum([0] + [len(data) for _, data in recorded])
block = np.searchsorted(sizes, index + 480, "right") - 1
moment = recorded[block][0] + (index + 480 - sizes[block]) / 48000
print(np.interp(moment, *zip(*places)) - 2.0)
""",
        str(steps),
    )
    assert done.returncode == 0, done.stderr
    assert abs(float(done.stdout)) < 0.15, done.stdout


def test_pulling_the_plug_leaves_a_silent_playhead(card: SoundCard, steps: Path) -> None:
    done = card.python(
        PRELUDE
        + """
import os, signal
player.play(0.0); until(lambda: player.position() > 0.3); assert player.notice is None
os.kill(int(sys.argv[2]), signal.SIGKILL)
until(lambda: player.notice is not None)
place = player.position(); until(lambda: player.position() > place + 0.2)
print(player.notice)
player.pause(); player.play(0.0); until(lambda: player.position() > 0.2)
print(player.notice); player.close()
""",
        str(steps),
        str(card.server.pid),
    )
    assert done.returncode == 0, done.stderr
    vanished, missing = done.stdout.splitlines()
    assert "stopped answering" in vanished
    assert missing.startswith("There is no sound because")
    assert missing != vanished
