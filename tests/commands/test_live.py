"""'timbrescope live' and 'timbrescope devices'."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from tests.audio.fake_portaudio import RATE, FakePortAudio
from tests.encoded import encode
from tests.outputs.receiver import receiver
from tests.sound_card import SoundCard
from tests.tiny import SPEC, Tiny
from timbrescope import cli, paths
from timbrescope.audio.file import AudioFile
from timbrescope.audio.live import LiveInput
from timbrescope.audio.recorder import Recorder
from timbrescope.commands import live
from timbrescope.recognition.checkpoint import save_checkpoint
from timbrescope.recognition.pipeline import analyse
from timbrescope.recognition.recogniser import Recogniser
from timbrescope.settings import Settings


@pytest.fixture(autouse=True)
def _tiny_model(_own_folders: None, monkeypatch: pytest.MonkeyPatch) -> None:
    save_checkpoint(paths.models() / "tiny.safetensors", SPEC, Tiny(3, 24).state_dict())
    monkeypatch.setattr(live, "DEFAULT_MODELS", ("tiny",))


@pytest.fixture
def playing(fake: FakePortAudio) -> Iterator[FakePortAudio]:
    """A microphone that hears a low tone and then a high one, over and over, ten times as fast as they sound."""
    stop = threading.Event()
    tones = [np.sin(2 * np.pi * hz * np.arange(2 * RATE) / RATE) for hz in (150, 3500)]
    sound = np.repeat(0.5 * np.concatenate(tones).astype(np.float32)[:, None], 2, axis=1)

    def play() -> None:
        place = 0
        while not stop.wait(0.01):
            for stream in fake.streams:
                if stream.active:
                    stream.push(sound[place : place + RATE // 10])
                    place = (place + RATE // 10) % len(sound)

    thread = threading.Thread(target=play)
    thread.start()
    yield fake
    stop.set()
    thread.join()


def run(*arguments: object) -> int:
    return cli.main(["live", *map(str, arguments)])


@pytest.mark.usefixtures("playing")
def test_text_tells_what_enters_and_leaves_and_when(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--seconds", 7, "--record", tmp_path / "take.flac") == 0
    first, *turns, last = capsys.readouterr().out.splitlines()
    assert "tiny" in first
    words = [line.split() for line in turns]
    assert ["+", "low"] in [word[1:] for word in words]
    entered = next(word for word in words if word[1:] == ["+", "high"])
    assert 1.5 < float(entered[0].removeprefix("0:")) < 4.0
    assert f"recorded as {tmp_path / 'take.flac'}" in last
    assert (AudioFile(tmp_path / "take.flac").duration or 0) >= 7


@pytest.mark.usefixtures("playing")
def test_json_lines_hold_every_row(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--seconds", 4, "--format", "jsonl", "--hop", 0.5) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["event"] for line in lines[:2]] == ["begin", "model"]
    assert lines[1]["labels"] == list(SPEC.labels)
    hop = lines[1]["hop_seconds"]
    rows = [line for line in lines if line["event"] == "scores"]
    assert [row["seconds"] for row in rows] == pytest.approx(np.arange(len(rows)) * hop, abs=1e-5)
    assert len(rows) >= (4 - SPEC.window_seconds) / hop
    assert all(len(row["scores"]) == 3 for row in rows)
    assert lines[-1]["event"] == "end"
    assert lines[-1]["seconds"] >= 4


def test_live_scores_are_those_of_the_recorded_take(playing: FakePortAudio, tmp_path: Path) -> None:
    recogniser = Recogniser(SPEC, Tiny(3, 24), torch.device("cpu"), hop_frames=10)
    with LiveInput() as source:
        recorder = Recorder(tmp_path / "take.flac", source.sample_rate, source.channels, source.notify)
        source.attach(recorder)
        heard: list[NDArray[np.float32]] = []
        for chunk in analyse(source, [recogniser], batch=1):
            heard.append(chunk.scores["tiny"])
            if chunk.seconds > 5:
                source.stop()
    (take,) = recorder.close()
    scores = np.concatenate(heard)
    assert len(scores) > 20
    filed = [chunk.scores["tiny"] for chunk in analyse(AudioFile(take), [recogniser])]
    np.testing.assert_allclose(scores, np.concatenate(filed), atol=1e-4)
    assert playing.streams[0].closed


@pytest.mark.usefixtures("playing")
def test_an_unfinished_take_in_the_folder_is_mended(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    finished = encode(tmp_path / "old.wav", np.full(RATE, 0.5, np.float32), RATE)
    recorder = Recorder(tmp_path / "evening.wav", RATE, 1, print)
    recorder.write(np.full((RATE, 1), 0.5, np.float32))
    (take,) = recorder.close()
    take.rename(tmp_path / "evening.wav.part")
    assert run("--seconds", 1, "--record", tmp_path / "evening.wav") == 0
    assert "mended" in capsys.readouterr().err
    assert {path.name for path in tmp_path.glob("*.wav*")} == {"evening.wav", "evening-2.wav", finished.name}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--device", "Zither"], "Zither"),
        (["--channel", 9], "1 to 4"),
        (["--models", "nobody"], "nobody"),
        (["--record", "take.mp3"], "flac"),
        (["--osc", "nowhere"], "HOST:PORT"),
        (["--midi", "no port is called so"], "MIDI"),
        (["--alert", "trombone"], "low, middle, high"),
    ],
)
@pytest.mark.usefixtures("fake")
def test_what_cannot_be_done_is_one_sentence(
    arguments: list[object], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("--seconds", 1, *arguments) == 2
    error = capsys.readouterr().err
    assert words in error
    assert len(error.strip().splitlines()) == 1


@pytest.mark.usefixtures("fake")
def test_devices_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["devices", "--format", "json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert [entry["monitor"] for entry in listed["inputs"]] == [False, True]
    assert [entry["name"] for entry in listed["outputs"]] == ["Speakers, ALSA"]
    assert 48_000 in listed["inputs"][0]["rates"]
    assert cli.main(["devices"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].startswith("  * USB Audio")
    assert "hears what the computer plays" in lines[2]


@pytest.mark.usefixtures("playing")
def test_osc_carries_scores_levels_brightness_and_events(capsys: pytest.CaptureFixture[str]) -> None:
    with receiver() as program:
        assert run("--seconds", 40, "--osc", program.port) == 0  # long enough for moments of both tones
        found = program.messages()
    values: dict[str, list[list[object]]] = {}
    for message in found:
        values.setdefault(message.address, []).append(message.params)
    assert {f"/timbrescope/score/tiny/{label}" for label in SPEC.labels} <= set(values)
    assert ["tiny", "low"] in [value[:2] for value in values["/timbrescope/entered"]]
    assert all(-120 <= float(str(level)) <= 0 for pair in values["/timbrescope/level"] for level in pair)
    brightness = [float(str(value)) for (value,) in values["/timbrescope/brightness"]]
    assert min(brightness) < 500  # of the tone of 150 Hz
    assert max(brightness) > 3000  # of that of 3500 Hz
    assert "+ low" in capsys.readouterr().out


@pytest.mark.usefixtures("playing")
def test_osc_carries_the_pitch_where_a_voice_is_followed() -> None:
    Settings(voice="on").save(paths.config())
    with receiver() as program:
        assert run("--seconds", 40, "--osc", program.port) == 0
        found = [message.params[0] for message in program.messages() if message.address == "/timbrescope/pitch"]
    assert any(abs(1200 * np.log2(hz / 150)) < 50 for hz in found)


@pytest.mark.usefixtures("playing")
def test_every_label_that_enters_leaves_and_tells_how_long_it_was_there(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--seconds", 7, "--format", "jsonl") == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    entered = [(line["label"], line["seconds"]) for line in lines if line["event"] == "entered"]
    left = [line for line in lines if line["event"] == "left"]
    assert sorted(entered) == sorted((line["label"], line["start_seconds"]) for line in left)
    assert all(line["seconds"] == line["end_seconds"] >= line["start_seconds"] for line in left)
    assert all(0 < line["peak"] <= 1 for line in left)


@pytest.mark.usefixtures("playing")
def test_an_alert_is_told_once_a_label_has_been_there_for_long_enough(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--seconds", 7, "--format", "jsonl", "--alert", "high", "--alert-after", 0.5) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    alerts = [line for line in lines if line["event"] == "alert"]
    assert alerts
    assert {line["label"] for line in alerts} == {"high"}
    assert all(line["seconds"] >= line["start_seconds"] + 0.5 for line in alerts)
    entered = [line["seconds"] for line in lines if line["event"] == "entered" and line["label"] == "high"]
    assert {line["start_seconds"] for line in alerts} <= set(entered)
    assert run("--seconds", 7, "--alert", "high") == 0
    assert any(line.split()[1:] == ["!", "high"] for line in capsys.readouterr().out.splitlines())


def test_the_places_of_labels_in_midi_can_be_looked_up(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--midi-map", "--midi-channel", 4) == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert lines[1:] == [["low", "4", "20", "36"], ["middle", "4", "21", "37"], ["high", "4", "22", "38"]]


def test_control_c_finishes_the_take(card: SoundCard) -> None:
    take = card.folder / "take.flac"
    process = subprocess.Popen(
        [sys.executable, "-m", "timbrescope", "live", "--record", str(take), "--models", "timbre-encoder"],
        env=card.environment | {name: os.environ[name] for name in ("TIMBRESCOPE_DATA", "TIMBRESCOPE_LOG")},
        cwd=Path(__file__).parents[2], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    first = process.stdout.readline()
    assert "timbre-encoder" in first, process.communicate()
    time.sleep(2.5)
    card.unplug()  # PortAudio says unspeakable things about this on standard error
    assert process.stderr is not None
    err = ""
    while "stopped delivering" not in err:
        line = process.stderr.readline()
        assert line, err
        err += line
    process.send_signal(signal.SIGINT)
    out, rest = process.communicate(timeout=180)
    err += rest
    assert process.returncode == 0
    assert str(take) in out
    assert all(line.startswith("timbrescope: ") for line in err.splitlines())
    assert (AudioFile(take).duration or 0) > 2
