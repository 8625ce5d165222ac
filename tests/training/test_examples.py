from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from tests.training import labelled
from timbrescope.audio.file import AudioFile
from timbrescope.recognition.features import LogMel, LogMelStream, compress
from timbrescope.recognition.spec import FrontEnd
from training.collection import UNKNOWN, Collection, Item, Segment
from training.examples import Examples, statistics
from training.spectra.cache import FeatureCache

FRONT_END = labelled.FRONT_END
LABELS = tuple(labelled.REGISTERS)


@pytest.fixture
def tones(tmp_path: Path) -> Collection:
    return labelled.tones(tmp_path / "sounds", clips=2)


@pytest.fixture
def cache(tmp_path: Path, tones: Collection) -> FeatureCache:
    cache = FeatureCache(tmp_path / "cache", FRONT_END)
    cache.add([item.path for item in tones.items], workers=0)
    return cache


def examples(cache: FeatureCache, items: tuple[Item, ...], **options: object) -> Examples:
    settings = {"window_frames": 20, "hop_frames": 20} | options
    return Examples(cache, items, LABELS, "single", **settings)  # type: ignore[arg-type]


def heard(path: Path) -> torch.Tensor:
    stream = LogMelStream(LogMel(FRONT_END))
    frames = [stream.push(torch.from_numpy(block.samples[16_000])) for block in AudioFile(path).blocks({16_000})]
    return torch.cat([*frames, stream.finish()])


def test_windows_are_what_the_recogniser_hears(cache: FeatureCache, tones: Collection) -> None:
    every = examples(cache, tones.items)
    frames = heard(tones.items[0].path)
    assert len(every) == len(tones.items) * (len(frames) // 20)
    power, _ = every.batch(np.arange(len(frames) // 20))
    torch.testing.assert_close(
        compress(FRONT_END, power).flatten(0, 1), frames[: len(frames) // 20 * 20], rtol=0, atol=2e-3
    )


def test_targets_follow_the_labels(cache: FeatureCache, tones: Collection) -> None:
    first, second = tones.items[:2]
    soft = replace(first, labels={"low": 0.75, "high": UNKNOWN})
    every = Examples(cache, [soft, second], LABELS, "multi", window_frames=500, hop_frames=500)
    np.testing.assert_array_equal(every.targets, [[0.75, 0, np.nan], [0, 1, 0]])
    np.testing.assert_array_equal(every.item_of, [0, 1])


def test_a_piece_stays_within_its_times(cache: FeatureCache, tones: Collection) -> None:
    hop = FRONT_END.hop_seconds
    piece = replace(tones.items[0], start=10 * hop, end=35 * hop)
    power, _ = examples(cache, (piece,), window_frames=10, hop_frames=5).batch(np.arange(4))
    frames = heard(piece.path)
    for number, start in enumerate((10, 15, 20, 25)):
        expected = frames[start : start + 10]
        torch.testing.assert_close(compress(FRONT_END, power[number]), expected, rtol=0, atol=2e-3)
    assert len(examples(cache, (piece,), window_frames=10, hop_frames=5)) == 4


def test_what_is_too_short_ends_in_silence(cache: FeatureCache, tones: Collection) -> None:
    short = examples(cache, tones.items[:1], window_frames=200)
    power, _ = short.batch(np.array([0]))
    frames = len(heard(tones.items[0].path))
    assert len(short) == 1
    assert power[0, :frames].sum() > 0
    assert power[0, frames:].max() < 1e-15


def test_random_places_are_drawn_by_the_generator(cache: FeatureCache, tones: Collection) -> None:
    every = examples(cache, tones.items, random_place=True)
    assert len(every) == len(tones.items)
    chosen = np.arange(len(every))
    once, again, other = (every.batch(chosen, torch.Generator().manual_seed(seed))[0] for seed in (1, 1, 2))
    torch.testing.assert_close(once, again, rtol=0, atol=0)
    assert not torch.equal(once, other)


def test_of_two_random_places_the_louder_is_taken(tmp_path: Path) -> None:
    decaying = np.random.default_rng(0).normal(size=48_000) * np.geomspace(0.5, 1e-4, 48_000)
    path = tmp_path / "decay.wav"
    soundfile.write(path, decaying, 16_000)
    cache = FeatureCache(tmp_path / "cache", FRONT_END)
    cache.add([path], workers=0)
    item = Item(path, {"low": 1.0})
    drawn = np.zeros(64, np.int64)

    def median_level(*, louder: bool) -> float:
        every = examples(cache, (item,), random_place=True, louder=louder)
        power, _ = every.batch(drawn, torch.Generator().manual_seed(0))
        assert len(torch.unique(power.sum(dim=(1, 2)))) > 20
        return float(power.sum(dim=(1, 2)).median())

    assert median_level(louder=True) > 4 * median_level(louder=False)


def test_a_frame_s_label_is_that_of_the_middle_of_its_window(cache: FeatureCache, tones: Collection) -> None:
    hop = FRONT_END.hop_seconds
    item = Item(tones.items[0].path, segments=(Segment(10 * hop, 30 * hop, "low"), Segment(40 * hop, 50 * hop, "high")))
    frames = Examples(cache, [item], LABELS, "frame", window_frames=7, hop_frames=1)
    labels = frames.targets.argmax(axis=1)
    assert len(frames) == 30  # what has no label is left out
    np.testing.assert_array_equal(labels, [0] * 20 + [2] * 10)


def test_the_gate_leaves_out_silence(cache: FeatureCache, tones: Collection) -> None:
    assert len(examples(cache, tones.items, silence_db=-60.0)) == len(examples(cache, tones.items))
    assert len(examples(cache, tones.items, silence_db=0.0)) == 0


@pytest.mark.parametrize("kind", ["dataset", "band", "element"])
def test_statistics_standardise_their_own_set(kind: str, cache: FeatureCache, tones: Collection) -> None:
    front_end: FrontEnd = replace(FRONT_END, standardisation=kind)  # type: ignore[arg-type]
    every = examples(cache, tones.items)
    mean, std = statistics(every, front_end)
    x = (compress(front_end, every.batch(np.arange(len(every)))[0]) - mean) / std
    axes = {"dataset": (0, 1, 2), "band": (0, 1), "element": (0,)}[kind]
    assert x.mean(dim=axes).abs().max() < 1e-3
    assert (x.std(dim=axes, correction=0) - 1).abs().max() < 1e-2
    assert mean.shape == std.shape == {"dataset": (1,), "band": (24,), "element": (20, 24)}[kind]
