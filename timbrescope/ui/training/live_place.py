"""Where the sound of an input lies on a map of sounds, while it is listened to."""

import logging
import threading
from collections import deque
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, QThread, Signal

from timbrescope.audio.live import LiveInput
from timbrescope.audio.resample import Resampler
from timbrescope.core.errors import TimbrescopeError
from timbrescope.core.loudness import QUIETEST
from timbrescope.ui.training.map_data import Projection

log = logging.getLogger(__name__)

_EVERY_MS: Final = 200
_SPARE_SECONDS: Final = 0.1  # more than a window, for the edges of the resampler


class Latest:
    """Keeps the newest sound of an input.

    Args:
        frames: how many.
    """

    def __init__(self, frames: int) -> None:
        self._most = frames
        self._lock = threading.Lock()
        self._pieces: deque[NDArray[np.float32]] = deque()
        self._held = 0

    def write(self, frames: NDArray[np.float32]) -> None:
        """Take the next frames, shape (n, channels)."""
        with self._lock:
            self._pieces.append(frames.mean(axis=1))
            self._held += len(frames)
            while self._held - len(self._pieces[0]) >= self._most:
                self._held -= len(self._pieces.popleft())

    def read(self) -> NDArray[np.float32] | None:
        """Return the newest frames, shape (n,); None where there are not enough yet."""
        with self._lock:
            if self._held < self._most:
                return None
            return np.concatenate(self._pieces)[-self._most :].astype(np.float32)


class LivePlace(QThread):
    """Emits ``placed`` with x and y, or ``silent``, some times a second until interruption is requested.

    Args:
        source: the input.
        encoder: of the map.
        projection: of the map.
    """

    placed = Signal(float, float)
    silent = Signal()

    def __init__(self, source: LiveInput, encoder: Path, projection: Projection, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._source = source
        self._encoder = encoder
        self._projection = projection

    def run(self) -> None:
        """Follow the input."""
        from timbrescope.recognition.embedder import SoundEmbedder  # torch, beside the window

        try:
            embedder = SoundEmbedder(self._encoder)
        except TimbrescopeError as error:
            log.warning("the live sound has no place on the map: %s", error)
            return
        seconds = embedder.n_samples / embedder.sample_rate + _SPARE_SECONDS
        latest = Latest(round(seconds * self._source.sample_rate))
        self._source.attach(latest)
        try:
            while not self.isInterruptionRequested():
                sound = latest.read()
                if sound is None or float(np.sqrt(np.mean(np.square(sound)))) < QUIETEST:
                    self.silent.emit()
                else:
                    resampler = Resampler(self._source.sample_rate, {embedder.sample_rate})
                    parts = (resampler.push(sound), resampler.finish())
                    samples = np.concatenate([part[embedder.sample_rate] for part in parts])
                    self.placed.emit(*self._projection.place(embedder(samples[-embedder.n_samples :])))
                self.msleep(_EVERY_MS)
        finally:
            self._source.detach(latest)

    def end(self) -> None:
        """Stop and wait for it."""
        self.requestInterruption()
        self.wait()
