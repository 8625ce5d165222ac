"""What teachers say about pieces of a recording: each hears a window around the middle of a piece."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from timbrescope.audio.file import AudioFile
from timbrescope.core.errors import AudioError
from timbrescope.recognition.features import LogMel
from timbrescope.recognition.recogniser import Recogniser, Scores
from training.errors import TrainingError
from training.teachers.pieces import Piece, Warn

Samples = NDArray[np.float32]


class Teacher:
    """A model that scores windows of samples through its own front end.

    Networks for waveforms hear up to ``context`` seconds; those for spectra hear windows as long as their own.

    Args:
        path: the checkpoint.
        context: in seconds.

    Raises:
        ModelError: the checkpoint is missing or damaged.
        TrainingError: the network does not hear windows of that length.
    """

    def __init__(self, path: Path, context: float) -> None:
        self._recogniser = Recogniser.load(path, torch.device("cpu"))
        spec = self._recogniser.spec
        front_end = spec.front_end
        frames = spec.window_frames
        if front_end.representation == "waveform":
            frames = min(frames, round(context * front_end.sample_rate))
        self._log_mel = LogMel(front_end)
        self.name = spec.name
        self.labels = spec.labels
        self.sample_rate = front_end.sample_rate
        self.window_samples = (frames - 1) * front_end.hop_length + front_end.n_fft
        try:
            self.score([np.zeros(self.window_samples, np.float32)])
        except (ValueError, RuntimeError) as error:
            raise TrainingError(
                f"{self.name} does not hear {context:g} s alone ({error}); give more context."
            ) from error

    @property
    def window_seconds(self) -> float:
        """How much it hears for each piece."""
        return self.window_samples / self.sample_rate

    @torch.inference_mode()
    def score(self, windows: Sequence[Samples]) -> Scores:
        """Return probabilities, shape (windows, labels), for windows of ``window_samples``."""
        frames = [self._log_mel(torch.from_numpy(window)) for window in windows]
        return self._recogniser.score(torch.stack(frames))


class Windows:
    """Cuts windows out of a recording that arrives bit by bit; any size of the bits gives the same windows.

    A window that would begin before the recording or end after it is moved inside. A recording shorter than a window
    is repeated.

    Args:
        centres: the windows' middles in samples, in order.
        length: of a window in samples.
    """

    def __init__(self, centres: Sequence[int], length: int) -> None:
        self._starts = [max(0, centre - length // 2) for centre in centres]
        self._length = length
        self._kept = np.zeros(0, np.float32)
        self._kept_from = 0
        self._next = 0

    @property
    def complete(self) -> bool:
        """Whether all windows have been cut."""
        return self._next == len(self._starts)

    def push(self, samples: Samples) -> Iterator[Samples]:
        """Take what comes next and yield the windows that it completes."""
        self._kept = np.concatenate([self._kept, samples])
        end = self._kept_from + len(self._kept)
        while not self.complete and self._starts[self._next] + self._length <= end:
            first = self._starts[self._next] - self._kept_from
            self._next += 1
            yield self._kept[first : first + self._length].copy()
        needed = end - self._length if self.complete else min(self._starts[self._next], end - self._length)
        unneeded = max(0, needed - self._kept_from)
        self._kept = self._kept[unneeded:]
        self._kept_from += unneeded

    def finish(self) -> Iterator[Samples]:
        """Yield the windows that only the end of the recording completes."""
        last = np.resize(self._kept, self._length) if len(self._kept) < self._length else self._kept[-self._length :]
        for _ in self._starts[self._next :]:
            yield last
        self._next = len(self._starts)


def hear(pieces: Sequence[Piece], teachers: Sequence[Teacher], *, batch: int, warn: Warn) -> NDArray[np.float16]:
    """Return the teachers' probabilities for pieces of one recording, which is decoded once.

    Args:
        pieces: in the order of time.
        teachers: their labels stand side by side.
        batch: windows scored at a time.
        warn: told if the recording is damaged; what comes after is not heard.

    Returns:
        Shape (pieces, labels of all teachers), nan for a piece of which more than half lies behind the end.

    Raises:
        AudioError: the recording cannot be read at all.
    """
    listeners = [_Listener(teacher, pieces, batch) for teacher in teachers]
    heard = 0.0
    recording = AudioFile(pieces[0].path)
    try:
        for block in recording.blocks({teacher.sample_rate for teacher in teachers}):
            heard = block.seconds
            for listener in listeners:
                listener.push(block.samples[listener.teacher.sample_rate])
            if all(listener.complete for listener in listeners):
                break
    except AudioError as error:
        warn(str(error))
    scores = np.concatenate([listener.finish() for listener in listeners], axis=1).astype(np.float16)
    scores[[(piece.start + piece.end) / 2 > heard for piece in pieces]] = np.nan
    return scores


class _Listener:
    """A teacher with the windows that wait for it, and what it has said."""

    def __init__(self, teacher: Teacher, pieces: Sequence[Piece], batch: int) -> None:
        self.teacher = teacher
        middles = [round((piece.start + piece.end) / 2 * teacher.sample_rate) for piece in pieces]
        self._windows = Windows(middles, teacher.window_samples)
        self._batch = batch
        self._waiting: list[Samples] = []
        self._said: list[Scores] = []

    @property
    def complete(self) -> bool:
        return self._windows.complete

    def push(self, samples: Samples) -> None:
        self._take(self._windows.push(samples))

    def finish(self) -> Scores:
        self._take(self._windows.finish())
        if self._waiting:
            self._said.append(self.teacher.score(self._waiting))
        return np.concatenate(self._said)

    def _take(self, windows: Iterator[Samples]) -> None:
        for window in windows:
            self._waiting.append(window)
            if len(self._waiting) == self._batch:
                self._said.append(self.teacher.score(self._waiting))
                self._waiting = []
