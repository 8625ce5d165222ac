"""A map of sounds as ``timbrescope map`` writes it, and where another sound would lie on it."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from timbrescope.core.errors import ModelError

Floats = NDArray[np.float32]

_NEIGHBOURS: Final = 5
_SHARPNESS: Final = 20.0  # so much more alike by 0.1 counts e² times as much: a place between two groups is neither


@dataclass(frozen=True, slots=True)
class Point:
    """A piece of a recording.

    Attributes:
        path, start, end: where it is, in seconds; no end is the end of the file.
        labels: that it has.
        said: those that a model gives it.
        wrong: whether the model is mistaken; None where nobody knows.
    """

    path: Path
    start: float
    end: float | None
    labels: tuple[str, ...]
    said: tuple[str, ...] = ()
    wrong: bool | None = None

    @property
    def label(self) -> str:
        """Its labels in one text; empty where it has none."""
        return ", ".join(self.labels)


@dataclass(frozen=True, slots=True, eq=False)
class SoundMap:
    """All points, with their places in -1..1, shape (n, 2), and vectors, shape (n, embedding size).

    Attributes:
        data: the folder or table that was laid out.
        task: ``single``, ``multi`` or ``frame``.
        labels: known there.
        encoder: the checkpoint whose vectors were laid out.
        problems: what was left out.
    """

    data: Path
    task: str
    labels: tuple[str, ...]
    encoder: Path
    points: tuple[Point, ...]
    places: Floats
    vectors: NDArray[np.float16]
    problems: tuple[str, ...]


def read_map(path: Path) -> SoundMap:
    """Return a map.

    Raises:
        ModelError: there is none, or it is damaged.
    """
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        points = tuple(map(_point, told["points"]))
        places = np.array([(one["x"], one["y"]) for one in told["points"]], np.float32).reshape(-1, 2)
        vectors = np.load(path.with_name(told["vectors"]), allow_pickle=False)
        if len(vectors) != len(points):
            raise ValueError("its vectors belong to another map")  # noqa: TRY301 (all that is wrong is told alike)
        return SoundMap(
            Path(told["data"]),
            told["task"],
            tuple(told["labels"]),
            Path(told["encoder"]),
            points,
            places,
            vectors,
            tuple(told["problems"]),
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(f"The map {path} cannot be read ({error}); make it again.") from error


def _point(one: dict[str, Any]) -> Point:
    labels, said = tuple(one["labels"]), tuple(one.get("said", ()))
    return Point(Path(one["file"]), one["start"], one["end"], labels, said, one.get("wrong"))


class Projection:
    """Finds the place of a sound that is not on a map: among those that are most like it."""

    def __init__(self, of: SoundMap) -> None:
        vectors = of.vectors.astype(np.float32)
        self._centre = vectors.mean(axis=0)
        self._directions = _unit(vectors - self._centre)
        self._places = of.places

    def place(self, vector: Floats) -> tuple[float, float]:
        """Return x and y for a vector of the map's encoder, shape (embedding size,)."""
        likeness = self._directions @ _unit(vector - self._centre)
        count = min(_NEIGHBOURS, len(likeness))
        nearest = np.argpartition(-likeness, count - 1)[:count]
        weights = np.exp(_SHARPNESS * (likeness[nearest] - likeness[nearest].max()))
        x, y = np.average(self._places[nearest], axis=0, weights=weights).tolist()
        return x, y


def _unit(vectors: Floats) -> Floats:
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-9), np.float32)
