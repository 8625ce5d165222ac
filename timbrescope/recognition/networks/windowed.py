"""Longer inputs for networks that end in a dense layer over time: their logits, averaged over consecutive windows."""

from collections.abc import Callable

from torch import Tensor


def mean_over_windows(network: Callable[[Tensor], Tensor], x: Tensor, length: int) -> Tensor:
    """Return the mean of a network's logits over consecutive windows, shape (batch, n_labels).

    As in the papers the windows do not overlap, and what is left over at the end is not heard.

    Args:
        network: maps (batch, length, ...) to logits (batch, n_labels).
        x: shape (batch, frames, n_mels) or (batch, samples), at least one window long.
        length: of a window, in frames or samples.

    Raises:
        ValueError: the input is shorter than a window.
    """
    batch, total = x.shape[:2]
    count = total // length
    if not count:
        raise ValueError(f"an input of length {total} is shorter than a window of {length}")
    logits = network(x[:, : count * length].reshape(batch * count, length, *x.shape[2:]))
    return logits.reshape(batch, count, logits.shape[1]).mean(dim=1)
