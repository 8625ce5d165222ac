"""Recorded notes are found by their names, moved as little as possible, and struck where the groove says."""

from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import sine
from training.corpora import grooves, sampled, sampler, tonewheel
from training.corpora.amplifier import amplified
from training.corpora.notes import Note, Part
from training.corpora.pool import Pool
from training.corpora.recordings import Entry
from training.corpora.rendered import TAKE_SECONDS
from training.corpora.takes import SAMPLE_RATE, Samples, Take

A4 = {69: [sine(440, 2.0, SAMPLE_RATE)]}
MELODY = Part(tuple(Note(at * 0.4, 0.4, 60 + at % 12) for at in range(200)), "melody")
CHORDS = Part(tuple(Note(at * 1.0, 1.0, key) for at in range(80) for key in (48, 52, 55)), "chords")
POOL: Pool = {"melody": [MELODY], "chords": [CHORDS], "bass": [MELODY], "drums": []}


def loudest_hz(samples: Samples) -> float:
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    return float(np.argmax(spectrum) * SAMPLE_RATE / len(samples))


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("cello_A2_05_forte_arco-normal", 45), ("banjo_As4_very-long_piano", 70), ("F#3v10", 54), ("D#1v10", 27),
        ("Samples_alto_a2_f_rr2_dnm", 45), ("guitar_electronic_022-041-025 midi 041 velocity 025", 41),
        ("Samples_china", None), ("loop_01", None), ("samples_bass-electric_As3", 58),
    ],
)  # fmt: skip
def test_key_is_read_from_the_name(name: str, key: int | None) -> None:
    assert sampler.key_of(name) == key


@given(st.sets(st.integers(30, 90), min_size=1, max_size=12), st.integers(20, 110))
def test_nearest_note_sounds_at_the_asked_pitch_in_some_octave(recorded: set[int], key: int) -> None:
    instrument = {at: [np.zeros(1, dtype=np.float32)] for at in recorded}
    used, shift = sampler.nearest(instrument, key)
    assert used in recorded
    assert (used + shift - key) % 12 == 0
    assert abs(shift) <= 6
    if min(abs(at - key) for at in recorded) <= sampler.FARTHEST:
        assert used + shift == key


def test_played_note_is_moved_to_its_pitch_and_ends(rng: np.random.Generator) -> None:
    sound = sampler.play([Note(0.5, 1.0, 71, 127)], A4, rng)
    assert loudest_hz(sound[SAMPLE_RATE // 2 : SAMPLE_RATE * 3 // 2]) == pytest.approx(493.9, abs=2)
    assert not sound[: SAMPLE_RATE // 2 - 10].any()
    assert not sound[round(1.7 * SAMPLE_RATE) :].any()


def test_note_is_heard_no_longer_than_its_recording() -> None:
    ((start, end),) = sampler.sounding([Note(1.0, 30.0, 69)], A4)
    assert (start, end) == (1.0, 3.0)


def entries(folder: Path, label: str, keys: range) -> list[Entry]:
    lines = []
    for key in keys:
        path = folder / f"note midi {key:03d}.wav"
        soundfile.write(path, sine(440 * 2 ** ((key - 69) / 12), 1.5, SAMPLE_RATE), SAMPLE_RATE)
        described = {"path": path.name, "label": label, "source": "maker", "group": "one", "licence": "CC0"}
        lines.append({**described, "detail": "", "file": str(path)})
    return lines


def test_phrases_of_recorded_notes_are_labelled_and_the_same_every_time(tmp_path: Path) -> None:
    lines = entries(tmp_path, "violin", range(60, 68))
    first, *_ = jobs = list(sampled.pitched_jobs(lines, POOL, {"violin": 3}))
    assert len(jobs) == round(3 * 60 / TAKE_SECONDS)
    take, again = first.make(np.random.default_rng(1)), first.make(np.random.default_rng(1))
    assert isinstance(take, Take)
    assert isinstance(again, Take)
    assert (take.labels, take.source, take.group) == (("violin",), "maker", "one")
    assert np.array_equal(take.samples, again.samples)
    assert max(end for _, end in take.spans) <= len(take.samples) / SAMPLE_RATE


def test_too_few_notes_are_no_instrument(tmp_path: Path) -> None:
    assert not list(sampled.pitched_jobs(entries(tmp_path, "violin", range(60, 63)), POOL, {"violin": 3}))


@pytest.mark.parametrize(
    ("name", "role"),
    [
        ("Kick-0", "kick"), ("bassdrum-4mics", "kick"), ("BD_01", "kick"), ("Snare-3", "snare"), ("sd_08", "snare"),
        ("rim_02", "snare"), ("HiHatClosed-1", "hat"), ("hh_03", "hat"), ("HiHatOpen-2", "open"), ("ho_01", "open"),
        ("Crash18-0", "crash"), ("RideBow-1", "ride"), ("TomLow-4", "tom"), ("t1_03", "tom"), ("AgogoHigh", "other"),
    ],
)  # fmt: skip
def test_role_of_a_hit(name: str, role: str) -> None:
    assert grooves.role_of(name) == role


def test_grooves_are_in_order_in_time_and_not_all_alike() -> None:
    patterns = set()
    for seed in range(30):
        hits = grooves.groove(8, 120, np.random.default_rng(seed))
        times = [time for time, _, _ in hits]
        assert times == sorted(times)
        assert times[0] >= 0
        assert times[-1] < 8 * 2.0 + 0.2  # eight bars of two seconds
        assert all(0 < loudness <= 1 for _, _, loudness in hits)
        patterns.add(tuple(role for _, role, _ in hits))
    assert len(patterns) > 20


def test_hits_sound_where_they_are_struck_and_missing_drums_are_left_out(rng: np.random.Generator) -> None:
    kit: dict[grooves.Role, list[Samples]] = {"kick": [np.ones(100, dtype=np.float32)]}
    sound = grooves.strike([(0.5, "kick", 0.5), (1.0, "snare", 1.0)], kit, rng)
    (struck,) = np.nonzero(sound)
    assert struck.tolist() == list(range(SAMPLE_RATE // 2, SAMPLE_RATE // 2 + 100))
    assert sound.max() == 0.5


def test_tonewheel_organ_has_the_pitch_of_its_note_and_stops(rng: np.random.Generator) -> None:
    sound = tonewheel.organ([Note(0.0, 1.0, 69)], rng)
    assert len(sound) == round(1.5 * SAMPLE_RATE)
    loudest = loudest_hz(sound[:SAMPLE_RATE])
    assert min(abs(loudest / partial - 1) for partial in (220, 440, 660, 880, 1320, 1760, 2200, 2640, 3520)) < 0.025
    assert np.abs(sound[round(1.1 * SAMPLE_RATE) :]).max() < 1e-3


def test_amplifier_adds_overtones_and_takes_away_the_highest() -> None:
    loud = sine(200, 1.0, SAMPLE_RATE)
    for seed in range(5):
        sound = amplified(loud, np.random.default_rng(seed))
        assert sound.shape == loud.shape
        spectrum = np.abs(np.fft.rfft(sound))
        assert spectrum[600] > 1e-3 * spectrum[200]
        assert spectrum[12000:].max() < 0.02 * spectrum.max()
