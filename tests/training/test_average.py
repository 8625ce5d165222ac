from dataclasses import replace
from pathlib import Path

import pytest
import torch

from tests.tiny import SPEC, Tiny
from timbrescope.recognition.checkpoint import load_checkpoint, save_checkpoint
from training.average import main


def test_the_average_lies_in_the_middle(tmp_path: Path) -> None:
    weights = [{name: tensor + step for name, tensor in Tiny(3, 24).state_dict().items()} for step in (-1.0, 3.0)]
    for number, one in enumerate(weights):
        save_checkpoint(tmp_path / f"{number}.safetensors", replace(SPEC, title=str(number)), one)
    names = [str(tmp_path / f"{number}.safetensors") for number in range(2)]
    assert main([*names, "--output", str(tmp_path / "middle.safetensors")]) == 0
    spec, network = load_checkpoint(tmp_path / "middle.safetensors")
    assert spec.title == "1"
    for name, tensor in network.weights().items():
        torch.testing.assert_close(tensor, (weights[0][name] + weights[1][name]) / 2)


def test_models_of_other_labels_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    save_checkpoint(tmp_path / "a.safetensors", SPEC, Tiny(3, 24).state_dict())
    other = replace(SPEC, labels=("low", "middle", "top"))
    save_checkpoint(tmp_path / "b.safetensors", other, Tiny(3, 24).state_dict())
    arguments = [str(tmp_path / "a.safetensors"), str(tmp_path / "b.safetensors"), "--output", str(tmp_path / "c")]
    assert main(arguments) == 2
    assert "differ in more than their weights" in capsys.readouterr().err
    assert not (tmp_path / "c").exists()
