"""The windows of a collection with their targets, read from the feature cache batch by batch."""

from collections.abc import Iterator, Sequence
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from timbrescope.recognition.features import compress
from timbrescope.recognition.spec import FrontEnd
from training.collection import Item, Task, Taught
from training.spectra.cache import FeatureCache, decode
from training.spectra.gate import loud_windows

Indices = NDArray[np.int64]


class Material(Protocol):
    """What a run learns from or is validated with, an example at a time."""

    @property
    def targets(self) -> NDArray[np.float32]:
        """Return the labels of all examples, shape (examples, n_labels)."""

    @property
    def groups(self) -> NDArray[np.int64]:
        """Return the number of each example's group."""

    @property
    def item_of(self) -> NDArray[np.int32]:
        """Return which item each example belongs to."""

    def __len__(self) -> int:
        """Return how many examples there are."""

    def batch(self, indices: Indices, generator: torch.Generator | None = None) -> tuple[Tensor, Tensor]:
        """Return spectra before compression, shape (batch, frames, n_bands), and targets, (batch, ..., labels)."""

    def batches(self, size: int) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield all examples in order."""


class Examples:
    """Windows to learn from or to validate with.

    A window is ``window_frames`` of one item; what an item lacks at its end is silence. For the task ``frame`` the
    label of a window is that of its middle, and windows whose middle has no label are left out. Only the places of the
    windows are kept in memory: 12 bytes each.

    Args:
        cache: holds the spectra of all items.
        items: whose files are in the cache.
        labels: in the order of the targets.
        task: of the collection.
        window_frames: length of a window.
        hop_frames: distance of an item's windows.
        random_place: one window an item, at a place drawn anew for each batch.
        louder: of two such places the louder one, so that fewer windows have nothing but the end of a note.
        silence_db: leaves out windows whose RMS is below it, in decibels of full scale.
        versions: augmented versions of each file in the cache, drawn from beside the file itself.
        taught: teachers' scores, which stand behind the labels in the targets; nan for items without.
    """

    def __init__(
        self,
        cache: FeatureCache,
        items: Sequence[Item],
        labels: Sequence[str],
        task: Task,
        *,
        window_frames: int,
        hop_frames: int,
        random_place: bool = False,
        louder: bool = False,
        silence_db: float | None = None,
        versions: int = 0,
        taught: Taught | None = None,
    ) -> None:
        self.items = items
        self.window_frames = window_frames
        self._cache = cache
        self._random_place = random_place
        self._places_drawn = 2 if louder else 1
        self._versions = versions
        self._hop_seconds = cache.front_end.hop_seconds
        self._spans = [self._span(item) for item in items]
        number = {label: index for index, label in enumerate(labels)}
        if task == "frame":
            self._rows = np.eye(len(labels), dtype=np.float32)
        else:
            self._rows = np.zeros((len(items), len(labels)), np.float32)
            for row, item in zip(self._rows, items, strict=True):
                for label, value in item.labels.items():
                    row[number[label]] = value
        if taught is not None:
            scores = np.full((len(items), len(taught.names)), np.nan, np.float32)
            heard = [(index, item.row) for index, item in enumerate(items) if item.row is not None]
            scores[[index for index, _ in heard]] = taught.scores[[row for _, row in heard]]
            self._rows = np.concatenate([self._rows, scores], axis=1)
        self.n_labels = len(labels)
        places: list[NDArray[np.int32]] = []
        for index, (first, last) in enumerate(self._spans):
            step = last - first if random_place else hop_frames
            starts = np.arange(first, max(first + 1, last - window_frames + 1), max(1, step), dtype=np.int32)
            rows = np.full_like(starts, index)
            if task == "frame":
                starts, rows = self._with_labels(items[index], starts, number)
            if silence_db is not None:
                loud = self._loud(items[index], starts, silence_db)
                starts, rows = starts[loud], rows[loud]
            places.append(np.stack([np.full_like(starts, index), starts, rows], axis=1))
        self._places = np.concatenate(places) if places else np.empty((0, 3), np.int32)

    def __len__(self) -> int:
        return len(self._places)

    @property
    def targets(self) -> NDArray[np.float32]:
        """Return the labels of all windows, shape (windows, n_labels); large for frame labels."""
        return self._rows[self._places[:, 2], : self.n_labels]

    @property
    def groups(self) -> NDArray[np.int64]:
        """Return the number of each window's group."""
        _, numbers = np.unique([item.group or str(item.path) for item in self.items], return_inverse=True)
        return np.asarray(numbers[self._places[:, 0]], np.int64)

    @property
    def item_of(self) -> NDArray[np.int32]:
        """Return which item each window belongs to."""
        return self._places[:, 0]

    def batch(self, indices: Indices, generator: torch.Generator | None = None) -> tuple[Tensor, Tensor]:
        """Return some windows and their targets.

        Args:
            indices: which.
            generator: draws places and versions; without one they are the first window and the file itself.

        Returns:
            Spectra before compression, float32, shape (batch, window_frames, n_bands), and targets, float32, shape
            (batch, n_labels + teachers' scores), with nan where nobody knows.
        """
        codes = np.zeros((len(indices), self.window_frames, self._cache.front_end.n_bands), self._cache.dtype)
        drawn = np.zeros((len(indices), 1 + self._places_drawn))
        if generator is not None:
            drawn = torch.rand(*drawn.shape, generator=generator).numpy()
        for row, (version, *places) in zip(range(len(indices)), drawn, strict=True):
            self._read(codes[row], int(indices[row]), int(version * (self._versions + 1)), places)
        targets = torch.from_numpy(self._rows[self._places[indices, 2]])
        return decode(torch.from_numpy(codes)), targets

    def _read(self, codes: NDArray[np.generic], index: int, version: int, drawn: Sequence[float]) -> None:
        """Write a window's codes, that of the loudest of the places that were drawn, each in 0..1 of what is free."""
        item, place, _ = self._places[index]
        path, (_, last) = self.items[item].path, self._spans[item]
        room = max(0, last - self.window_frames - int(place)) if self._random_place else 0
        stretch = self._cache.frames(path, version) / self._cache.frames(path)
        loudest = -1.0
        for start in sorted({int(place) + int(share * (room + 1)) for share in drawn}):
            count = min(self.window_frames, round((last - start) * stretch))
            read = self._cache.read(path, round(start * stretch), count, version)
            level = float(decode(torch.from_numpy(read)).sum()) if len(drawn) > 1 else 0.0
            if level > loudest:
                loudest = level
                codes[:] = 0
                codes[:count] = read

    def batches(self, size: int) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield all windows in order."""
        for first in range(0, len(self), size):
            yield self.batch(np.arange(first, min(first + size, len(self))))

    def _span(self, item: Item) -> tuple[int, int]:
        frames = self._cache.frames(item.path)
        first = min(round(item.start / self._hop_seconds), max(0, frames - 1))
        last = frames if item.end is None else min(frames, round(item.end / self._hop_seconds))
        return first, max(last, first + 1)

    def _with_labels(
        self, item: Item, starts: NDArray[np.int32], number: dict[str, int]
    ) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        middles = (starts + self.window_frames // 2) * self._hop_seconds
        begins = np.array([segment.start for segment in item.segments])
        ends = np.array([segment.end for segment in item.segments])
        which = np.searchsorted(begins, middles, side="right") - 1
        inside = (which >= 0) & (middles < ends[which])
        rows = np.array([number[item.segments[index].label] for index in which[inside]], np.int32)
        return starts[inside], rows

    def _loud(self, item: Item, starts: NDArray[np.int32], silence_db: float) -> NDArray[np.bool_]:
        if not len(starts):
            return np.zeros(0, bool)
        last = int(starts[-1]) + self.window_frames
        spectra = decode(torch.from_numpy(self._cache.read(item.path, int(starts[0]), last - int(starts[0]))))
        return loud_windows(self._cache.front_end, spectra, starts - starts[0], self.window_frames, silence_db)


def statistics(examples: Material, front_end: FrontEnd, most: int = 20_000) -> tuple[Tensor, Tensor]:
    """Return mean and standard deviation over a training set, in the shape that ``Standardise`` keeps.

    Args:
        examples: of the training set.
        front_end: says how spectra are compressed and over which axes they are standardised.
        most: windows that are enough, evenly spaced.
    """
    axes = {"dataset": (0, 1, 2), "band": (0, 1), "element": (0,)}[front_end.standardisation]
    chosen = np.unique(np.linspace(0, len(examples) - 1, min(most, len(examples))).astype(np.int64))
    count, total, squares = 0, torch.zeros(()), torch.zeros(())
    for part in np.array_split(chosen, max(1, len(chosen) // 64)):
        x = compress(front_end, examples.batch(part)[0]).double()
        count += x.numel() // x.sum(dim=axes).numel()
        total = total + x.sum(dim=axes)
        squares = squares + x.square().sum(dim=axes)
    mean = total / count
    deviation = (squares / count - mean.square()).clamp(min=0).sqrt()
    return mean.float().reshape(-1) if mean.dim() == 0 else mean.float(), deviation.float().reshape(mean.shape or (1,))
