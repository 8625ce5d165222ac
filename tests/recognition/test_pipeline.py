import threading
from collections.abc import Collection, Iterator
from dataclasses import replace

import numpy as np
import pytest
import soxr
import torch
from numpy.typing import NDArray

from tests.conftest import sine
from tests.tiny import SPEC, Tiny
from timbrescope.core import picture
from timbrescope.core.blocks import Block
from timbrescope.core.errors import AudioError
from timbrescope.core.loudness import row_weights, weighed_mean
from timbrescope.core.timeline import Chunk, Timeline
from timbrescope.recognition.pipeline import analyse
from timbrescope.recognition.recogniser import Recogniser, Scores

RATE = 16_000


class Array:
    """A source of samples in memory, in blocks of any size, that may break off."""

    sample_rate = RATE

    def __init__(self, samples: NDArray[np.float32], block: int, *, breaks: bool = False) -> None:
        self._samples = samples
        self._block = block
        self._breaks = breaks
        self.duration = len(samples) / RATE

    def blocks(self, rates: Collection[int]) -> Iterator[Block]:
        streams = {rate: soxr.ResampleStream(RATE, rate, 1, dtype="float32") for rate in rates if rate != RATE}
        for start in range(0, len(self._samples), self._block):
            piece = self._samples[start : start + self._block]
            stop = start + len(piece)
            samples = {rate: piece if rate == RATE else streams[rate].resample_chunk(piece) for rate in rates}
            yield Block(stop / RATE, samples)
        if self._breaks:
            raise AudioError("It broke off.")
        last = {
            rate: streams[rate].resample_chunk(piece[:0], last=True) if rate != RATE else piece[:0] for rate in rates
        }
        yield Block(self.duration, last)


def recogniser(**changes: object) -> Recogniser:
    spec = replace(SPEC, **changes)  # type: ignore[arg-type]
    return Recogniser(spec, Tiny(3, 24), torch.device("cpu"))


def music(seconds: float) -> NDArray[np.float32]:
    glide = np.sin(2 * np.pi * np.cumsum(np.geomspace(100, 6000, round(seconds * RATE))) / RATE)
    return (0.5 * glide).astype(np.float32)


def levels_of(chunks: list[Chunk]) -> NDArray[np.float32]:
    return np.concatenate([chunk.levels for chunk in chunks])


def scores_of(chunks: list[Chunk], name: str = "tiny") -> NDArray[np.float32]:
    return np.concatenate([chunk.scores[name] for chunk in chunks])


@pytest.mark.parametrize("batch", [1, 8])
@pytest.mark.parametrize("block", [700, 16_000, 10**7])
def test_the_same_comes_out_for_any_block_size(block: int, batch: int) -> None:
    whole = list(analyse(Array(music(9.7), 16_000), [recogniser()]))
    pieces = list(analyse(Array(music(9.7), block), [recogniser()], batch=batch))
    np.testing.assert_allclose(scores_of(pieces), scores_of(whole), atol=1e-5)
    for part in ("mel", "peaks"):
        expected = np.concatenate([getattr(chunk, part) for chunk in whole]).astype(int)
        assert np.abs(np.concatenate([getattr(chunk, part) for chunk in pieces]).astype(int) - expected).max() <= 1
    np.testing.assert_allclose(levels_of(pieces), levels_of(whole), atol=1e-5)


def test_beside_the_picture_all_is_as_it_would_be_otherwise() -> None:
    whole = list(analyse(Array(music(9.7), 320), [recogniser()], batch=1))
    beside = list(analyse(Array(music(9.7), 320), [recogniser()], batch=1, beside=True))
    scores = np.concatenate([chunk.scores["tiny"] for chunk in beside if "tiny" in chunk.scores])
    np.testing.assert_allclose(scores, scores_of(whole), atol=1e-5)
    for part in ("mel", "peaks", "levels"):
        there, expected = (np.concatenate([getattr(chunk, part) for chunk in chunks]) for chunks in (beside, whole))
        np.testing.assert_array_equal(there, expected)


def test_beside_the_models_the_picture_waits_for_none(monkeypatch: pytest.MonkeyPatch) -> None:
    may_score = threading.Event()
    score = Recogniser.score

    def score_late(self: Recogniser, inputs: torch.Tensor) -> Scores:
        assert may_score.wait(60)
        return score(self, inputs)

    monkeypatch.setattr(Recogniser, "score", score_late)
    chunks = analyse(Array(music(4.0), 320), [recogniser()], batch=1, beside=True)
    drawn = [next(chunks) for _ in range(150)]
    assert sum(len(chunk.mel) for chunk in drawn) > 290
    assert not any(len(rows) for chunk in drawn for rows in chunk.scores.values())
    may_score.set()
    assert sum(len(chunk.scores.get("tiny", ())) for chunk in chunks) > 3


def test_every_whole_window_is_scored_once() -> None:
    seconds, hop = 9.7, SPEC.hop_frames
    frames = 1 + int(seconds * RATE) // SPEC.front_end.hop_length
    scores = scores_of(list(analyse(Array(music(seconds), 5000), [recogniser()])))
    assert len(scores) == (frames - SPEC.window_frames) // hop + 1


def test_picture_and_peaks_cover_the_recording() -> None:
    chunks = list(analyse(Array(music(5.0), 5000), []))
    mel, peaks = (np.concatenate([getattr(chunk, part) for chunk in chunks]) for part in ("mel", "peaks"))
    assert len(mel) in (500, 501)
    assert len(peaks) in (500, 501)
    assert chunks[-1].seconds == pytest.approx(5.0)


def test_a_sine_is_a_line_at_its_note_and_as_loud_as_it_is() -> None:
    chunks = list(analyse(Array(sine(440.0, 2.0, RATE, level=1.0), 16_000), []))
    mel = np.concatenate([chunk.mel for chunk in chunks])[50:150]
    band = int(np.bincount(mel.argmax(axis=1)).argmax())
    assert abs(band + 0.5 - float(picture.band_of(440.0))) <= 0.75
    assert abs(picture.decibels(mel.max())) <= 1.5
    others = np.delete(mel, range(band - 8, band + 9), axis=1)  # beyond the main lobe of a Hann window of 46 ms
    assert picture.decibels(others.max()) < -40


def test_a_click_is_a_column() -> None:
    samples = np.zeros(3 * RATE, np.float32)
    samples[RATE] = 1.0
    mel = np.concatenate([chunk.mel for chunk in analyse(Array(samples, 4000), [])])
    loud = np.flatnonzero((mel[:, :200] > 60).mean(axis=1) > 0.9)
    assert len(loud) > 0
    assert np.abs(loud * picture.HOP_SECONDS - 1.0).max() < 0.03


def test_recognisers_with_other_front_ends_share_one_reading() -> None:
    other = recogniser(name="other", front_end=replace(SPEC.front_end, sample_rate=8000, n_fft=256))
    chunks = list(analyse(Array(music(6.0), 5000), [recogniser(), other]))
    alone = list(analyse(Array(music(6.0), 5000), [recogniser()]))
    np.testing.assert_array_equal(scores_of(chunks), scores_of(alone))
    assert len(scores_of(chunks, "other")) > 3


def test_a_recording_shorter_than_a_window_is_filled_up_and_said_so() -> None:
    chunks = list(analyse(Array(music(0.2), 1000), [recogniser()]))
    assert scores_of(chunks).shape == (1, 3)
    assert any("filled up with silence" in notice for chunk in chunks for notice in chunk.notices)


def test_what_was_read_before_damage_is_kept_and_the_damage_told() -> None:
    chunks: list[Chunk] = []
    with pytest.raises(AudioError, match="broke off"):
        chunks.extend(analyse(Array(music(5.0), 4000, breaks=True), [recogniser()]))
    intact = scores_of(list(analyse(Array(music(5.0), 4000), [recogniser()])))
    np.testing.assert_allclose(scores_of(chunks)[: len(intact) - 1], intact[:-1], atol=1e-5)


def test_nothing_is_drawn_where_nobody_looks() -> None:
    chunks = list(analyse(Array(music(3.0), 4000), [recogniser()], draw=False))
    assert sum(len(chunk.mel) + len(chunk.peaks) for chunk in chunks) == 0
    assert len(scores_of(chunks)) > 0


def test_levels_tell_how_loud_it_is_with_a_picture_and_without_one() -> None:
    sound = np.concatenate([music(2.0), np.zeros(RATE, np.float32)])
    drawn, plain = (list(analyse(Array(sound, 4000), [recogniser()], draw=draw)) for draw in (True, False))
    np.testing.assert_array_equal(levels_of(plain), levels_of(drawn))
    np.testing.assert_allclose(levels_of(plain)[:200], 0.5 * np.sqrt(0.5), rtol=0.1)
    np.testing.assert_array_equal(levels_of(plain)[200:], np.zeros(100))
    alone = levels_of(list(analyse(Array(sound, 4000), [], draw=False)))
    np.testing.assert_allclose(alone[5:195], levels_of(plain)[5:195], rtol=0.02)


def test_the_timeline_gathers_what_comes() -> None:
    listener = recogniser()
    spec = listener.score_spec
    timeline = Timeline([spec])
    fading = music(6.0) * np.geomspace(1.0, 0.01, 6 * RATE, dtype=np.float32)
    chunks = list(analyse(Array(fading, 4000), [listener]))
    for chunk in chunks:
        timeline.append(chunk)
    levels = row_weights(levels_of(chunks), len(scores_of(chunks)), spec.hop_seconds, spec.window_seconds)
    np.testing.assert_allclose(timeline.clip_scores("tiny"), weighed_mean(scores_of(chunks), levels), atol=1e-6)
    assert np.abs(timeline.clip_scores("tiny") - scores_of(chunks).mean(axis=0)).max() > 0.01
    assert timeline.seconds == pytest.approx(6.0)
    assert len(timeline.scores["tiny"]) == len(scores_of(chunks))
    timeline.close()


@pytest.mark.parametrize("block", [700, 10**7])
def test_clip_scores_do_not_depend_on_the_size_of_blocks(block: int) -> None:
    fading = music(6.0) * np.geomspace(1.0, 0.01, 6 * RATE, dtype=np.float32)
    listeners = [recogniser(), recogniser(name="low", front_end=replace(SPEC.front_end, sample_rate=8000, n_fft=256))]
    found = []
    for size in (block, RATE):
        timeline = Timeline([listener.score_spec for listener in listeners])
        for chunk in analyse(Array(fading, size), listeners):
            timeline.append(chunk)
        found.append([timeline.clip_scores(listener.spec.name) for listener in listeners])
        timeline.close()
    np.testing.assert_allclose(found[0], found[1], atol=1e-5)


def test_silence_counts_alike_throughout() -> None:
    listener = recogniser()
    timeline = Timeline([listener.score_spec])
    chunks = list(analyse(Array(np.zeros(4 * RATE, np.float32), 4000), [listener]))
    for chunk in chunks:
        timeline.append(chunk)
    np.testing.assert_allclose(timeline.clip_scores("tiny"), scores_of(chunks).mean(axis=0), atol=1e-6)
    timeline.close()
