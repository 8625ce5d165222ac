from dataclasses import replace
from pathlib import Path

import pytest
import torch

from tests.tiny import SPEC
from timbrescope.core.errors import ModelError
from timbrescope.recognition.checkpoint import load_checkpoint, save_checkpoint
from timbrescope.recognition.model import Model

STANDARDISED = replace(SPEC, front_end=replace(SPEC.front_end, standardisation="band"))


def test_save_then_load_keeps_the_statistics(tmp_path: Path) -> None:
    model = Model(STANDARDISED)
    model.standardise.mean, model.standardise.std = torch.randn(24), torch.rand(24) + 1
    save_checkpoint(tmp_path / "m.safetensors", STANDARDISED, model.weights())
    _, loaded = load_checkpoint(tmp_path / "m.safetensors")
    windows = torch.rand(3, 60, 24)
    torch.testing.assert_close(loaded(windows), model.eval()(windows), rtol=0, atol=0)
    assert not torch.equal(loaded(windows), loaded.network(windows))


def test_weights_keep_the_network_s_names() -> None:
    assert Model(SPEC).weights().keys() == Model(SPEC).network.state_dict().keys()
    assert set(Model(STANDARDISED).weights()) - set(Model(SPEC).weights()) == {"standardise.mean", "standardise.std"}


def test_missing_statistics_are_named() -> None:
    with pytest.raises(ModelError, match=r"standardise\.mean"):
        Model(STANDARDISED).load_weights(Model(SPEC).weights())
