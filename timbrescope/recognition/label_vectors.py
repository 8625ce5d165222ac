"""The weights with which a network comes to each label: what it has learnt of how labels relate.

Source: Choi et al. 2017, "On the robustness of deep convolutional neural networks for music classification", section
V-A. torch is imported only where there is a network, or where one must be built: most files say enough themselves.
"""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from timbrescope.recognition.checkpoint import load_checkpoint, read_weights

if TYPE_CHECKING:
    from torch import nn

Floats = NDArray[np.float64]


def label_vectors(network: "nn.Module", n_labels: int) -> Floats | None:
    """Return the weights of the last dense layer, one vector a label, shape (labels, features).

    None where the network does not end in a dense layer. Source: section V-A.
    """
    dense = last_dense(network, n_labels)
    return None if dense is None else dense.weight.detach().cpu().numpy().astype(np.float64)


def last_dense(network: "nn.Module", n_labels: int) -> "nn.Linear | None":
    """Return the last dense layer with an output for each label; None where there is none."""
    from torch import nn

    dense = [layer for layer in network.modules() if isinstance(layer, nn.Linear) and layer.out_features == n_labels]
    return dense[-1] if dense else None


def read_label_vectors(path: Path) -> Floats | None:
    """Return the label vectors of a model in a file, as ``label_vectors`` gives them.

    A single matrix with a row for each label must be that layer's. Where there are several, the network is built: files
    keep no order of layers.

    Raises:
        ModelError: the file is missing, damaged or no model.
    """
    spec, tensors = read_weights(path)
    size = len(spec.labels)
    fitting = [
        tensor
        for name, tensor in tensors.items()
        if name.endswith(".weight") and tensor.ndim == 2 and len(tensor) == size
    ]
    if len(fitting) > 1:
        return label_vectors(load_checkpoint(path)[1].network, size)
    return np.asarray(fitting[0], np.float64) if fitting else None
