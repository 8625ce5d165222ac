from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from tests.training import labelled
from timbrescope.recognition.checkpoint import load_checkpoint
from timbrescope.recognition.networks.registry import register
from training.collection import UNKNOWN, Collection, Taught
from training.config import Config
from training.errors import TrainingError
from training.examples import Examples
from training.preparation import prepare
from training.progress import Epoch, Event
from training.start import silence
from training.train import train


@register("tests-embedder", family="linear", paper="none", window=(24, 24), labels=3, seconds=0.4)
class Embedder(nn.Module):
    """A vector of three numbers that are named by a linear map."""

    embedding_size = 3

    def __init__(self, n_labels: int) -> None:
        super().__init__()
        self.inside, self.output = nn.Linear(24, 3), nn.Linear(3, n_labels)

    def forward(self, windows: Tensor) -> Tensor:
        return self.classify(self.embed(windows))

    def embed(self, windows: Tensor) -> Tensor:
        embedding: Tensor = self.inside(windows.mean(dim=1))
        return embedding

    def classify(self, embedding: Tensor) -> Tensor:
        logits: Tensor = self.output(embedding)
        return logits


def taught_tones(folder: Path) -> Collection:
    """Return tones of which nobody knows the register but a teacher does."""
    tones = labelled.tones(folder, "single", clips=8)
    scores = np.array([[float(label in item.labels) for label in tones.labels] for item in tones.items], np.float16)
    unknown = dict.fromkeys(tones.labels, UNKNOWN)
    items = [
        replace(item, row=row, labels=item.labels if row < 3 else unknown, split="train" if row < 18 else "validation")
        for row, item in enumerate(tones.items)
    ]
    return Collection(tones.labels, "multi", tuple(items), taught=Taught(("t:low", "t:middle", "t:high"), scores))


def config(taught: float) -> Config:
    plain = labelled.config(metric="loss")
    return replace(
        plain,
        network=replace(plain.network, name="tests-embedder", options={}),
        training=replace(plain.training, taught=taught),
    )


def separation(path: Path, data: Collection, cache: Path, how: Config) -> float:
    """Return how far apart registers lie against their own spread in the embedding."""
    examples = prepare(how, data, cache, lambda _: None, workers=0).validation
    _, model = load_checkpoint(path)
    assert isinstance(examples, Examples)
    power, _ = examples.batch(np.arange(len(examples)))
    from timbrescope.recognition.features import compress

    with torch.no_grad():
        network = model.network
        assert isinstance(network, Embedder)
        vectors = network.embed(model.standardise(compress(how.front_end, power)))
    assert data.taught is not None
    rows = [examples.items[index].row for index in examples.item_of]
    classes = torch.from_numpy(np.asarray(data.taught.scores[rows], np.float32)).argmax(dim=1)
    means = torch.stack([vectors[classes == index].mean(dim=0) for index in range(3)])
    spread = torch.stack([(vectors[classes == index] - means[index]).norm(dim=1).mean() for index in range(3)]).mean()
    return float(torch.pdist(means).min() / spread)


def test_teachers_scores_shape_the_embedding_and_leave_no_trace_in_the_model(tmp_path: Path) -> None:
    data = taught_tones(tmp_path / "sounds")
    apart = {}
    for taught in (0.0, 5.0):
        how = config(taught)
        prepared = prepare(how, data, tmp_path / "cache", lambda _: None, workers=0)
        events: list[Event] = []
        path = train(how, prepared, tmp_path / str(taught), events.append, device="cpu")
        apart[taught] = separation(path, data, tmp_path / "cache", how)
        _, model = load_checkpoint(path)
        assert {name for name in model.weights() if not name.startswith("standardise")} == {
            "inside.weight", "inside.bias", "output.weight", "output.bias",
        }  # fmt: skip
        losses = [event.loss for event in events if isinstance(event, Epoch)]
        assert losses[-1] < losses[0]
    assert apart[5.0] > 1.5 * apart[0.0]


def test_a_network_without_an_embedding_cannot_be_taught(tmp_path: Path) -> None:
    plain = labelled.config(metric="loss", taught=1.0)
    data = prepare(plain, taught_tones(tmp_path / "sounds"), tmp_path / "cache", lambda _: None, workers=0)
    with pytest.raises(TrainingError, match="this network has none"):
        train(plain, data, tmp_path / "run", lambda _: None, device="cpu")


def test_a_quiet_start_says_nothing_of_anything() -> None:
    network = Embedder(3)
    silence(network, 3)
    assert torch.equal(network(torch.randn(4, 24, 24)), torch.zeros(4, 3))


def test_a_network_without_a_dense_layer_has_no_quiet_start() -> None:
    with pytest.raises(TrainingError, match="quiet_start"):
        silence(nn.Conv1d(1, 3, 1), 3)


def soft_tones(folder: Path) -> Collection:
    """Return tones with scores of a teacher who is never sure for labels."""
    tones = labelled.tones(folder, "multi", clips=8)
    items = [
        replace(
            item, labels={label: 0.02 + 0.3 * item.labels.get(label, 0.0) for label in tones.labels}, group=str(row)
        )
        for row, item in enumerate(tones.items)
    ]
    return Collection(tones.labels, "multi", tuple(items))


def learning_logits(epochs: int, frozen: tuple[str, ...] = ()) -> Config:
    plain = config(0.0)
    return replace(
        plain,
        network=replace(plain.network, quiet_start=True, frozen=frozen),
        data=replace(plain.data, balance="none"),
        training=replace(
            plain.training, loss="logit-error", stages=(replace(plain.training.stages[0], epochs=epochs),)
        ),
    )


def run(config: Config, collection: Collection, folder: Path) -> dict[str, Tensor]:
    data = prepare(config, collection, folder / "cache", lambda _: None, workers=0)
    path = train(config, data, folder / "run", lambda _: None, device="cpu")
    return load_checkpoint(path)[1].weights()


def test_where_logits_are_learnt_a_quiet_start_says_what_is_usual(tmp_path: Path) -> None:
    slow = learning_logits(1)
    slow = replace(
        slow, training=replace(slow.training, stages=(replace(slow.training.stages[0], learning_rate=1e-9),))
    )
    weights = run(slow, soft_tones(tmp_path), tmp_path)
    assert weights["output.weight"].abs().max() < 1e-6
    assert ((weights["output.bias"] > -3.9) & (weights["output.bias"] < -0.7)).all()  # between those of 0.02 and 0.32


def test_frozen_parts_stay_as_they_start(tmp_path: Path) -> None:
    collection = soft_tones(tmp_path)
    once = run(learning_logits(1, ("inside",)), collection, tmp_path / "1")
    twice = run(learning_logits(3, ("inside",)), collection, tmp_path / "2")
    assert once["inside.weight"].equal(twice["inside.weight"])
    assert not once["output.weight"].equal(twice["output.weight"])
    free = run(learning_logits(3), collection, tmp_path / "3")
    assert not free["inside.weight"].equal(once["inside.weight"])


def test_a_frozen_part_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="no part called 'insides'"):
        run(learning_logits(1, ("insides",)), soft_tones(tmp_path), tmp_path)
