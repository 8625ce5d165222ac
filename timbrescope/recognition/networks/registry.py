"""Which networks there are: a dictionary, a decorator and an error that lists the names."""

from collections.abc import Callable
from typing import Any, TypeVar

from torch import nn

from timbrescope.core.errors import ModelError

Factory = TypeVar("Factory", bound=Callable[..., nn.Module])

_NETWORKS: dict[str, Callable[..., nn.Module]] = {}


def register(name: str) -> Callable[[Factory], Factory]:
    """Make a network known under the name by which checkpoints ask for it.

    It is called with the number of labels and its own options, and maps float32 windows of shape
    (batch, frames, n_mels) to logits of shape (batch, n_labels).
    """

    def add(factory: Factory) -> Factory:
        if name in _NETWORKS:
            raise ValueError(f"two networks are called {name!r}")
        _NETWORKS[name] = factory
        return factory

    return add


def build(name: str, n_labels: int, **options: Any) -> nn.Module:
    """Return a fresh network with random weights, in training mode.

    Raises:
        ModelError: no network has this name, or it does not take these options.
    """
    if name not in _NETWORKS:
        raise ModelError(f"There is no network called {name!r}; this version knows: {', '.join(names())}.")
    try:
        return _NETWORKS[name](n_labels, **options)
    except (TypeError, ValueError, RuntimeError) as error:
        raise ModelError(f"The network {name!r} cannot be built with the options {options} ({error}).") from error


def names() -> list[str]:
    """Return the names of all networks in alphabetical order."""
    return sorted(_NETWORKS)
