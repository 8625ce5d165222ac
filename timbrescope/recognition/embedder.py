"""An encoder that gives what it makes of a sound, where others give scores."""

import numpy as np
import torch
from torch import Tensor

from timbrescope.core.errors import ModelError
from timbrescope.recognition.model import Model
from timbrescope.recognition.networks.embedding import Embedder
from timbrescope.recognition.recogniser import Recogniser, Scores
from timbrescope.recognition.spec import ModelSpec


class EmbeddingRecogniser(Recogniser):
    """A recogniser whose rows are vectors, shape (n, embedding size)."""

    @torch.inference_mode()
    def score(self, windows: Tensor) -> Scores:
        """Return the vectors of windows of shape (n, window_frames, n_mels).

        Raises:
            ModelError: the network gives none.
        """
        model, encoder = parts(self.spec, self.network)
        if not len(windows):
            return np.empty((0, encoder.embedding_size), np.float32)
        return encoder.embed(model.standardise(windows.to(self.device))).float().cpu().numpy()


def parts(spec: ModelSpec, network: torch.nn.Module) -> tuple[Model, Embedder]:
    """Return the model and the encoder in it.

    Raises:
        ModelError: its network is none that describes sounds by vectors.
    """
    if not isinstance(network, Model) or not isinstance(network.network, Embedder):
        raise ModelError(f"{spec.name} gives no vectors of sounds; choose the model timbre-encoder.")
    return network, network.network
