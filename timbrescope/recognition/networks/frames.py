"""Networks that tell of every frame of a recording, not only of windows."""

from typing import Protocol, runtime_checkable

from torch import Tensor


@runtime_checkable
class FrameScorer(Protocol):
    """A network that scores all windows of a recording at once, each one frame after the other.

    Neighbouring windows have all but one frame in common; what they have in common is computed once. ``score_frames``
    gives what ``forward`` gives for each window by itself.
    """

    def score_frames(self, frames: Tensor) -> Tensor:
        """Return logits, shape (batch, frames - window + 1, n_labels), of frames, shape (batch, frames, n_mels)."""
