from collections.abc import Iterator

import numpy as np
import pytest
import scipy.signal
from numpy.typing import NDArray

from tests.recognition.test_pipeline import Array
from timbrescope.core.voice import F0, FIRST_FORMANT, HOP_SECONDS, SECOND_FORMANT
from timbrescope.recognition.pipeline import analyse
from timbrescope.recognition.voice import SAMPLE_RATE, Rows, VoiceStream, has_formants


def vowel(f0: NDArray[np.float64], formants: tuple[float, ...]) -> NDArray[np.float32]:
    """Return a sung vowel: pulses at a pitch given for each sample, through resonances at the formants."""
    phase = np.cumsum(f0) / SAMPLE_RATE
    sound = np.diff(np.floor(phase), prepend=0.0)
    for hz in formants:
        radius = np.exp(-np.pi * 80 / SAMPLE_RATE)
        sound = scipy.signal.lfilter([1], [1, -2 * radius * np.cos(2 * np.pi * hz / SAMPLE_RATE), radius**2], sound)
    return np.asarray(0.3 * sound / np.abs(sound).max(), np.float32)


def song() -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """Return an a at 220 Hz with vibrato, a pause and an i at 110 Hz, and the true pitch of each row."""
    times = np.arange(2 * SAMPLE_RATE) / SAMPLE_RATE
    swing = 220 * 2 ** (50 * np.sin(2 * np.pi * 5.5 * times) / 1200)
    pause = np.zeros(SAMPLE_RATE // 2)
    steady = np.full(SAMPLE_RATE, 110.0)
    a, i = vowel(swing, (750, 1250, 2600, 3500)), vowel(steady, (300, 2300, 3000, 3600))
    truth = np.concatenate([swing, pause, steady])
    return np.concatenate([a, pause, i]).astype(np.float32), truth[SAMPLE_RATE // 200 :: SAMPLE_RATE // 100]


def heard(samples: NDArray[np.float32], sizes: Iterator[int]) -> Rows:
    stream, at, rows = VoiceStream(), 0, []
    while at < len(samples):
        size = next(sizes)
        rows.append(stream.push(samples[at : at + size]))
        at += size
    return np.concatenate([*rows, stream.finish()])


def whole(samples: NDArray[np.float32]) -> Rows:
    return heard(samples, iter([len(samples)]))


def test_pitch_is_followed_within_a_few_cents_and_pauses_have_none() -> None:
    samples, truth = song()
    rows = whole(samples)
    assert len(rows) == len(truth)
    sung = (truth > 0) & (rows[:, F0] > 0)
    assert sung.sum() > 0.9 * (truth > 0).sum()
    cents = 1200 * np.log2(rows[sung, F0] / truth[sung])
    assert np.median(np.abs(cents)) < 12
    assert np.all(rows[205:245, F0] == 0)


@pytest.mark.skipif(not has_formants(), reason="needs praat-parselmouth")
def test_formants_are_those_of_the_vowel() -> None:
    rows = whole(song()[0])
    a, i = rows[20:180], rows[270:340]
    assert np.median(a[:, FIRST_FORMANT]) == pytest.approx(750, rel=0.12)
    assert np.median(a[:, SECOND_FORMANT]) == pytest.approx(1250, rel=0.12)
    assert np.median(i[:, FIRST_FORMANT]) < 450
    assert np.median(i[:, SECOND_FORMANT]) == pytest.approx(2300, rel=0.12)


def test_the_size_of_the_pieces_does_not_matter() -> None:
    samples, _ = song()
    rng = np.random.default_rng(0)
    pieces = heard(samples, iter(lambda: int(rng.integers(1, 9000)), None))
    expected = whole(samples)
    assert pieces.shape == expected.shape
    np.testing.assert_allclose(pieces[:, :2], expected[:, :2], rtol=1e-4, atol=1e-4)
    voiced = expected[:, FIRST_FORMANT] > 0
    off = np.abs(pieces[voiced, FIRST_FORMANT] / expected[voiced, FIRST_FORMANT] - 1)
    assert np.quantile(off, 0.9) < 0.05  # Praat's frames lie elsewhere in other pieces


@pytest.mark.parametrize("samples", [0, 1, 100, 400, 3000])
def test_the_shortest_sound(samples: int) -> None:
    rows = whole(np.zeros(samples, np.float32))
    assert len(rows) == samples // round(HOP_SECONDS * SAMPLE_RATE)
    assert not rows[:, F0].any()


def test_the_pipeline_follows_a_voice_where_it_is_asked_to() -> None:
    samples, _ = song()
    source = Array(samples, 10_000)
    rows = np.concatenate([chunk.voice for chunk in analyse(source, [], draw=False, voice=VoiceStream())])
    np.testing.assert_allclose(rows[:, :2], whole(samples)[:, :2], rtol=1e-4, atol=1e-4)
    assert all(not len(chunk.voice) for chunk in analyse(source, [], draw=False))
