"""What a checkpoint holds: a network behind the standardisation of its input."""

from collections.abc import Mapping

from torch import Tensor, nn

from timbrescope.core.errors import ModelError
from timbrescope.recognition import networks
from timbrescope.recognition.spec import ModelSpec
from timbrescope.recognition.standardise import Standardise

_PREFIX = "standardise."


class Model(nn.Module):
    """A network behind the standardisation of its input, with fresh weights, as a ModelSpec describes them.

    Raises:
        ModelError: no network has this name, or it does not take these options.
    """

    def __init__(self, spec: ModelSpec) -> None:
        super().__init__()
        self.standardise = Standardise(spec.front_end, spec.window_frames)
        self.network = networks.build(spec.network, len(spec.labels), **spec.network_options)

    def forward(self, windows: Tensor) -> Tensor:
        """Return the network's logits, shape (batch, n_labels), for windows of shape (batch, frames, n_bands)."""
        logits: Tensor = self.network(self.standardise(windows))
        return logits

    def weights(self) -> dict[str, Tensor]:
        """Return the network's tensors under its own names and the statistics of its input beside them."""
        statistics = {_PREFIX + name: tensor for name, tensor in self.standardise.state_dict().items()}
        return self.network.state_dict() | statistics

    def load_weights(self, weights: Mapping[str, Tensor]) -> None:
        """Take what ``weights`` returned.

        Raises:
            ModelError: a tensor is missing, unknown or of another shape; the sentence says which.
        """
        wanted = {name: tuple(tensor.shape) for name, tensor in self.weights().items()}
        present = {name: tuple(tensor.shape) for name, tensor in weights.items()}
        if wanted != present:
            name = min(name for name in wanted.keys() | present.keys() if wanted.get(name) != present.get(name))
            raise ModelError(f"the weights {name} have the shape {present.get(name)} where {wanted.get(name)} belongs")
        statistics = {name for name in weights if name.startswith(_PREFIX)}
        self.standardise.load_state_dict({name.removeprefix(_PREFIX): weights[name] for name in statistics})
        self.network.load_state_dict({name: weights[name] for name in weights.keys() - statistics})
