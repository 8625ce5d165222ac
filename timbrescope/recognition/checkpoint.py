"""One model in one file: tensors as safetensors, with the description and a digest in the header.

Reading a file never runs code from it. torch is imported only where a network is built, because the list of models is
shown before torch has been loaded.
"""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from timbrescope.core.errors import ModelError
from timbrescope.core.files import replaced_when_done
from timbrescope.recognition.limits import check_description, check_size
from timbrescope.recognition.spec import ModelSpec

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from timbrescope.recognition.model import Model

SUFFIX = ".safetensors"

_KEY = "timbrescope"  # one entry: safetensors writes several in no fixed order, and equal models are equal files

Tensors = Mapping[str, NDArray[Any]]


class _Content(NamedTuple):
    description: Mapping[str, Any]  # as it was written: the digest holds even where a later version adds fields
    digest: str
    tensors: Tensors


def weights_digest(tensors: Tensors) -> str:
    """Return the SHA-256 over names, types, shapes and values of tensors, in hexadecimal."""
    digest = hashlib.sha256()
    for name, tensor in sorted(tensors.items()):
        little_endian = np.asarray(tensor, tensor.dtype.newbyteorder("<"))
        digest.update(json.dumps([name, little_endian.dtype.str, tensor.shape]).encode() + b"\n")
        digest.update(little_endian.tobytes())
    return digest.hexdigest()


def save_checkpoint(path: Path, spec: ModelSpec, weights: "Mapping[str, Tensor]") -> None:
    """Write a model; a file of that name is replaced in one step, or stays as it was.

    Args:
        path: of the file.
        spec: its description.
        weights: as ``Model.weights`` returns them.

    Raises:
        ModelError: the file cannot be written.
    """
    save_tensors(path, spec, {name: tensor.detach().cpu().numpy() for name, tensor in weights.items()})


def save_tensors(path: Path, spec: ModelSpec, tensors: Tensors) -> None:
    """Write a model from what ``read_weights`` returns; the rest is as in ``save_checkpoint``.

    Raises:
        ModelError: the file cannot be written.
    """
    tensors = {name: np.asarray(tensor, order="C") for name, tensor in tensors.items()}
    description = spec.to_dict()
    header = {"spec": description, "sha256": _digest(description, tensors)}
    content = save(tensors, {_KEY: json.dumps(header, ensure_ascii=False, sort_keys=True)})
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with replaced_when_done(path) as file:
            file.write(content)
    except OSError as error:
        raise ModelError(
            f"The model cannot be written to {path} ({error.strerror}); make room there or allow writing to the folder."
        ) from error


def read_spec(path: Path) -> ModelSpec:
    """Return the description of a model without reading its tensors.

    Raises:
        ModelError: the file is missing, damaged or no model.
    """
    return ModelSpec.from_dict(_read(path, tensors=False).description)


def read_fingerprint(path: Path) -> str:
    """Return the digest of a model's description and weights, as the file says it: equal models have equal ones.

    Raises:
        ModelError: the file is missing, damaged or no model.
    """
    return _read(path, tensors=False).digest


def read_weights(path: Path) -> tuple[ModelSpec, Tensors]:
    """Return the description of a model and its tensors by name, checked against its digest.

    Raises:
        ModelError: the file is missing, damaged or no model.
    """
    content = _read_checked(path)
    return ModelSpec.from_dict(content.description), content.tensors


def load_checkpoint(path: Path, device: "torch.device | str" = "cpu") -> "tuple[ModelSpec, Model]":
    """Return a model, checked against its digest: its description, and itself on a device in evaluation mode.

    Raises:
        ModelError: the file is missing or damaged, or it does not fit its own description.
    """
    import torch

    from timbrescope.recognition.model import Model

    spec, tensors = read_weights(path)
    weights = {name: torch.from_numpy(tensor) for name, tensor in tensors.items()}
    try:
        with torch.device("meta"):  # shapes without numbers: a file from somebody else may ask for any amount of memory
            Model(spec).load_weights({name: tensor.to("meta") for name, tensor in weights.items()})
        model = Model(spec)
        model.load_weights(weights)
    except ModelError as error:
        raise ModelError(f"{path} does not fit its own description ({error}); install the model again.") from error
    return spec, model.to(device).eval()


def verify_checkpoint(path: Path) -> None:
    """Check a model against its digest.

    Raises:
        ModelError: the file is missing, or anything in it has changed since it was written.
    """
    _read_checked(path)


def _read_checked(path: Path) -> _Content:
    content = _read(path, tensors=True)
    if _digest(content.description, content.tensors) != content.digest:
        raise ModelError(f"{path} is damaged or was changed: its checksum is wrong; install the model again.")
    return content


def _read(path: Path, *, tensors: bool) -> _Content:
    try:
        check_size(path)
        with safe_open(path, framework="numpy") as file:
            header = json.loads((file.metadata() or {})[_KEY])
            check_description(path, header["spec"])
            values = {name: file.get_tensor(name) for name in file.keys()} if tensors else {}  # noqa: SIM118 - no dict
            return _Content(dict(header["spec"]), str(header["sha256"]), values)
    except FileNotFoundError as error:
        raise ModelError(f"There is no model at {path}; install it again or check the path.") from error
    except KeyError as error:
        raise ModelError(f"{path} is not a model of this program; choose a file that it has written.") from error
    except (OSError, SafetensorError, TypeError, ValueError, RecursionError) as error:
        raise ModelError(f"{path} is damaged and cannot be read ({error}); install the model again.") from error


def _digest(description: Mapping[str, Any], tensors: Tensors) -> str:
    text = json.dumps(description, sort_keys=True)
    return hashlib.sha256(f"{text}\n{weights_digest(tensors)}".encode()).hexdigest()
