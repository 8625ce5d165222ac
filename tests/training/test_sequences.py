import itertools
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.training import labelled
from training.collection import Item, Segment, Split
from training.sequences import Sequences
from training.spectra.cache import FeatureCache, decode

HOP = labelled.FRONT_END.hop_seconds
LABELS = ("low", "high")


@pytest.fixture
def item(tmp_path: Path) -> Item:
    path = labelled.tones(tmp_path / "sounds", clips=1).items[0].path
    return Item(path, segments=(Segment(10 * HOP, 20 * HOP, "low"), Segment(20 * HOP, 25 * HOP, "high")), group="g")


@pytest.fixture
def cache(tmp_path: Path, item: Item) -> FeatureCache:
    cache = FeatureCache(tmp_path / "cache", labelled.FRONT_END)
    cache.add([item.path], workers=0)
    return cache


def sequences(cache: FeatureCache, item: Item, **options: object) -> Sequences:
    settings = {"window_frames": 9, "look_ahead_frames": 2, "chunk_frames": 8, "hop_frames": 8} | options
    return Sequences(cache, [item], LABELS, **settings)  # type: ignore[arg-type]


def test_frames_come_with_their_context_and_labels(cache: FeatureCache, item: Item) -> None:
    chunks = sequences(cache, item)
    assert len(chunks) == 3  # frames 8 to 32: the first eight have no label
    power, targets = chunks.batch(np.arange(3))
    assert power.shape == (3, 8 + 8, labelled.FRONT_END.n_bands)
    assert targets.shape == (3, 8, 2)
    torch.testing.assert_close(power[0], decode(torch.from_numpy(cache.read(item.path, 8 - 6, 16))))
    expected = np.full((24, 2), np.nan)
    expected[2:12] = [1, 0]
    expected[12:17] = [0, 1]
    np.testing.assert_array_equal(targets.flatten(0, 1).numpy(), expected)
    np.testing.assert_allclose(chunks.targets.sum(axis=0), [10 / 8, 5 / 8])


def test_before_a_recording_there_is_silence(cache: FeatureCache, item: Item) -> None:
    whole = Item(item.path, segments=(Segment(0, 8 * HOP, "low"),))
    power, _ = sequences(cache, whole).batch(np.array([0]))
    silence = decode(torch.zeros(1, dtype=torch.uint16)).item()
    assert (power[0, :6] == silence).all()
    assert (power[0, 6:] != silence).any()


def test_places_are_drawn_within_the_recording(cache: FeatureCache, item: Item) -> None:
    chunks = sequences(cache, item, random_place=True)
    regular, _ = chunks.batch(np.arange(3))
    drawn = [chunks.batch(np.arange(3), torch.Generator().manual_seed(seed))[0] for seed in (1, 1, 2)]
    torch.testing.assert_close(drawn[0], drawn[1])
    assert not torch.equal(drawn[0], drawn[2])
    assert not torch.equal(drawn[0], regular)


def test_collection_of_labels_for_every_frame_is_learnt(tmp_path: Path) -> None:
    pytest.importorskip("lightning_fabric")
    from timbrescope.recognition.checkpoint import load_checkpoint
    from training.config import Config, Data, Network, Stage, Training
    from training.preparation import prepare
    from training.train import train

    collection = labelled.tones(tmp_path / "sounds", "frame")
    parts: Iterator[Split] = itertools.cycle(("train", "train", "train", "validation"))
    collection = replace(collection, items=tuple(map(_in_part, collection.items, parts)))
    front_end = labelled.FRONT_END
    network = Network("mfcc-gmm", {"n_mels": front_end.n_mels, "n_components": 1}, 9, look_ahead_frames=4)
    config = Config(
        "frames", front_end, network,
        Training((Stage(1),), metric="accuracy"), kind="phonemes", data=Data(chunk_frames=1, hop_frames=5),
    )  # fmt: skip
    data = prepare(config, collection, tmp_path / "cache", lambda _: None, workers=0)
    path = train(config, data, tmp_path / "run", lambda _: None, device="cpu")
    spec, _ = load_checkpoint(path)
    assert (spec.look_ahead_frames, spec.hop_frames, spec.activation) == (4, 1, "softmax")
    assert spec.figures["validation accuracy"] > 0.8


def _in_part(item: Item, split: Split) -> Item:
    return replace(item, split=split)
