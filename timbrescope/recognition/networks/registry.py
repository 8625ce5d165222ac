"""Which networks there are: a dictionary, a decorator and an error that lists the names."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from torch import nn

from timbrescope.core.errors import ModelError

Factory = TypeVar("Factory", bound=Callable[..., nn.Module])


@dataclass(frozen=True, slots=True)
class Entry:
    """A network in the registry.

    Attributes:
        factory: called with the number of labels and the network's own options.
        family: what kind of filters it is built of.
        paper: where it comes from.
        window: shape of one input as in the paper: (frames, mel bands), or (samples,) where it listens to the waveform.
        labels: number of outputs in the paper.
        seconds: how much sound one window is.
    """

    factory: Callable[..., nn.Module]
    family: str
    paper: str
    window: tuple[int, ...]
    labels: int
    seconds: float


_NETWORKS: dict[str, Entry] = {}


def register(
    name: str, *, family: str, paper: str, window: tuple[int, ...], labels: int, seconds: float
) -> Callable[[Factory], Factory]:
    """Make a network known under the name by which checkpoints ask for it; the rest is as in ``Entry``.

    It is called with the number of labels and its own options, and maps float32 windows of shape
    (batch, frames, n_mels), or (batch, samples), to logits of shape (batch, n_labels).
    """

    def add(factory: Factory) -> Factory:
        if name in _NETWORKS:
            raise ValueError(f"two networks are called {name!r}")
        _NETWORKS[name] = Entry(factory, family, paper, window, labels, seconds)
        return factory

    return add


def build(name: str, n_labels: int, **options: Any) -> nn.Module:
    """Return a fresh network with random weights, in training mode.

    Raises:
        ModelError: no network has this name, or it does not take these options.
    """
    factory = entry(name).factory
    try:
        return factory(n_labels, **options)
    except (TypeError, ValueError, RuntimeError) as error:
        raise ModelError(f"The network {name!r} cannot be built with the options {options} ({error}).") from error


def entry(name: str) -> Entry:
    """Return what is known of a network.

    Raises:
        ModelError: no network has this name.
    """
    if name not in _NETWORKS:
        raise ModelError(f"There is no network called {name!r}; this version knows: {', '.join(names())}.")
    return _NETWORKS[name]


def names() -> list[str]:
    """Return the names of all networks in alphabetical order."""
    return sorted(_NETWORKS)
