"""What an encoder makes of a recording: the vectors of its windows, framed as in every analysis."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from timbrescope.core.blocks import Source
from timbrescope.core.errors import AudioError, ModelError
from timbrescope.core.loudness import row_weights
from timbrescope.core.timeline import Chunk
from timbrescope.recognition import embedder
from timbrescope.recognition.embedder import EmbeddingRecogniser
from timbrescope.recognition.model import Model
from timbrescope.recognition.networks.embedding import Embedder
from timbrescope.recognition.pipeline import analyse
from timbrescope.recognition.recogniser import Recogniser
from timbrescope.recognition.spec import ModelSpec
from training.errors import TrainingError


@dataclass(frozen=True, slots=True)
class Heard:
    """The windows of a recording.

    Attributes:
        vectors: what the encoder makes of each, float16, shape (windows, embedding size); of other models, scores.
        weights: how much each counts by its loudness, in 0..1, shape (windows,).
        problem: what of the recording could not be read, in a sentence; empty for nothing.
    """

    vectors: NDArray[np.float16]
    weights: NDArray[np.float32]
    problem: str = ""


class Listener(EmbeddingRecogniser):
    """An encoder that listens to whole recordings."""

    def hear(self, source: Source) -> Heard:
        """Return the windows of a whole recording; of a damaged one, those of what can be read.

        Raises:
            AudioError: nothing can be read.
        """
        return hear(self, source)


def hear(recogniser: Recogniser, source: Source) -> Heard:
    """Return the rows of a whole recording; of a damaged one, those of what can be read.

    Raises:
        AudioError: nothing can be read.
    """
    chunks: list[Chunk] = []
    problem = ""
    try:
        chunks.extend(analyse(source, [recogniser], draw=False))  # what came before an error stays
    except AudioError as error:
        problem = str(error)
        if not chunks:
            raise
    recogniser.notices.clear()
    name, spec = recogniser.spec.name, recogniser.score_spec
    rows = np.concatenate([chunk.scores[name] for chunk in chunks])
    levels = np.concatenate([chunk.levels for chunk in chunks])
    weights = row_weights(levels, len(rows), spec.hop_seconds, spec.window_seconds)
    return Heard(rows.astype(np.float16), weights.astype(np.float32), problem)


def parts(spec: ModelSpec, network: torch.nn.Module) -> tuple[Model, Embedder]:
    """Return the model and the encoder in it.

    Raises:
        TrainingError: its network is none that describes sounds by vectors.
    """
    try:
        return embedder.parts(spec, network)
    except ModelError as error:
        raise TrainingError(
            f"{spec.name} cannot be taught anew in a moment, because its network gives no vectors; choose the model "
            "timbre-encoder, or train it as a whole with --fine-tune."
        ) from error


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
