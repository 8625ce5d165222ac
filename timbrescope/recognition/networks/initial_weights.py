"""The weights that a network starts from."""

from collections.abc import Callable
from typing import Any

from torch import Tensor, nn


def initialise(network: nn.Module, draw: Callable[[Tensor], Any]) -> None:
    """Draw the kernels of all convolutional and dense layers anew and set their biases to zero.

    Args:
        network: changed in place.
        draw: fills a kernel in place, such as ``nn.init.xavier_uniform_`` (Glorot) or ``nn.init.kaiming_normal_`` (He).
    """
    for layer in network.modules():
        if isinstance(layer, nn.Conv1d | nn.Conv2d | nn.Linear):
            draw(layer.weight)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
