import dataclasses
from importlib.util import find_spec

import numpy as np
import pytest

from training.corpora.melodies import Singing, style, tune
from training.corpora.singing import FRAME_SECONDS
from training.corpora.sung_phrases import analyse, breath, mouth, sung
from training.corpora.utterances import SAMPLE_RATE, Utterance

from .sung import SEGMENTS, voice

pytestmark = pytest.mark.skipif(find_spec("pyworld") is None, reason="pyworld is not installed")

PLAIN = Singing(
    beat_seconds=0.5,
    note_beats=(1.0,),
    higher=5.0,
    vibrato_hz=6.0,
    vibrato_semitones=0.0,
    glide_frames=3.0,
    roughness=0.0,
    clearness=1.0,
    tract=1.0,
    tilt_decibel=0.0,
    swell=np.zeros(12),
    whispered=False,
)


def level(heard: Utterance, label: str) -> float:
    """Return the root mean square of the middle of a phoneme."""
    segment = next(one for one in heard.segments if one.label == label)
    start, end = (round((segment.start + share * (segment.end - segment.start)) * SAMPLE_RATE) for share in (0.2, 0.8))
    return float(np.sqrt(np.mean(heard.samples[start:end].astype(np.float64) ** 2)))


def test_vowels_are_held_and_consonants_are_not(rng: np.random.Generator) -> None:
    result = sung(voice(), PLAIN, rng)
    assert result is not None
    lengths = {one.label: one.end - one.start for one in result.segments}
    assert lengths["a"] == pytest.approx(0.5, abs=0.01)
    assert lengths["i"] == pytest.approx(0.5, abs=0.01)
    assert lengths["s"] < 0.3
    assert lengths["m"] < 0.2


def test_labels_move_with_the_sound(rng: np.random.Generator) -> None:
    result = sung(voice(), PLAIN, rng)
    assert result is not None
    assert [one.label for one in result.segments] == [one.label for one in SEGMENTS]
    assert result.segments[-1].end == pytest.approx(result.seconds)
    assert all(a.end == pytest.approx(b.start) for a, b in zip(result.segments, result.segments[1:], strict=False))
    assert level(result, "sil") < 0.05 * level(result, "a")
    crossings = {}
    for label in ("s", "a"):
        one = next(segment for segment in result.segments if segment.label == label)
        piece = result.samples[round((one.start + 0.03) * SAMPLE_RATE) : round((one.end - 0.03) * SAMPLE_RATE)]
        crossings[label] = np.mean(np.diff(np.sign(piece)) != 0)
    assert crossings["s"] > 4 * crossings["a"]  # the noise is where the label says


def test_the_pitch_is_the_melody_and_none_without_voice(rng: np.random.Generator) -> None:
    result = sung(voice(), PLAIN, rng)
    assert result is not None
    again = analyse(result)
    assert again is not None
    for start, end, label in again.segments:
        if label in {"s", "sil"}:
            assert not again.pitch[start:end].any()
    pitch = again.pitch[again.pitch > 0]
    assert np.median(pitch) > 130  # five semitones and some steps above speech


def test_a_longer_tract_lowers_the_formants() -> None:
    peaks = []
    for tract in (0.88, 1.12):
        result = sung(voice(), dataclasses.replace(PLAIN, tract=tract), np.random.default_rng(1))
        assert result is not None
        one = next(segment for segment in result.segments if segment.label == "i")
        piece = result.samples[round((one.start + 0.1) * SAMPLE_RATE) : round((one.end - 0.1) * SAMPLE_RATE)]
        spectrum = np.abs(np.fft.rfft(piece * np.hanning(len(piece)))) ** 2
        hertz = np.fft.rfftfreq(len(piece), 1 / SAMPLE_RATE)
        band = (hertz > 1500) & (hertz < 3200)
        peaks.append(float(np.sum(hertz[band] * spectrum[band]) / np.sum(spectrum[band])))
    assert peaks[1] > 1.1 * peaks[0]


def test_a_whisper_has_no_pitch(rng: np.random.Generator) -> None:
    result = sung(voice(), dataclasses.replace(PLAIN, whispered=True), rng)
    assert result is not None
    again = analyse(result)
    assert again is None or np.mean(again.pitch > 0) < 0.5


def test_breath_is_noise_that_is_softer_than_the_voice(rng: np.random.Generator) -> None:
    heard = breath(mouth(voice()), rng)
    assert {one.label for one in heard.segments} == {"br"}
    assert 0.1 < heard.seconds < 0.8
    assert np.sqrt(np.mean(heard.samples**2)) < 0.1
    assert breath(None, rng).seconds > 0


def test_nothing_without_voice_is_sung(rng: np.random.Generator) -> None:
    silent = Utterance(np.zeros(SAMPLE_RATE, np.float32), voice().segments)
    assert sung(silent, PLAIN, rng) is None


def test_a_melody_has_its_vibrato_and_stays_within_what_can_be_sung() -> None:
    for seed in range(20):
        rng = np.random.default_rng(seed)
        pitch = tune(600, [10, 150, 300], 120.0, style(rng), rng)
        assert pitch.shape == (600,)
        assert pitch.min() >= 70
        assert pitch.max() <= 800
    shaking = dataclasses.replace(PLAIN, vibrato_semitones=1.0)
    pitch = tune(400, [0], 200.0, shaking, np.random.default_rng(5))
    tail = np.log2(pitch[200:])
    spectrum = np.abs(np.fft.rfft((tail - tail.mean()) * np.hanning(len(tail))))
    hertz = np.fft.rfftfreq(len(tail), FRAME_SECONDS)
    assert 4.5 < hertz[np.argmax(spectrum * (hertz > 3))] < 7.5
