"""A loaded model that scores windows, and the stream that cuts a recording into them."""

import logging
from pathlib import Path
from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from timbrescope.core.timeline import ScoreSpec
from timbrescope.recognition.checkpoint import load_checkpoint, read_fingerprint
from timbrescope.recognition.device import is_out_of_memory
from timbrescope.recognition.spec import ModelSpec

log = logging.getLogger(__name__)

Scores = NDArray[np.float32]

_CPU_FILE_BATCH = 8  # a larger one falls out of the processor's cache and is slower
_GPU_FILE_BATCH = 64
_FRAME_BATCH = 2048  # rows of a model that tells of every frame: little beside them is context that is computed again


class Recogniser:
    """A model ready to score windows of log-mel frames on its device.

    When memory runs out it goes on with half as many windows at a time, then on the CPU; ``notices`` says so.
    """

    def __init__(
        self,
        spec: ModelSpec,
        network: nn.Module,
        device: torch.device,
        *,
        hop_frames: int | None = None,
        fingerprint: str = "",
    ) -> None:
        self.spec = spec
        self.fingerprint = fingerprint
        self.hop_frames = 1 if spec.look_ahead_frames is not None else hop_frames or spec.hop_frames
        self.device = device
        self.notices: list[str] = []
        self.network = network.to(device).eval()
        self._tells_of_frames = spec.look_ahead_frames is not None
        self._context = spec.window_frames - 1 if self._tells_of_frames else 0  # frames beside one for each row
        self._at_once = _FRAME_BATCH if self._tells_of_frames else 2**16

    @classmethod
    def load(
        cls, path: Path, device: torch.device, *, hop_seconds: float | None = None, or_finer: bool = False
    ) -> Self:
        """Read a checkpoint.

        Args:
            path: the checkpoint.
            device: where to compute.
            hop_seconds: distance of neighbouring windows, rounded to whole frames; None takes the model's own.
            or_finer: keep the model's own distance where that is shorter and its windows overlap: such a model is
                meant, and cheap enough, to be asked that often. One whose windows lie side by side is not. A model
                that tells of every frame is always asked for all of them.

        Raises:
            ModelError: it is missing, damaged or does not fit its own description.
        """
        spec, network = load_checkpoint(path, device)
        hop_frames = None if hop_seconds is None else max(1, round(hop_seconds / spec.front_end.hop_seconds))
        if hop_frames is not None and or_finer and spec.hop_frames < spec.window_frames:
            hop_frames = min(hop_frames, spec.hop_frames)
        return cls(spec, network, device, hop_frames=hop_frames, fingerprint=read_fingerprint(path))

    @property
    def file_batch(self) -> int:
        """How many windows at a time suit the device when nobody waits for the first."""
        if self._tells_of_frames:
            return _FRAME_BATCH
        return _CPU_FILE_BATCH if self.device.type == "cpu" else _GPU_FILE_BATCH

    @property
    def score_spec(self) -> ScoreSpec:
        """What the scores mean, for the timeline and for export."""
        spec = self.spec
        hop_seconds = self.hop_frames * spec.front_end.hop_seconds
        return ScoreSpec(
            spec.name, spec.kind, spec.labels, hop_seconds, spec.window_seconds, spec.thresholds, self.fingerprint
        )

    def rows_of(self, inputs: Tensor) -> int:
        """Return how many rows ``score`` makes of inputs."""
        return max(0, len(inputs) - self._context)

    @torch.inference_mode()
    def score(self, inputs: Tensor) -> Scores:
        """Return scores in 0..1, shape (rows, labels).

        Args:
            inputs: windows of shape (rows, window_frames, n_mels); for a model that tells of every frame, consecutive
                frames of shape (rows + window_frames - 1, n_mels).
        """
        rows: list[Scores] = []
        while self.rows_of(inputs):
            part = inputs[: self._at_once + self._context].to(self.device)
            try:
                logits = self.network(part[None])[0] if self._tells_of_frames else self.network(part)
            except (RuntimeError, MemoryError) as error:
                if not is_out_of_memory(error):
                    raise
                self._shrink(self.rows_of(inputs), error)
                continue
            scores = logits.sigmoid() if self.spec.activation == "sigmoid" else logits.softmax(dim=-1)
            rows.append(scores.float().cpu().numpy())
            inputs = inputs[len(scores) :]
        return np.concatenate(rows) if rows else np.empty((0, len(self.spec.labels)), np.float32)

    def _shrink(self, asked: int, error: Exception) -> None:
        tried = min(asked, self._at_once)
        log.warning("%s ran out of memory on %s with %d windows: %s", self.spec.name, self.device, tried, error)
        if tried > 1:
            self._at_once = tried // 2
            self.notices.append(f"Memory ran out: {self.spec.title} goes on with {self._at_once} windows at a time.")
        elif self.device.type != "cpu":
            self.device = torch.device("cpu")
            self.network = self.network.to(self.device)
            self.notices.append(f"The memory of the GPU ran out: {self.spec.title} goes on, more slowly, on the CPU.")
        else:
            raise error


class ScoreStream:
    """Cuts the frames of one recording into windows and scores them, ``batch`` windows at a time.

    As the published musicnn does, the last window that the recording does not fill is left out. A recording shorter
    than one window is filled up with silence.
    """

    def __init__(self, recogniser: Recogniser, silent_frame: Tensor, *, batch: int) -> None:
        self.recogniser = recogniser
        self._silent_frame = silent_frame
        self._batch = batch
        self._frames = silent_frame.new_empty(0, len(silent_frame))
        self._skip = 0
        self._rows = 0

    def push(self, frames: Tensor) -> Scores:
        """Take the next frames, shape (n, n_mels); return the scores of full batches, shape (rows, labels)."""
        if self._skip:
            skipped = min(self._skip, len(frames))
            frames, self._skip = frames[skipped:], self._skip - skipped
        self._frames = torch.cat([self._frames, frames])
        ready = self._ready()
        return self._score(ready) if ready >= self._batch else self._score(0)

    def finish(self) -> Scores:
        """Return the scores of the windows still waiting."""
        if not self._rows and not self._ready():
            spec = self.recogniser.spec
            missing = spec.window_frames - len(self._frames)
            self._frames = torch.cat([self._frames, self._silent_frame.expand(missing, -1)])
            self.recogniser.notices.append(
                f"{spec.title} listens to {spec.window_seconds:.1f} s at a time and the recording is shorter: it was "
                "filled up with silence."
            )
        return self._score(self._ready())

    def _ready(self) -> int:
        return max(0, (len(self._frames) - self.recogniser.spec.window_frames) // self.recogniser.hop_frames + 1)

    def _score(self, count: int) -> Scores:
        length, hop = self.recogniser.spec.window_frames, self.recogniser.hop_frames
        if count:
            windows = self._frames.unfold(0, length, hop)[:count].transpose(1, 2)
        else:
            windows = self._frames.new_empty(0, length, self._frames.shape[1])
        scores = self.recogniser.score(windows)
        used = count * hop
        self._skip += max(0, used - len(self._frames))  # a hop longer than the window
        self._frames = self._frames[used:].clone()
        self._rows += len(scores)
        return scores


class FrameScoreStream:
    """Scores every frame of one recording, which lies between silence, at least ``batch`` frames at a time."""

    def __init__(self, recogniser: Recogniser, silent_frame: Tensor, *, batch: int) -> None:
        spec = recogniser.spec
        self.recogniser = recogniser
        self._batch = batch
        look_ahead = spec.look_ahead_frames or 0
        self._after = silent_frame.expand(look_ahead, -1)
        self._frames = silent_frame.expand(spec.window_frames - 1 - look_ahead, -1)

    def push(self, frames: Tensor) -> Scores:
        """Take the next frames, shape (n, n_mels); return the scores of frames that are ready, shape (rows, labels)."""
        self._frames = torch.cat([self._frames, frames])
        return self._score(self._batch)

    def finish(self) -> Scores:
        """Return the scores of the frames still waiting."""
        self._frames = torch.cat([self._frames, self._after])
        return self._score(1)

    def _score(self, least: int) -> Scores:
        ready = self.recogniser.rows_of(self._frames)
        scores = self.recogniser.score(self._frames if ready >= least else self._frames[:0])
        self._frames = self._frames[len(scores) :].clone()
        return scores
