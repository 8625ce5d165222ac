"""Stretches of recordings with a label for each frame, for networks that tell of every frame."""

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from training.collection import Item
from training.examples import Indices
from training.spectra.cache import FeatureCache, decode

_UNKNOWN = -1


class Sequences:
    """Chunks of frames to learn from or to validate with, in place of ``training.examples.Examples``.

    A chunk is ``chunk_frames`` frames of one item that have labels, and beside them the context that the network needs
    to tell of the first and of the last of them; beyond a recording there is silence. A frame's label is that of the
    middle of the time that its row of scores stands for. Chunks without any label are left out; frames without one are
    nobody's.

    Args:
        cache: holds the spectra of all items.
        items: whose files are in the cache.
        labels: in the order of the targets.
        window_frames: frames that the network needs to tell of one.
        look_ahead_frames: how many of them come after it.
        chunk_frames: frames in a chunk.
        hop_frames: distance of an item's chunks.
        random_place: moves each chunk by up to half a hop, drawn anew for each batch.
    """

    def __init__(
        self,
        cache: FeatureCache,
        items: Sequence[Item],
        labels: Sequence[str],
        *,
        window_frames: int,
        look_ahead_frames: int,
        chunk_frames: int,
        hop_frames: int,
        random_place: bool = False,
    ) -> None:
        self.items = items
        self.n_labels = len(labels)
        self._cache = cache
        self._past, self._context = window_frames - 1 - look_ahead_frames, window_frames - 1
        self._chunk_frames = chunk_frames
        self._move = hop_frames // 2 if random_place else 0
        number = {label: index for index, label in enumerate(labels)}
        self._labels = [self._label_frames(item, number) for item in items]
        places: list[NDArray[np.int32]] = []
        counts: list[NDArray[np.float32]] = []
        for index, of_frames in enumerate(self._labels):
            last = max(1, len(of_frames) - chunk_frames + hop_frames)
            starts = np.arange(0, last, hop_frames, dtype=np.int32)
            shares = np.stack([self._shares(of_frames[start : start + chunk_frames]) for start in starts])
            used = shares.any(axis=1)
            places.append(np.stack([np.full_like(starts, index), starts], axis=1)[used])
            counts.append(shares[used])
        self._places = np.concatenate(places) if places else np.empty((0, 2), np.int32)
        self.targets = np.concatenate(counts) if counts else np.empty((0, len(labels)), np.float32)
        """How much of each chunk has each label, in 0..1, shape (chunks, n_labels)."""

    def __len__(self) -> int:
        return len(self._places)

    @property
    def groups(self) -> NDArray[np.int64]:
        """Return the number of each chunk's group."""
        _, numbers = np.unique([item.group or str(item.path) for item in self.items], return_inverse=True)
        return np.asarray(numbers[self._places[:, 0]], np.int64)

    @property
    def item_of(self) -> NDArray[np.int32]:
        """Return which item each chunk belongs to."""
        return self._places[:, 0]

    def batch(self, indices: Indices, generator: torch.Generator | None = None) -> tuple[Tensor, Tensor]:
        """Return some chunks with their context, and their targets.

        Args:
            indices: which.
            generator: draws places; without one they are the regular ones.

        Returns:
            Spectra before compression, float32, shape (batch, chunk_frames + window_frames - 1, n_bands), and targets,
            float32, shape (batch, chunk_frames, n_labels), with nan where nobody knows.
        """
        moves = np.zeros(len(indices), np.int64)
        if generator is not None and self._move:
            moves = torch.randint(-self._move, self._move + 1, (len(indices),), generator=generator).numpy()
        count = self._chunk_frames + self._context
        codes = np.zeros((len(indices), count, self._cache.front_end.n_bands), self._cache.dtype)
        numbers = np.full((len(indices), self._chunk_frames), _UNKNOWN)
        for row, (index, move) in enumerate(zip(indices, moves, strict=True)):
            item, place = self._places[index]
            of_frames = self._labels[item]
            start = min(max(0, int(place) + int(move)), max(0, len(of_frames) - self._chunk_frames))
            labelled = of_frames[start : start + self._chunk_frames]
            numbers[row, : len(labelled)] = labelled
            first = self._first(self.items[item]) + start - self._past
            codes[row] = self._cache.read(self.items[item].path, first, count)
        table = np.concatenate([np.eye(self.n_labels), np.full((1, self.n_labels), np.nan)])  # the last row is -1
        return decode(torch.from_numpy(codes)), torch.from_numpy(table.astype(np.float32)[numbers])

    def batches(self, size: int) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield all chunks in order."""
        for first in range(0, len(self), size):
            yield self.batch(np.arange(first, min(first + size, len(self))))

    def _first(self, item: Item) -> int:
        return round(item.start / self._cache.front_end.hop_seconds)

    def _label_frames(self, item: Item, number: dict[str, int]) -> NDArray[np.int16]:
        """Return the number of each frame's label, ``_UNKNOWN`` where there is none."""
        hop = self._cache.front_end.hop_seconds
        frames = self._cache.frames(item.path)
        last = frames if item.end is None else min(frames, round(item.end / hop))
        middles = (np.arange(self._first(item), max(last, self._first(item) + 1)) + 0.5) * hop
        found = np.full(len(middles), _UNKNOWN, np.int16)
        for segment in item.segments:
            start, end = np.searchsorted(middles, (segment.start, segment.end))
            found[start:end] = number[segment.label]
        return found

    def _shares(self, of_frames: NDArray[np.int16]) -> NDArray[np.float32]:
        known = of_frames[of_frames != _UNKNOWN]
        return np.asarray(np.bincount(known, minlength=self.n_labels) / self._chunk_frames, np.float32)
