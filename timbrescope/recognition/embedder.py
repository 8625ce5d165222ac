"""An encoder that gives what it makes of a sound, where others give scores."""

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from timbrescope.core.errors import ModelError
from timbrescope.recognition.features import LogMel
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


class SoundEmbedder:
    """Turns the newest sound into a vector, as an analysis of a file would.

    Args:
        encoder: a checkpoint.

    Attributes:
        sample_rate: of the sound, in Hz.
        n_samples: how many make a window.

    Raises:
        ModelError: it cannot be read, or gives no vectors.
    """

    def __init__(self, encoder: Path) -> None:
        self._recogniser = EmbeddingRecogniser.load(encoder, torch.device("cpu"))
        spec = self._recogniser.spec
        parts(spec, self._recogniser.network)
        self._log_mel = LogMel(spec.front_end)
        self.sample_rate = spec.front_end.sample_rate
        self.n_samples = spec.front_end.n_fft + (spec.window_frames - 1) * spec.front_end.hop_length

    def __call__(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the vector, shape (embedding size,), of exactly ``n_samples`` samples."""
        with torch.inference_mode():
            window = self._log_mel(torch.from_numpy(np.ascontiguousarray(samples)))
        (vector,) = self._recogniser.score(window[None])
        return np.asarray(vector)
