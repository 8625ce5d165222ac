"""Networks whose inside is worth having: what they make of a sound before they name it."""

from typing import Protocol, runtime_checkable

from torch import Tensor


@runtime_checkable
class Embedder(Protocol):
    """A network that describes a sound by a vector and names it by one dense layer.

    ``forward`` is ``classify`` after ``embed``.
    """

    embedding_size: int

    def embed(self, windows: Tensor) -> Tensor:
        """Return embeddings, shape (batch, embedding_size), of windows as ``forward`` takes them."""

    def classify(self, embedding: Tensor) -> Tensor:
        """Return logits, shape (batch, n_labels), of embeddings."""
