import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch import nn

from tests.tiny import SPEC, Tiny
from timbrescope.recognition.checkpoint import save_checkpoint
from timbrescope.recognition.label_vectors import label_vectors, last_dense, read_label_vectors
from timbrescope.recognition.networks.registry import register


@register("tests-twice", family="linear", paper="none", window=(60, 3), labels=3, seconds=0.96)
class Twice(nn.Module):
    """As many features as labels; the last layer's name sorts first."""

    def __init__(self, n_labels: int) -> None:
        super().__init__()
        self.hidden = nn.Linear(3, n_labels)
        self.answer = nn.Linear(n_labels, n_labels)


@register("tests-none", family="convolution", paper="none", window=(60, 3), labels=3, seconds=0.96)
class Without(nn.Module):
    """No dense layer."""

    def __init__(self, n_labels: int) -> None:
        super().__init__()
        self.convolution = nn.Conv1d(3, n_labels, 1)


def test_they_are_those_of_the_last_dense_layer() -> None:
    network = nn.Sequential(nn.Linear(7, 3), nn.ReLU(), nn.Linear(3, 5), nn.ReLU(), nn.Linear(5, 3), nn.Sigmoid())
    vectors = label_vectors(network, 3)
    assert vectors is not None
    assert last_dense(network, 3) is network[4]
    torch.testing.assert_close(torch.from_numpy(vectors).float(), network[4].weight.detach())


def test_a_network_without_a_dense_layer_has_none() -> None:
    assert label_vectors(nn.Conv2d(1, 3, 1), 3) is None


def test_a_file_says_the_same_as_its_network(tmp_path: Path) -> None:
    for network, name, options in (
        (Tiny(3, 24), "tests-tiny", {"n_mels": 24}),
        (Twice(3), "tests-twice", {}),
        (Without(3), "tests-none", {}),
    ):
        path = tmp_path / f"{name}.safetensors"
        save_checkpoint(path, replace(SPEC, network=name, network_options=options), network.state_dict())
        found, expected = read_label_vectors(path), label_vectors(network, 3)
        assert (found is None) == (expected is None) == (name == "tests-none")
        if found is not None and expected is not None:
            np.testing.assert_array_equal(found, expected)


def test_reading_a_file_needs_no_torch(tmp_path: Path) -> None:
    path = tmp_path / "tiny.safetensors"
    save_checkpoint(path, SPEC, Tiny(3, 24).state_dict())
    code = (
        "import sys; from pathlib import Path; from timbrescope.recognition.relations import read_relations;"
        f"assert read_relations(Path({str(path)!r})).similarity is not None; assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
