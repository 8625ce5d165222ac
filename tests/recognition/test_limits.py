import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save_file

from tests.tiny import SPEC
from timbrescope.core.errors import ModelError
from timbrescope.recognition import checkpoint, limits
from timbrescope.recognition.checkpoint import load_checkpoint, read_spec, save_checkpoint
from timbrescope.recognition.model import Model


def written(path: Path, **changes: Any) -> Path:
    """Write a model whose description claims something else, with a digest that fits."""
    save_checkpoint(path, SPEC, Model(SPEC).weights())
    _, tensors = checkpoint.read_weights(path)
    description = json.loads(json.dumps(SPEC.to_dict() | changes))
    header = {"spec": description, "sha256": checkpoint._digest(description, tensors)}
    save_file({name: np.asarray(tensor) for name, tensor in tensors.items()}, path, {"timbrescope": json.dumps(header)})
    return path


def test_a_model_as_it_should_be_opens(tmp_path: Path) -> None:
    assert load_checkpoint(written(tmp_path / "a.safetensors"))[0] == SPEC


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"labels": ["a"] * (limits.MOST_LABELS + 1)}, "labels"),
        ({"labels": ["a" * (limits.LONGEST_LABEL + 1)]}, "labels"),
        ({"labels": []}, "labels"),
        ({"labels": ["low", "\x1b[2J", "high"]}, "labels"),
        ({"title": "Tiny\x07"}, "title"),
        ({"version": -1}, "version"),
        ({"description": "a" * (limits.LONGEST_TEXT + 1)}, "description"),
        ({"window_frames": 2**40}, "window_frames"),
        ({"front_end": {**SPEC.to_dict()["front_end"], "n_fft": 2**30}}, "front_end.n_fft"),
        ({"network_options": {"n_mels": 2**40}}, "network_options"),
        ({"network_options": {"n_mels": [[[[[[1]]]]]]}}, "network_options"),
        ({"network_options": {"n_mels": [1] * 5000}}, "network_options"),
    ],
)
def test_one_that_asks_for_too_much_is_not_opened(tmp_path: Path, changes: dict[str, Any], place: str) -> None:
    path = written(tmp_path / "a.safetensors", **changes)
    for read in (read_spec, load_checkpoint):
        with pytest.raises(ModelError, match=f"its {place}"):
            read(path)


def test_weights_of_another_shape_are_noticed_before_memory_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(tmp_path / "a.safetensors", network_options={"n_mels": 2**22})
    built: list[str] = []
    whole = Model.__init__

    def watched(model: Model, spec: Any) -> None:
        whole(model, spec)
        built.extend({tensor.device.type for tensor in model.weights().values()})

    monkeypatch.setattr(Model, "__init__", watched)
    with pytest.raises(ModelError, match="does not fit its own description"):
        load_checkpoint(path)
    assert set(built) == {"meta"}


def test_a_file_larger_than_any_model_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "a.safetensors"
    with path.open("wb") as file:
        file.truncate(limits.MOST_BYTES + 1)
    with pytest.raises(ModelError, match="more than any model"):
        read_spec(path)
