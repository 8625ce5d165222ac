"""An append-only sequence of frames that does not fill the memory, however long the recording is."""

import io
import logging
import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, BinaryIO, cast

import numpy as np
from numpy.typing import DTypeLike, NDArray

log = logging.getLogger(__name__)

Frames = NDArray[Any]
Reduction = Callable[[Frames], Frames]

FACTOR = 4
_MIN_FRAMES_TO_COARSEN = 4096


def strongest(groups: Frames) -> Frames:
    """Keep the maximum of each group: shape (n, group, ...) to (n, ...)."""
    return np.asarray(groups.max(axis=1))


def extremes(groups: Frames) -> Frames:
    """Keep the lowest and the highest of each group of (low, high) pairs: shape (n, group, 2) to (n, 2)."""
    return np.stack([groups[:, :, 0].min(axis=1), groups[:, :, 1].max(axis=1)], axis=1)


@dataclass(frozen=True, slots=True)
class Columns:
    """What fits on a screen: ``frames[i]`` stands for the ``step`` frames from ``first + i * step`` on."""

    first: int
    step: int
    frames: Frames


class Track:
    """Frames at a fixed distance in time, kept in a temporary file with coarser copies for drawing.

    Reading a screenful costs the same for a minute and for ten hours: each coarser copy stands for four frames of
    the one below it. Only the thread that appends may read.
    """

    def __init__(
        self,
        hop_seconds: float,
        shape: tuple[int, ...],
        dtype: DTypeLike,
        *,
        start_seconds: float = 0.0,
        reduction: Reduction = strongest,
    ) -> None:
        self.hop_seconds = hop_seconds
        self.start_seconds = start_seconds
        self.shape = shape
        self.dtype = np.dtype(dtype)
        self.reduction = reduction
        self._frame_bytes = self.dtype.itemsize * int(np.prod(shape))
        self._file = _temporary_file()
        self._length = 0
        self._coarser: Track | None = None

    def __len__(self) -> int:
        return self._length

    @property
    def end_seconds(self) -> float:
        """Where the last frame ends."""
        return self.start_seconds + self._length * self.hop_seconds

    def append(self, frames: Frames) -> None:
        """Add frames, shape (n, *shape), at the end."""
        frames = np.ascontiguousarray(frames, dtype=self.dtype)
        if frames.shape[1:] != self.shape:
            raise ValueError(f"frames of shape {frames.shape[1:]} do not fit a track of {self.shape}")
        if not len(frames):
            return
        self._write(frames.tobytes())
        self._length += len(frames)
        self._coarsen()

    def _write(self, data: bytes) -> None:
        """Write behind the last frame; where the disk refuses, go on in memory."""
        place = self._length * self._frame_bytes
        try:
            self._file.seek(place)
            rest = memoryview(data)
            while rest:
                rest = rest[self._file.write(rest) :]
        except OSError as error:
            log.warning("temporary files cannot grow, memory is used: %s", error)
            self._file.seek(0)
            kept = self._file.read(place)
            self._file.close()
            self._file = io.BytesIO(kept + data)

    def _coarsen(self) -> None:
        if self._coarser is None:
            if self._length < _MIN_FRAMES_TO_COARSEN:
                return
            self._coarser = Track(self.hop_seconds * FACTOR, self.shape, self.dtype, reduction=self.reduction)
        start = len(self._coarser) * FACTOR
        stop = self._length - self._length % FACTOR
        if stop > start:
            groups = self.read(start, stop).reshape(-1, FACTOR, *self.shape)
            self._coarser.append(self.reduction(groups))

    def read(self, start: int, stop: int) -> Frames:
        """Return the frames from ``start`` up to ``stop``, as many of them as exist, shape (n, *shape)."""
        start, stop = max(0, start), min(stop, self._length)
        count = max(0, stop - start)
        self._file.seek(start * self._frame_bytes)
        data = self._file.read(count * self._frame_bytes)
        return np.frombuffer(data, dtype=self.dtype).reshape(count, *self.shape)

    def columns(self, start_seconds: float, stop_seconds: float, at_most: int) -> Columns:
        """Return a stretch of time reduced to about ``at_most`` columns (at most twice as many).

        Column borders lie on multiples of the step, so the picture does not shimmer while it scrolls.
        """
        start = max(0, int((start_seconds - self.start_seconds) / self.hop_seconds))
        stop = min(self._length, int((stop_seconds - self.start_seconds) / self.hop_seconds) + 1)
        step = max(1, (stop - start) // max(1, at_most))
        track, below = self, 1
        while track._coarser is not None and below * FACTOR <= step:
            track, below = track._coarser, below * FACTOR
        group = step // below
        step = group * below
        first = start // step
        return Columns(first * step, step, self.groups(first, -(-stop // step), step))

    def groups(self, first: int, end: int, step: int) -> Frames:
        """Return what stands for each ``step`` frames, from group ``first`` up to ``end``; the last may be a part."""
        track, below = self, 1
        while track._coarser is not None and step % (below * FACTOR) == 0:
            track, below = track._coarser, below * FACTOR
        group = step // below
        frames = track.read(first * group, end * group)
        covered = max(len(track) * below, first * step)
        if covered < min(end * step, self._length):  # a coarser copy waits for whole groups: the newest are missing
            frames = np.concatenate([frames, self.reduction(self.read(covered, end * step)[None])])
        whole = len(frames) - len(frames) % group
        reduced = track.reduction(frames[:whole].reshape(-1, group, *self.shape))
        if whole < len(frames):
            reduced = np.concatenate([reduced, track.reduction(frames[None, whole:])])
        return reduced

    def pixels(self, first: int, stop: int, seconds: float) -> tuple[int, Frames]:
        """Return what each pixel of a line of time shows, of those from ``first`` up to ``stop`` that there are.

        Pixel ``p`` reaches from ``p * seconds`` to ``(p + 1) * seconds``. It shows the strongest of the frames that
        begin in it and the one in which it begins; which ones does not depend on what else is asked for, so a picture
        that is drawn bit by bit is that which is drawn at once. The shape must be one of numbers to be compared.

        Returns:
            The first pixel that there is, and frames of shape (pixels, *shape).
        """
        step = self.step_within(seconds)
        groups = -(-self._length // step)
        numbers = np.arange(first, stop + 1)
        places = self._groups_at(numbers, seconds, step)
        inside = (numbers[:-1] >= int(self.start_seconds / seconds + 1e-6)) & (places[:-1] < groups)
        if not groups or not inside.any():
            return first, np.empty((0, *self.shape), self.dtype)
        shown = np.flatnonzero(inside)
        places = np.clip(places[shown[0] : shown[-1] + 2], 0, groups)
        low, high = int(places[0]), max(int(places[-1]), int(places[-2]) + 1)
        frames = self.groups(low, high, step)
        return first + int(shown[0]), np.maximum.reduceat(frames, places[:-1] - low, axis=0)

    def step_within(self, seconds: float) -> int:
        """Return how many frames a coarser copy stands for whose frames are no longer than a pixel."""
        step = 1
        while step * FACTOR * self.hop_seconds <= seconds:
            step *= FACTOR
        return step

    def _groups_at(self, pixels: NDArray[np.int64], seconds: float, step: int) -> NDArray[np.int64]:
        """Return in which group of frames each pixel begins."""
        return np.asarray(
            np.floor((pixels * seconds - self.start_seconds) / (step * self.hop_seconds) + 1e-6), np.int64
        )

    def settled_pixels(self, seconds: float) -> int:
        """Return up to which pixel of a line of time nothing changes any more, however much is appended."""
        if not self._length:
            return 0
        return max(0, int((self.end_seconds - max(self.hop_seconds, seconds)) / seconds))

    def at(self, seconds: float) -> Frames | None:
        """Return the frame that sounds at a time, or None where there is none (yet)."""
        index = int((seconds - self.start_seconds) // self.hop_seconds)
        return self.read(index, index + 1)[0] if 0 <= index < self._length else None

    def close(self) -> None:
        """Give the disk space back."""
        self._file.close()
        if self._coarser is not None:
            self._coarser.close()


def _temporary_file() -> BinaryIO:
    """Return a file without a name: on a disk, also where the system keeps /tmp in memory.

    It has no buffer of its own, so that what a full disk did not take is known at once.
    """
    on_disk = None if os.environ.get("TMPDIR") or not os.access("/var/tmp", os.W_OK) else "/var/tmp"  # noqa: S108 - no name
    return cast("BinaryIO", tempfile.TemporaryFile(prefix="timbrescope-", buffering=0, dir=on_disk))
