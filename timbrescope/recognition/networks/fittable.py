"""Models that learn from all windows at once, and what they have in common beside that."""

from collections.abc import Callable
from typing import Any, Protocol, runtime_checkable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from timbrescope.core.errors import ModelError

MOST_LABELS = 2**16

_AT_ONCE = 32  # windows

Floats = NDArray[np.float32]


@runtime_checkable
class Fittable(Protocol):
    """A module of the registry that learns by a method of its own instead of by gradients.

    What it has learnt are buffers. Their sizes depend on the data; they are options of its constructor.
    """

    def fit(self, windows: Tensor, targets: Tensor, seed: int) -> None:
        """Learn, and forget what was learnt before.

        Args:
            windows: as ``forward`` takes them.
            targets: the index of a window's one label, integers of shape (n,); or 0 and 1, shape (n, n_labels), where
                labels are independent. The logits are meant for a softmax in the first case, for sigmoids in the other.
            seed: the same seed, windows and targets give the same model.

        Raises:
            ModelError: the targets cannot be learnt from; the sentence says why.
        """

    def fitted_options(self) -> dict[str, Any]:
        """Return the options, plain JSON types, that build a module of the sizes that ``fit`` has led to."""


def check_size(name: str, value: object, least: int, most: int) -> None:
    """Refuse a size that would take more memory or time than any model needs, before it is taken.

    Raises:
        ValueError: the value is not a whole number within the bounds.
    """
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise ValueError(f"{name} must be a whole number from {least} to {most}")


def indicators(targets: Tensor, n_labels: int) -> tuple[NDArray[np.bool_], bool]:
    """Return which labels apply to which windows, shape (n, n_labels), and whether there is exactly one for each.

    Args:
        targets: as ``Fittable.fit`` takes them.
        n_labels: number of labels.

    Raises:
        ModelError: there are none, or they are neither indices nor 0 and 1.
    """
    values = targets.cpu().numpy()
    if not len(values):
        raise ModelError("There are no windows to learn from; add recordings.")
    exclusive = values.ndim == 1
    if exclusive and np.isin(values, np.arange(n_labels)).all():
        return values[:, None] == np.arange(n_labels), True
    if values.shape[1:] == (n_labels,) and np.isin(values, (0, 1)).all():
        return values == 1, False
    raise ModelError(
        f"A classical model learns from the indices of {n_labels} labels, or from {n_labels} zeros and ones a window; "
        "leave out windows of which a label is unknown or only partly true."
    )


@torch.no_grad()
def features_of(describe: Callable[[Tensor], Tensor], windows: Tensor, device: torch.device) -> Tensor:
    """Return what a function makes of many windows, computed some at a time on a device.

    Raises:
        ModelError: the features of a window are not numbers.
    """
    features = torch.cat(
        [describe(windows[first : first + _AT_ONCE].to(device)) for first in range(0, len(windows), _AT_ONCE)]
    )
    if not (finite := features.flatten(1).isfinite().all(dim=1)).all():
        raise ModelError(
            f"Window number {int(finite.int().argmin()) + 1} holds what is not a number; leave its recording out."
        )
    return features


def to_buffer(values: NDArray[Any], like: Tensor) -> Tensor:
    """Return values as a tensor of the kind and on the device of the buffer that they replace."""
    return torch.as_tensor(np.asarray(values, order="C"), dtype=like.dtype, device=like.device)
