"""Every model that comes with the program, and every network that can be learnt, can be exported."""

import importlib.util
from pathlib import Path

import pytest
import torch

from timbrescope import paths
from timbrescope.recognition.checkpoint import load_checkpoint
from timbrescope.recognition.export import SUFFIXES, Format, export
from timbrescope.recognition.model import Model
from training.collection import Collection, Item, Task
from training.config import named_configs, read_config
from training.preparation import model_spec

BUNDLED = sorted((paths.resources() / "models").glob("*.safetensors"))
CONFIGS = {read_config(path).network.name: path for path in reversed(named_configs().values())}
FORMATS: tuple[Format, ...] = (
    ("onnx", "torchscript")
    if all(map(importlib.util.find_spec, ("onnx", "onnxruntime", "onnxscript")))
    else ("torchscript",)
)


@pytest.mark.parametrize("path", BUNDLED, ids=lambda path: path.stem)
def test_bundled_models_become_torchscript_of_the_same_scores(path: Path, tmp_path: Path) -> None:
    written = export(*load_checkpoint(path), tmp_path, ("torchscript",))  # compares them itself
    assert written[0].suffix == SUFFIXES["torchscript"]


@pytest.mark.slow
@pytest.mark.parametrize("path", BUNDLED, ids=lambda path: path.stem)
def test_bundled_models_become_onnx_of_the_same_scores(path: Path, tmp_path: Path) -> None:
    pytest.importorskip("onnxscript")
    assert export(*load_checkpoint(path), tmp_path, ("onnx",))[0].suffix == SUFFIXES["onnx"]


@pytest.mark.slow
@pytest.mark.parametrize("network", sorted(CONFIGS))
def test_every_network_can_be_exported(network: str, tmp_path: Path) -> None:
    config = read_config(CONFIGS[network])
    task: Task = "frame" if config.network.look_ahead_frames is not None else "single"
    labels = ("a", "b", "c")
    items = tuple(Item(tmp_path / label, {label: 1.0}) for label in labels)
    torch.manual_seed(0)
    spec = model_spec(config, Collection(labels, task, items))
    assert len(export(spec, Model(spec).eval(), tmp_path, FORMATS)) == len(FORMATS) + 1
