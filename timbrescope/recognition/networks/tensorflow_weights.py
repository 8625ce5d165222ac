"""The weights that the authors of musicnn released, put into our networks."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

# Kind of layer -> its parameters here and in TensorFlow.
_PARAMETERS = {
    "batch_normalization": {
        "weight": "gamma",
        "bias": "beta",
        "running_mean": "moving_mean",
        "running_var": "moving_variance",
    },
    "conv2d": {"weight": "kernel", "bias": "bias"},
    "dense": {"weight": "kernel", "bias": "bias"},
}


def from_tensorflow(network: nn.Module, variables: Mapping[str, Any]) -> dict[str, Tensor]:
    """Return released weights under our names; what else the checkpoint holds (the optimiser's slots) is left aside.

    Args:
        network: a network whose layers stand in the order in which TensorFlow made them.
        variables: float32 arrays of a released checkpoint by TensorFlow's names.

    Raises:
        KeyError: a variable is missing.
    """
    weights = network.state_dict()
    seen = dict.fromkeys(_PARAMETERS, 0)
    for name, layer in network.named_modules():
        kind = _kind(layer)
        if kind is None:
            continue
        prefix = _prefix(kind, seen[kind], variables)
        seen[kind] += 1
        for ours, theirs in _PARAMETERS[kind].items():
            value = torch.tensor(variables[f"{prefix}/{theirs}"])
            weights[f"{name}.{ours}"] = _kernel(layer, value) if theirs == "kernel" else value
    return weights


def _prefix(kind: str, position: int, variables: Mapping[str, Any]) -> str:
    """Return TensorFlow's name of a layer: by its kind, or, of the vgg's convolutions, by their number."""
    numbered = f"{position + 1}CNN"
    if kind == "conv2d" and f"{numbered}/kernel" in variables:
        return numbered
    return f"{kind}_{position}" if position else kind


def _kind(layer: nn.Module) -> str | None:
    match layer:
        case nn.BatchNorm1d() | nn.BatchNorm2d():
            return "batch_normalization"
        case nn.Conv1d() | nn.Conv2d():
            return "conv2d"
        case nn.Linear():
            return "dense"
        case _:
            return None


def _kernel(layer: nn.Module, kernel: Tensor) -> Tensor:
    """Turn the axes of a kernel: time, frequency, in, out of a convolution; in, out of a dense layer."""
    if isinstance(layer, nn.Linear):
        return kernel.t()
    kernel = kernel.permute(3, 2, 0, 1)
    # The middle layers of musicnn see the channels as if they were frequencies.
    return kernel.squeeze(1).transpose(1, 2) if isinstance(layer, nn.Conv1d) else kernel
