"""Takes: what is given is on the disk, also after a kill and on a full disk."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from timbrescope.audio.file import AudioFile
from timbrescope.audio.recorder import FLUSH_SECONDS, Recorder
from timbrescope.audio.recovery import is_in_use, recover, unfinished_takes
from timbrescope.audio.take import SUFFIXES, WAV_HEADER_BYTES, wav_header
from timbrescope.core.errors import AudioError

RATE = 44_100
SOUND = """
import sys, time
from pathlib import Path
import numpy as np
from timbrescope.audio.recorder import Recorder

def sound(count):
    return (np.random.default_rng(0).integers(-2**23, 2**23, (count, 2)) / 2**23).astype(np.float32)
"""
# One second of sound comes as fast as it plays; the last line tells how much of it is to be on the disk.
ENDLESS = (
    SOUND
    + """
class Telling(Recorder):
    def _write_on(self):
        goes_on = super()._write_on()
        print(self._written, flush=True)
        return goes_on

recorder = Telling(Path(sys.argv[1]), 44100, 2, print)
frames = sound(44100 * 20)
begin = time.monotonic()
for start in range(0, len(frames), 2205):
    recorder.write(frames[start : start + 2205])
    time.sleep(max(0, begin + start / 44100 - time.monotonic()))
"""
)
FULL = (
    SOUND
    + """
import resource
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), int(sys.argv[2])))
recorder = Recorder(Path(sys.argv[1]), 44100, 2, print)
frames = sound(44100 * 4)
for start in range(0, len(frames), 8820):
    recorder.write(frames[start : start + 8820])
while recorder.problem is None:  # it is told before anybody closes
    time.sleep(0.01)
print(*[take.name for take in recorder.close()])
"""
)


def sound(count: int, channels: int = 2) -> NDArray[np.float32]:
    integers = np.random.default_rng(0).integers(-(2**23), 2**23, (count, channels))
    return (integers / 2**23).astype(np.float32)


def record(path: Path, frames: NDArray[np.float32], roll_seconds: float | None = None) -> tuple[list[Path], list[str]]:
    notices: list[str] = []
    recorder = Recorder(path, RATE, frames.shape[1], notices.append, roll_seconds=roll_seconds)
    for start in range(0, len(frames), 700):
        recorder.write(frames[start : start + 700])
    return recorder.close(), notices


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("channels", [1, 2, 3])
def test_a_take_is_what_was_given(suffix: str, channels: int, tmp_path: Path) -> None:
    frames = sound(9001, channels)
    takes, notices = record(tmp_path / f"take{suffix}", frames)
    assert takes == [tmp_path / f"take{suffix}"]
    assert notices == []
    np.testing.assert_array_equal(soundfile.read(takes[0], dtype="float32", always_2d=True)[0], frames)
    np.testing.assert_array_equal(np.concatenate(list(AudioFile(takes[0]).pcm())), frames)
    assert unfinished_takes(tmp_path) == []


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_rolled_takes_join_without_a_seam(suffix: str, tmp_path: Path) -> None:
    frames = sound(10_000)
    takes, _ = record(tmp_path / f"take{suffix}", frames, roll_seconds=4000 / RATE)
    assert [path.stem for path in takes] == ["take", "take-2", "take-3"]
    joined = np.concatenate([soundfile.read(path, dtype="float32")[0] for path in takes])
    np.testing.assert_array_equal(joined, frames)


def test_sound_beyond_full_scale_is_clipped_not_wrapped(tmp_path: Path) -> None:
    for suffix in SUFFIXES:
        (take,), _ = record(tmp_path / f"take{suffix}", np.array([[1.5], [-1.5]], np.float32))
        assert soundfile.read(take)[0] == pytest.approx([1, -1], abs=1e-6)


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "take.flac").write_bytes(b"precious")
    (tmp_path / "take-2.flac.part").write_bytes(b"precious too")
    assert record(tmp_path / "take.flac", sound(100))[0] == [tmp_path / "take-3.flac"]
    assert (tmp_path / "take.flac").read_bytes() == b"precious"


def test_what_cannot_be_recorded_is_explained(tmp_path: Path) -> None:
    for path, words in ((tmp_path / "take.mp3", "flac"), (tmp_path / "nowhere" / "take.wav", "another folder")):
        with pytest.raises(AudioError, match=words):
            record(path, sound(10))


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_killed_take_is_there_up_to_the_last_second(suffix: str, tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", ENDLESS, str(tmp_path / f"take{suffix}")], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    kept = 0
    while kept < 2.2 * RATE:
        kept = int(process.stdout.readline())
    assert FLUSH_SECONDS <= 1.0
    # The last frame waits until it is full, and the one before cannot be told from a piece that has no whole header.
    kept -= 2 * 4096 if suffix == ".flac" else 0
    part = tmp_path / f"take{suffix}.part"
    if sys.platform != "win32":
        assert unfinished_takes(tmp_path) == []  # somebody writes it
        with pytest.raises(AudioError, match="still being recorded"):
            recover(part)
    process.kill()
    process.wait()
    process.stdout.close()
    assert unfinished_takes(tmp_path) == [part]
    with part.open("ab") as file:  # a piece of what came next
        file.write(b"\xff\xf8\xc9 half a frame"[: 5 if suffix == ".wav" else None])
    assert len(np.concatenate(list(AudioFile(part).pcm()))) >= kept  # it opens as it is
    take = recover(part)
    assert take == tmp_path / f"take{suffix}"
    frames = soundfile.read(take, dtype="float32")[0]
    assert len(frames) >= kept
    wanted = sound(20 * RATE)[: len(frames)]
    np.testing.assert_array_equal(frames[:-1], wanted[:-1])  # the last one of WAV may be of the five bytes
    assert AudioFile(take).duration == pytest.approx(len(frames) / RATE, abs=0.01)
    assert unfinished_takes(tmp_path) == []


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_however_a_file_is_cut_what_is_whole_is_recovered(suffix: str, tmp_path: Path) -> None:
    frames = sound(30_000)
    (take,), _ = record(tmp_path / f"whole{suffix}", frames)
    data = take.read_bytes()
    rng = np.random.default_rng(3)
    for cut in sorted({40, 100, len(data), *rng.integers(100, len(data), 12).tolist()}):
        part = tmp_path / f"cut{cut}{suffix}.part"
        part.write_bytes(data[:cut])
        fits = (cut - WAV_HEADER_BYTES) // 6 if suffix == ".wav" else (cut - 30_000) // 6 // 4096 * 4096
        try:
            recovered = soundfile.read(recover(part), dtype="float32")[0]
        except AudioError as error:
            assert fits <= 0, cut  # some are too short for any sound
            assert "no sound yet" in str(error)  # noqa: PT017
            continue
        assert len(recovered) >= fits
        np.testing.assert_array_equal(recovered, frames[: len(recovered)])


def test_what_is_no_take_is_left_alone(tmp_path: Path) -> None:
    part = tmp_path / "take.wav.part"
    part.write_bytes(b"no sound")
    with pytest.raises(AudioError, match="delete it"):
        recover(part)
    assert part.read_bytes() == b"no sound"
    assert not is_in_use(part)


@pytest.mark.skipif(sys.platform == "win32", reason="limits as on Unix")
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_full_disk_ends_the_recording_with_all_so_far_intact(suffix: str, tmp_path: Path) -> None:
    limit = 700_000
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(tmp_path / f"take{suffix}"), str(limit)],
        capture_output=True, text=True, check=True, timeout=300,
    )  # fmt: skip
    notice, result = done.stdout.splitlines()
    assert "Recording has stopped" in notice
    assert f"take{suffix}" in notice
    assert result == f"take{suffix}"
    frames = soundfile.read(tmp_path / f"take{suffix}", dtype="float32")[0]
    assert len(frames) > (limit - 100_000) / 6
    np.testing.assert_array_equal(frames, sound(4 * RATE)[: len(frames)])


def test_a_slow_disk_costs_silence_but_no_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("timbrescope.audio.recorder.WAITING_SECONDS", 1.0)
    monkeypatch.setattr("timbrescope.audio.recorder.FLUSH_SECONDS", 3600.0)  # nobody waits for the disk before the end
    notices: list[str] = []
    recorder = Recorder(tmp_path / "take.wav", RATE, 1, notices.append)
    for _ in range(4):
        recorder.write(np.full((RATE // 2, 1), 0.5, np.float32))
    (take,) = recorder.close()
    frames = soundfile.read(take)[0]
    assert len(frames) == 2 * RATE
    assert np.count_nonzero(frames) == RATE
    assert ["too slow" in notice for notice in notices] == [True]


def test_past_4_gib_a_wav_becomes_rf64(tmp_path: Path) -> None:
    path = tmp_path / "long.wav"
    data_bytes = 2**32 + 6 * 1000
    with path.open("wb") as file:
        file.write(wav_header(RATE, 2, data_bytes))
        file.truncate(WAV_HEADER_BYTES + data_bytes)  # a hole, no disk
    described = soundfile.info(path)
    assert described.format == "RF64"
    assert described.frames == data_bytes // 6
    assert AudioFile(path).duration == pytest.approx(data_bytes / 6 / RATE)
    part = path.rename(tmp_path / "long.wav.part")
    with part.open("rb+") as file:
        file.write(wav_header(RATE, 2, 600))  # as the header was when the power went
    assert soundfile.info(recover(part)).frames == data_bytes // 6
