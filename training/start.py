"""What a network starts from and is taught by: models that were trained before."""

from collections.abc import Sequence
from pathlib import Path
from typing import Self, cast

import torch
from torch import Tensor, nn

from timbrescope.core.errors import ModelError
from timbrescope.recognition.checkpoint import load_checkpoint
from timbrescope.recognition.label_vectors import last_dense
from timbrescope.recognition.model import Model
from timbrescope.recognition.networks.embedding import Embedder
from timbrescope.recognition.spec import ModelSpec
from timbrescope.recognition.store import ModelStore
from training.config import Config
from training.errors import TrainingError
from training.progress import Problem, Report


def silence(network: nn.Module, n_labels: int, usual: Tensor | None = None) -> None:
    """Let a network start from saying nothing: its last dense layer's weights become zero, its biases zero or usual.

    Args:
        network: the network.
        n_labels: how many outputs it has.
        usual: logits to start from, shape (n_labels,).

    Raises:
        TrainingError: it does not end in a dense layer.
    """
    dense = last_dense(network, n_labels)
    if dense is None:
        raise TrainingError(
            "The network does not end in a dense layer that could start at zero; leave out quiet_start."
        )
    for parameter in dense.parameters():
        nn.init.zeros_(parameter)
    if usual is not None and dense.bias is not None:
        dense.bias.data.copy_(usual)


def start_from(network: nn.Module, donors: Sequence[Path], report: Report) -> None:
    """Let a network take from trained ones the tensors that fit.

    A tensor fits where name and shape agree. Where a network has no tensor of that name, the donor's name stands for
    the branch: a network with branches ``time`` and ``frequency`` (Time-FrequencyInit of Pons 2016) takes the filters
    of donors whose class is called Time and Frequency.

    Raises:
        TrainingError: a donor cannot be read, or nothing of it fits.
    """
    own = network.state_dict()
    for path in donors:
        try:
            spec, donor = load_checkpoint(path)
        except ModelError as error:
            raise TrainingError(str(error)) from error
        branch = type(donor.network).__name__.lower()
        taken = {}
        for name, tensor in donor.network.state_dict().items():
            for candidate in (name, f"{branch}.{name.split('.')[-1]}"):
                if candidate in own and own[candidate].shape == tensor.shape:
                    taken[candidate] = tensor
                    break
        if not taken:
            raise TrainingError(f"Nothing of {path} fits the network to train; choose a model with the same layers.")
        network.load_state_dict(own | taken)
        own = network.state_dict()
        report(Problem(f"{len(taken)} of {len(own)} tensors start from {spec.title}."))


def load_teacher(config: Config, spec: ModelSpec, device: torch.device) -> Model | None:
    """Return the model to learn from beside the labels, or None.

    Raises:
        TrainingError: it cannot be read, has other labels or listens through another front end.
    """
    if config.training.distillation is None:
        return None
    name = config.training.distillation.teacher
    try:
        known, teacher = load_checkpoint(ModelStore().find(name), device)
    except ModelError as error:
        raise TrainingError(str(error)) from error
    if known.labels != spec.labels or known.front_end != spec.front_end:
        raise TrainingError(f"The teacher {name} has other labels or another front end than the model to train.")
    return teacher.requires_grad_(requires_grad=False)


class Learner(nn.Module):
    """A model and, while it learns, a dense layer that says from its embedding what teachers say.

    Args:
        model: the model.
        n_scores: how many scores of teachers it learns beside the labels.
        frozen: beginnings of the names of the network's parts that do not learn.

    Raises:
        TrainingError: the network has no embedding to learn teachers' scores from, or no part of such a name.
    """

    def __init__(self, model: Model, n_scores: int, frozen: Sequence[str] = ()) -> None:
        super().__init__()
        self.model = model
        self._frozen = [
            part for name, part in model.network.named_modules() if any(_is_in(name, start) for start in frozen)
        ]
        for start in frozen:
            if not any(_is_in(name, start) for name, _ in model.network.named_modules()):
                raise TrainingError(f"The network has no part called {start!r}; correct network.frozen.")
        for part in self._frozen:
            part.requires_grad_(requires_grad=False)
        self.taught: nn.Linear | None = None
        if n_scores:
            if not isinstance(model.network, Embedder):
                raise TrainingError(
                    "Teachers' scores are learnt from a network's embedding, and this network has none; leave out "
                    "training.taught or choose another network."
                )
            self.taught = nn.Linear(model.network.embedding_size, n_scores)

    def train(self, mode: bool = True) -> Self:  # noqa: FBT001 - as torch has it
        """Set training mode; norms of parts that do not learn keep their statistics."""
        super().train(mode)
        for part in self._frozen:
            part.eval()
        return self

    def forward(self, windows: Tensor) -> tuple[Tensor, Tensor | None]:
        """Return the model's logits, shape (batch, n_labels), and those of the teachers' scores, (batch, n_scores)."""
        if self.taught is None:
            return self.model(windows), None
        network = cast("Embedder", self.model.network)
        embedding = network.embed(self.model.standardise(windows))
        return network.classify(embedding), self.taught(embedding)


def _is_in(name: str, part: str) -> bool:
    return name == part or name.startswith(f"{part}.")
