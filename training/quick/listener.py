"""What an encoder makes of a recording: the vectors of its windows, framed as in every analysis."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from timbrescope.core.blocks import Source
from timbrescope.core.errors import AudioError, ModelError
from timbrescope.core.loudness import row_weights
from timbrescope.core.timeline import Chunk
from timbrescope.recognition.model import Model
from timbrescope.recognition.networks.embedding import Embedder
from timbrescope.recognition.pipeline import analyse
from timbrescope.recognition.recogniser import Recogniser, Scores
from timbrescope.recognition.spec import ModelSpec
from training.errors import TrainingError


@dataclass(frozen=True, slots=True)
class Heard:
    """The windows of a recording.

    Attributes:
        vectors: what the encoder makes of each, float16, shape (windows, embedding size).
        weights: how much each counts by its loudness, in 0..1, shape (windows,).
        problem: what of the recording could not be read, in a sentence; empty for nothing.
    """

    vectors: NDArray[np.float16]
    weights: NDArray[np.float32]
    problem: str = ""


class Listener(Recogniser):
    """An encoder that gives its vectors, shape (n, embedding size), where others give scores."""

    @torch.inference_mode()
    def score(self, windows: Tensor) -> Scores:
        """Return the vectors of windows of shape (n, window_frames, n_mels)."""
        model, encoder = parts(self.spec, self.network)
        if not len(windows):
            return np.empty((0, encoder.embedding_size), np.float32)
        return encoder.embed(model.standardise(windows.to(self.device))).float().cpu().numpy()

    def hear(self, source: Source) -> Heard:
        """Return the windows of a whole recording; of a damaged one, those of what can be read.

        Raises:
            AudioError: nothing can be read.
        """
        chunks: list[Chunk] = []
        problem = ""
        try:
            chunks.extend(analyse(source, [self], draw=False))  # what came before an error stays
        except AudioError as error:
            problem = str(error)
            if not chunks:
                raise
        self.notices.clear()
        vectors = np.concatenate([chunk.scores[self.spec.name] for chunk in chunks])
        levels = np.concatenate([chunk.levels for chunk in chunks])
        hop_seconds = self.score_spec.hop_seconds
        weights = row_weights(levels, len(vectors), hop_seconds, self.spec.window_seconds)
        return Heard(vectors.astype(np.float16), weights.astype(np.float32), problem)


def parts(spec: ModelSpec, network: torch.nn.Module) -> tuple[Model, Embedder]:
    """Return the model and the encoder in it.

    Raises:
        TrainingError: its network is none that describes sounds by vectors.
    """
    if not isinstance(network, Model) or not isinstance(network.network, Embedder):
        raise TrainingError(
            f"{spec.name} cannot be taught anew in a moment, because its network gives no vectors; choose the model "
            "timbre-encoder, or train it as a whole with --fine-tune."
        )
    return network, network.network


@lru_cache(maxsize=1)
def load_listener(encoder: Path) -> Listener:
    """Return the encoder of a model, on the CPU; the last one is kept.

    Raises:
        TrainingError: it cannot be read, or gives no vectors.
    """
    try:
        listener = Listener.load(encoder, torch.device("cpu"))
    except ModelError as error:
        raise TrainingError(str(error)) from error
    parts(listener.spec, listener.network)
    return listener
