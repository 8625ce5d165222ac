from dataclasses import replace

import pytest
import torch

from tests.tiny import FRONT_END
from timbrescope.recognition.spec import FrontEnd, Standardisation
from timbrescope.recognition.standardise import Standardise

WAVEFORM = FrontEnd(16_000, 1, 1, 0, representation="waveform")


@pytest.mark.parametrize(("kind", "shape"), [("dataset", (1,)), ("band", (24,)), ("element", (60, 24))])
def test_the_training_set_s_statistics_travel_in_the_state(kind: Standardisation, shape: tuple[int, ...]) -> None:
    standardise = Standardise(replace(FRONT_END, standardisation=kind), 60)
    assert {name: tuple(value.shape) for name, value in standardise.state_dict().items()} == {
        "mean": shape,
        "std": shape,
    }
    windows = 3 + 2 * torch.randn(7, 60, 24)
    standardise.mean, standardise.std = torch.full(shape, 3.0), torch.full(shape, 2.0)
    torch.testing.assert_close(standardise(windows), (windows - 3) / 2)


def test_each_window_by_its_own() -> None:
    standardise = Standardise(replace(FRONT_END, standardisation="sample"), 60)
    assert not standardise.state_dict()
    out = standardise(torch.randn(4, 60, 24) * torch.tensor([1.0, 5, 20, 0]).view(4, 1, 1) + 7)
    torch.testing.assert_close(out.mean(dim=(1, 2)), torch.zeros(4), atol=1e-5, rtol=0)
    torch.testing.assert_close(out[:3].std(dim=(1, 2), correction=0), torch.ones(3))
    assert not out[3].any()  # silence stays silence


def test_scale_comes_last() -> None:
    windows = torch.randn(2, 60, 24)
    plain = Standardise(replace(FRONT_END, standardisation="sample"), 60)(windows)
    torch.testing.assert_close(
        Standardise(replace(FRONT_END, standardisation="sample", scale=10.0), 60)(windows), 10 * plain
    )


def test_networks_take_a_waveform_without_its_last_axis() -> None:
    assert Standardise(WAVEFORM, 8)(torch.randn(3, 8, 1)).shape == (3, 8)


def test_nothing_to_do_changes_nothing() -> None:
    windows = torch.randn(2, 60, 24)
    assert Standardise(FRONT_END, 60)(windows) is windows
