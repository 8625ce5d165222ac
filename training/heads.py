"""One of several lists of labels that a network has learnt at once, as a model of its own."""

from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor

from timbrescope.recognition.label_vectors import last_dense
from timbrescope.recognition.model import Model
from timbrescope.recognition.spec import ModelSpec
from training.errors import TrainingError
from training.teachers.ensemble import SEPARATOR


def one_list(spec: ModelSpec, model: Model, title: str, labels: Sequence[str]) -> tuple[ModelSpec, dict[str, Tensor]]:
    """Return the description and the weights of a model with the outputs of one list only.

    Args:
        spec: of the model that learnt several lists.
        model: that model.
        title: of the list: its labels are called ``title:label`` there.
        labels: of the list, in the order wanted.

    Raises:
        TrainingError: the model lacks one of the labels, or does not end in a dense layer.
    """
    dense = last_dense(model.network, len(spec.labels))
    if dense is None:
        raise TrainingError(f"{spec.name} does not end in a dense layer, so that its lists cannot be taken apart.")
    try:
        rows = torch.tensor([spec.labels.index(f"{title}{SEPARATOR}{label}") for label in labels])
    except ValueError as error:
        raise TrainingError(
            f"{spec.name} has not learnt all labels of {title} ({error}); choose another list."
        ) from error
    last = {id(tensor) for tensor in dense.parameters()}
    names = {name for name, tensor in model.network.named_parameters() if id(tensor) in last}
    weights = {name: tensor[rows].clone() if name in names else tensor for name, tensor in model.weights().items()}
    thresholds = tuple(spec.thresholds[row] for row in rows.tolist()) if spec.thresholds else ()
    return replace(spec, labels=tuple(labels), thresholds=thresholds), weights
