import pytest
import torch
from torch import Tensor, nn

from timbrescope.recognition.networks import build, entry
from timbrescope.recognition.networks.cost import learnable, multiply_adds, with_statistics


class Small(nn.Module):
    """A convolution of 2 x 2 over (frames, bands), a norm, and a dense layer."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(1, 3, 2)
        self.norm = nn.BatchNorm2d(3)
        self.dense = nn.Linear(3, 5)

    def forward(self, x: Tensor) -> Tensor:
        logits: Tensor = self.dense(self.norm(self.conv(x.unsqueeze(1))).amax(dim=(2, 3)))
        return logits


def test_parameters_and_statistics_are_counted_apart() -> None:
    weights = (3 * 4 + 3) + 2 * 3 + (3 * 5 + 5)
    assert learnable(Small()) == weights
    assert with_statistics(Small()) == weights + 2 * 3  # not the number of batches seen


def test_frozen_parameters_are_not_learnable() -> None:
    network = Small()
    network.dense.requires_grad_(requires_grad=False)
    assert learnable(network) == (3 * 4 + 3) + 2 * 3


def test_multiplications_are_those_of_convolution_and_dense_layer() -> None:
    assert multiply_adds(Small(), (11, 6)) == 3 * 4 * (10 * 5) + 3 * 5


@pytest.mark.parametrize("training", [True, False])
def test_counting_leaves_the_network_as_it_was(training: bool) -> None:
    network = Small().train(training)
    before = {key: value.clone() for key, value in network.state_dict().items()}
    multiply_adds(network, (11, 6))
    assert network.training is training
    assert all(torch.equal(value, before[key]) for key, value in network.state_dict().items())


@pytest.mark.parametrize("name", ["musicnn", "pons-multilayer", "small-rectangular-tags"])
def test_counting_needs_no_computing(name: str) -> None:
    window, labels = entry(name).window, entry(name).labels
    with torch.device("meta"):
        meta = build(name, labels)
    assert multiply_adds(meta, window) == multiply_adds(build(name, labels), window)
