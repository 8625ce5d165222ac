"""What a model from somebody else may ask of this computer, checked before anything is built. No torch here."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from timbrescope.core.errors import ModelError

MOST_BYTES = 2**31
MOST_LABELS = 2**16
LONGEST_LABEL = 500
LONGEST_TEXT = 200_000
LARGEST_NUMBER = 2**22  # of samples in a window, of support vectors
LONGEST_LIST = 4096
DEEPEST = 4
_FRONT_END = {"sample_rate": 1_000_000, "n_fft": 2**18, "win_length": 2**18, "hop_length": 2**18, "n_mels": 4096}
_TEXTS = ("name", "title", "description", "licence", "source", "citation", "network")


def check_size(path: Path) -> None:
    """See that a file is not too large to be a model.

    Raises:
        ModelError: it is.
        OSError: it cannot be looked at.
    """
    if (size := path.stat().st_size) > MOST_BYTES:
        raise ModelError(
            f"{path} has {size / 1e9:.1f} GB, more than any model of this program; choose a file that it has written."
        )


def check_description(path: Path, description: Mapping[str, Any]) -> None:
    """See that a model's description keeps within what a real model can need.

    Raises:
        ModelError: it does not; the sentence says where.
    """
    place = _beyond(description)
    if place is not None:
        raise ModelError(
            f"{path} asks for more than a model can need (its {place}), so it was not opened; get it from its maker "
            "again."
        )


def _beyond(description: Mapping[str, Any]) -> str | None:
    """Return the first entry that goes too far."""
    return next((name for name, is_fine in _entries(description) if not is_fine), None)


def _entries(description: Mapping[str, Any]) -> Iterator[tuple[str, bool]]:
    """Yield entries and whether each is within the limits."""
    labels = description.get("labels", ())
    is_list = isinstance(labels, list | tuple) and 0 < len(labels) <= MOST_LABELS
    yield "labels", is_list and all(_is_text(label, LONGEST_LABEL) and label.isprintable() for label in labels)
    for name in ("name", "title"):
        yield name, str(description.get(name, "")).isprintable()  # a terminal obeys what is not
    for name in _TEXTS:
        yield name, _is_text(description.get(name, ""), LONGEST_TEXT)
    for name in ("window_frames", "hop_frames"):
        yield name, _is_count(description.get(name, 1), LARGEST_NUMBER)
    yield "version", _is_count(description.get("version", 0), LARGEST_NUMBER)
    front_end = description.get("front_end", {})
    yield "front_end", isinstance(front_end, Mapping)
    for name, most in _FRONT_END.items():
        yield f"front_end.{name}", front_end.get(name) is None or _is_count(front_end[name], most)
    figures = description.get("figures", {})
    yield "figures", isinstance(figures, Mapping) and len(figures) <= LONGEST_LIST
    yield "network_options", _is_small(description.get("network_options", {}))


def _is_text(value: object, most: int) -> bool:
    return isinstance(value, str) and len(value) <= most


def _is_count(value: object, most: int) -> bool:
    return isinstance(value, int) and 0 <= value <= most


def _is_small(value: object, depth: int = 0) -> bool:
    """Tell whether all numbers, texts and lists in it are of a size that a network's options can have."""
    match value:
        case bool() | None:
            return True
        case int() | float():
            return abs(value) <= LARGEST_NUMBER
        case str():
            return len(value) <= LONGEST_LABEL
        case Mapping():
            inside = [*value.keys(), *value.values()]
        case list() | tuple():
            inside = list(value)
        case _:
            return False
    return depth < DEEPEST and len(inside) <= LONGEST_LIST and all(_is_small(each, depth + 1) for each in inside)
