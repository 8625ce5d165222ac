import itertools

import numpy as np
import pytest
from numpy.typing import NDArray

from timbrescope.core.phoneme_decoder import OnlineDecoder, Smoothing, decode, in_language, runs, voiced


def noisy_scores(rng: np.random.Generator, n_frames: int = 600) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    truth = np.repeat(rng.permutation(np.tile(np.arange(6), n_frames // 60)), 10)
    scores = rng.random((n_frames, 6)) ** 3
    scores[np.arange(n_frames), truth] += 0.8 * (rng.random(n_frames) < 0.8)
    return truth, scores / scores.sum(axis=1, keepdims=True)


def worth(path: tuple[int, ...], scores: NDArray[np.float64], smoothing: Smoothing) -> float:
    lengths = [len(list(group)) for _, group in itertools.groupby(path)]
    if any(length < smoothing.least_frames for length in lengths[1:]):
        return -np.inf
    said = float(np.log(scores[np.arange(len(path)), list(path)]).sum())
    return said - smoothing.switch_cost * (len(lengths) - 1)


def test_no_other_sequence_is_likelier(rng: np.random.Generator) -> None:
    for _ in range(10):
        scores = rng.random((6, 3))
        scores /= scores.sum(axis=1, keepdims=True)
        smoothing = Smoothing(2, 0.3)
        best = max(worth(path, scores, smoothing) for path in itertools.product(range(3), repeat=6))
        assert worth(tuple(decode(scores, smoothing)), scores, smoothing) == pytest.approx(best)


def test_smoothing_finds_more_and_breaks_less(rng: np.random.Generator) -> None:
    truth, scores = noisy_scores(rng)
    plain, smooth = scores.argmax(axis=1), decode(scores)
    assert (smooth == truth).mean() > (plain == truth).mean() + 0.1
    assert min(run.stop - run.start for run in runs(smooth, scores)[1:]) >= Smoothing().least_frames
    assert (decode(scores, Smoothing(1, 0.0)) == plain).all()


def test_decoding_as_it_comes_is_late_by_its_lag_and_little_worse(rng: np.random.Generator) -> None:
    truth, scores = noisy_scores(rng)
    decoder = OnlineDecoder(6, lag_frames=12)
    said = [decoder.push(part) for part in np.array_split(scores, 41)]
    assert sum(map(len, said)) == len(truth) - 12
    path = np.concatenate([*said, decoder.finish()])
    assert len(path) == len(truth)
    assert (path == decode(scores)).mean() > 0.98


def test_runs_tell_where_and_how_surely() -> None:
    scores = np.array([[0.9, 0.1], [0.7, 0.3], [0.2, 0.8]])
    first, second = runs(np.array([0, 0, 1]), scores)
    assert (first.start, first.stop, first.label, second.start, second.stop, second.label) == (0, 2, 0, 2, 3, 1)
    assert [first.score, second.score] == pytest.approx([0.8, 0.8])
    assert runs(np.empty(0, np.intp), np.empty((0, 2))) == []
    assert len(decode(np.empty((0, 4)))) == 0


def test_nobody_sings_in_silence_and_breaths() -> None:
    scores = np.array([[0.6, 0.3, 0.1], [0.0, 0.25, 0.75]])
    np.testing.assert_allclose(voiced(scores, ("sil", "br", "a")), [0.1, 0.75], atol=1e-6)


def test_sounds_of_other_languages_do_not_count() -> None:
    scores = np.array([[0.1, 0.5, 0.4], [0.0, 1.0, 0.0]])
    np.testing.assert_allclose(
        in_language(scores, ("sil", "ɔ", "o"), "ja"), [[0.2, 0.0, 0.8], [0.0, 0.0, 0.0]], atol=1e-6
    )
