"""What a network starts from or is taught by: models that were trained before."""

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import nn

from timbrescope.core.errors import ModelError
from timbrescope.recognition.checkpoint import load_checkpoint
from timbrescope.recognition.model import Model
from timbrescope.recognition.spec import ModelSpec
from timbrescope.recognition.store import ModelStore
from training.config import Config
from training.errors import TrainingError
from training.progress import Problem, Report


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
