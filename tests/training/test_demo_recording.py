"""The shipped demo recording is sound, and its timeline, its README and its score agree."""

import io
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from timbrescope.core.errors import TimbrescopeError
from training.corpora import demo_recording
from training.corpora.demo_recording import SAMPLE_RATE, SCORE, SOUNDFONTS, Part, Phrase, Span

RESOURCES = Path(__file__).parents[2] / "resources"
RECORDING = RESOURCES / "demo" / "demo.flac"


@pytest.fixture(scope="module")
def samples() -> NDArray[np.float32]:
    read, rate = soundfile.read(RECORDING, dtype="float32")
    assert rate == SAMPLE_RATE
    return np.asarray(read, dtype=np.float32)


@pytest.fixture(scope="module")
def spans() -> list[Span]:
    read: list[Span] = json.loads((RESOURCES / "demo-timeline.json").read_text(encoding="utf-8"))
    return read


def rms_decibel(samples: NDArray[np.float32]) -> float:
    return float(10 * np.log10(np.mean(samples.astype(np.float64) ** 2) + 1e-12))


def test_recording_is_short_stereo_and_not_clipped(samples: NDArray[np.float32]) -> None:
    assert samples.shape[1] == 2
    assert 20 <= len(samples) / SAMPLE_RATE <= 40
    assert RECORDING.stat().st_size < 3.3e6
    assert np.abs(samples).max() == pytest.approx(10 ** (-1 / 20), abs=1e-3)
    assert np.mean(np.abs(samples) > 0.85) < 1e-3


def test_recording_fades_to_silence(samples: NDArray[np.float32]) -> None:
    assert rms_decibel(samples[-SAMPLE_RATE // 10 :]) < -60


def test_every_entry_lies_in_the_recording_and_sounds(samples: NDArray[np.float32], spans: list[Span]) -> None:
    for span in spans:
        assert 0 <= span["start"] < span["end"] <= len(samples) / SAMPLE_RATE
        inside = samples[int(span["start"] * SAMPLE_RATE) : int(span["end"] * SAMPLE_RATE)]
        quarters = [rms_decibel(inside[at : at + SAMPLE_RATE // 4]) for at in range(0, len(inside), SAMPLE_RATE // 4)]
        assert min(quarters[:-1]) > -40, span


def test_instruments_come_one_after_another_and_then_together(spans: list[Span]) -> None:
    starts = [span["start"] for span in spans]
    assert starts == sorted(starts)
    names = {span["instrument"] for span in spans}
    assert len(names) >= 5
    first_entries = {name: min(span["start"] for span in spans if span["instrument"] == name) for name in names}
    assert len(set(first_entries.values())) >= 5
    assert any(
        {span["instrument"] for span in spans if span["start"] <= moment < span["end"]} == names for moment in starts
    )


def test_soloists_are_alone(spans: list[Span]) -> None:
    for name in ("piano", "flute", "acoustic guitar"):
        first = next(span for span in spans if span["instrument"] == name)
        middle = (first["start"] + first["end"]) / 2
        assert [span["instrument"] for span in spans if span["start"] <= middle < span["end"]] == [name]


def test_timeline_and_readme_follow_from_the_score(spans: list[Span]) -> None:
    assert spans == demo_recording.timeline(SCORE)
    readme = (RESOURCES / "DEMO.md").read_text(encoding="utf-8")
    rows = [line for line in readme.splitlines() if line.startswith("| ") and line[-3:-2].isdigit()]
    assert rows == [f"| {span['instrument']} | {span['start']:.2f} | {span['end']:.2f} |" for span in spans]


def test_phrase_reads_chords_rests_lengths_accents_and_ringing() -> None:
    phrase = Phrase(2, "C4+E4:.5 - | F#4!:1 kick", (60, 60), ring=2)
    assert [(note.start, note.length, note.key, note.velocity) for note in phrase.notes()] == [
        (4, 2, 60, 60),
        (4, 2, 64, 60),
        (5, 1, 66, 74),
        (6, 2, 36, 60),
    ]


def test_misspelt_note_is_named() -> None:
    with pytest.raises(ValueError, match="'H4'"):
        Phrase(1, "H4", (60, 60)).notes()


def test_beats_take_longer_where_the_music_slows_down() -> None:
    whole = [demo_recording.seconds(beat) for beat in range(60)]
    steps = np.diff(whole)
    assert whole[0] == 0
    assert steps[:53] == pytest.approx(60 / 104)
    assert np.all(np.diff(steps[52:56]) > 0)


def test_midi_is_deterministic_and_leaves_no_key_pressed() -> None:
    mido = pytest.importorskip("mido")
    written = demo_recording.build_midi(SCORE)
    assert written == demo_recording.build_midi(SCORE)
    midi = mido.MidiFile(file=io.BytesIO(written))
    channels = []
    for track in midi.tracks[1:]:
        channels.append(track[0].channel)
        pressed: set[int] = set()
        for message in track:
            if message.type == "note_on":
                assert message.note not in pressed
                pressed.add(message.note)
            elif message.type == "note_off":
                assert message.note in pressed
                pressed.remove(message.note)
        assert not pressed
    assert len(channels) == len(set(channels)) == len(SCORE)
    recording = soundfile.info(RECORDING)
    assert midi.length == pytest.approx(recording.duration, abs=0.01)


def test_missing_program_and_soundfont_are_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: "/bin/true")
    with pytest.raises(TimbrescopeError, match="fluid-soundfont-gm") as missing:
        demo_recording.render(SCORE, tmp_path / "none.sf2")
    assert "none.sf2" in str(missing.value)
    monkeypatch.setattr(shutil, "which", lambda _: None)
    with pytest.raises(TimbrescopeError, match="apt install fluidsynth"):
        demo_recording.render(SCORE)


@pytest.mark.skipif(
    shutil.which("fluidsynth") is None or not any(path.is_file() for path in SOUNDFONTS),
    reason="needs fluidsynth and the soundfont FluidR3 GM",
)
def test_rendering_sounds_as_long_as_the_score_says() -> None:
    pytest.importorskip("mido")
    score = (Part("flute", 73, 64, 100, (Phrase(1, "A4:4", (90, 90)),), reverb=0),)
    first = demo_recording.master(demo_recording.render(score))
    beats = 4 * 60 / 104
    assert len(first) / SAMPLE_RATE == pytest.approx(beats + demo_recording.TAIL_SECONDS, abs=0.01)
    sounding = first[SAMPLE_RATE // 2 : SAMPLE_RATE * 3 // 2].mean(axis=1)
    spectrum = np.abs(np.fft.rfft(sounding * np.hanning(len(sounding))))
    assert np.argmax(spectrum) in range(436, 445)  # one bin is 1 Hz; A4 is 440 Hz
    assert np.array_equal(first, demo_recording.master(demo_recording.render(score)))
