"""Consonants keep their length, vowels are held, melodies stay in a singer's range, noises are what they are called."""

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.conftest import sine
from training.corpora import negatives, singing, voices
from training.corpora.packages import Package
from training.corpora.takes import PEAK, QUIET, SAMPLE_RATE, Take, levelled


def test_vowels_are_held_and_consonants_are_not() -> None:
    voiced = np.array([False] * 20 + [True] * 30 + [False] * 10)
    frames = singing.held(voiced, 2.0)
    assert np.all(np.diff(frames) >= 0)
    counts = np.bincount(frames, minlength=60)
    assert counts[:20].tolist() == [1] * 20
    assert counts[20:50].tolist() == [2] * 30
    assert counts[50:].tolist() == [1] * 10


def test_melodies_stay_in_range_and_move() -> None:
    for speaking in (90.0, 130.0, 220.0, 350.0):
        for seed in range(10):
            tune = singing.melody(1000, speaking, np.random.default_rng(seed))
            assert tune.shape == (1000,)
            assert tune.min() >= singing.LOWEST_HZ
            assert tune.max() <= singing.HIGHEST_HZ
            assert np.log2(tune.max() / tune.min()) > 1 / 12


@pytest.mark.skipif(find_spec("pyworld") is None, reason="needs pyworld")
def test_singing_has_the_melodys_pitch_and_is_longer() -> None:
    times = np.arange(SAMPLE_RATE) / SAMPLE_RATE
    speech = np.sum([np.sin(2 * np.pi * 120 * k * times) / k for k in range(1, 30)], axis=0).astype(np.float32)
    sung = singing.sing(speech, np.random.default_rng(1))
    assert 1.2 < len(sung) / len(speech) < 2.8
    spectrum = np.abs(np.fft.rfft(sung))
    assert spectrum.argmax() * SAMPLE_RATE / len(sung) != pytest.approx(120, abs=3)
    hiss = np.random.default_rng(1).normal(size=SAMPLE_RATE // 4).astype(np.float32) * 0.1
    assert len(singing.sing(hiss, np.random.default_rng(1))) >= len(hiss)


@pytest.fixture
def spoken(tmp_path: Path) -> Path:
    for name in ("de/female1/a.wav", "de/female1/b.wav", "male1/a.wav", "c.wav"):
        path = tmp_path / "voices" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, sine(200, 0.5, SAMPLE_RATE), SAMPLE_RATE)
    return tmp_path


def test_speakers_are_told_by_their_folders(spoken: Path) -> None:
    readers = voices.Readers(Package("debian", "game", "GPL-2"), "game", "voices", "**/*.wav", depth=2)
    found = {name: [path.name for path in files] for name, files in readers.speakers(spoken).items()}
    assert found == {"game_de_female1": ["a.wav", "b.wav"], "game_male1": ["a.wav"], "game": ["c.wav"]}


def test_speech_has_no_label(spoken: Path) -> None:
    readers = voices.Readers(Package("debian", "game", "GPL-2"), "game", "voices", "**/*.wav", depth=2)
    made = [job.make(np.random.default_rng(1)) for job in voices.reader_jobs(readers, spoken, 0, 0.75, print)]
    assert [take.labels for take in made if isinstance(take, Take)] == [()] * 3


def test_singers_are_groups_labelled_voice(spoken: Path) -> None:
    jobs = list(voices.singer_jobs(spoken / "voices", 0.75, print, sung=False))
    made = [job.make(np.random.default_rng(1)) for job in jobs]
    assert [(take.group, take.labels) for take in made if take] == [("de", ("voice",)), ("male1", ("voice",))]


@pytest.mark.parametrize(("colour", "octave"), [("blue", 3.0), ("white", 0.0), ("pink", -3.0), ("brown", -6.0)])
def test_colours_fall_as_their_names_say(colour: str, octave: float, rng: np.random.Generator) -> None:
    noise = negatives.coloured(20 * SAMPLE_RATE, negatives.SLOPES[colour], rng)
    power = np.abs(np.fft.rfft(noise)) ** 2
    bands = [np.mean(power[20 * low : 20 * 2 * low]) for low in (500, 1000, 2000, 4000)]
    assert np.diff(10 * np.log10(bands)) == pytest.approx([octave] * 3, abs=0.4)


def test_every_kind_is_finite_unlabelled_and_silence_stays_silent() -> None:
    made = {
        job.name.rsplit("/", 1)[1].rsplit("_", 1)[0]: job.make(np.random.default_rng(1)) for job in negatives.jobs(4)
    }
    assert set(made) == set(negatives.KINDS)
    for kind, take in made.items():
        assert take is not None
        assert take.labels == ()
        assert np.isfinite(take.samples).all()
        peak = np.abs(levelled(take.samples)).max()
        assert peak < QUIET if kind == "silence" else peak <= PEAK + 1e-6
