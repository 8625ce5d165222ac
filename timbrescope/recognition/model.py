"""What a checkpoint holds: a network behind the standardisation of its input."""

from collections.abc import Mapping

from torch import Tensor, nn

from timbrescope.core.errors import ModelError
from timbrescope.recognition import networks
from timbrescope.recognition.networks.frames import FrameScorer
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
        self._tells_of_frames = spec.look_ahead_frames is not None
        self._window_frames = spec.window_frames
        # Otherwise a frame is another input in each window that it belongs to.
        self._standardises_alike = spec.front_end.standardisation in ("none", "dataset", "band")

    def forward(self, windows: Tensor) -> Tensor:
        """Return the network's logits for windows of shape (batch, frames, n_bands).

        Their shape is (batch, n_labels). Of a model that tells of every frame it is (batch, rows, n_labels), with
        ``frames - window_frames + 1`` rows.
        """
        if not self._tells_of_frames:
            return self._score(windows)
        if self._standardises_alike and isinstance(self.network, FrameScorer):
            return self.network.score_frames(self.standardise(windows))
        every = windows.unfold(1, self._window_frames, 1).transpose(2, 3)  # batch, rows, window, bands
        return self._score(every.flatten(0, 1)).view(*every.shape[:2], -1)

    def _score(self, windows: Tensor) -> Tensor:
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
