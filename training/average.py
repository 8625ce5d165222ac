"""Average the weights of trained models: ``python -m training.average A.safetensors B.safetensors --output C``.

Models that went on from one another's weights lie in one basin of the loss, where the middle is often better than
either: what one of them learnt last and the other one knew before are both there (Wortsman et al., "Model soups",
ICML 2022, sections 2 and 3).
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor

from timbrescope.core.errors import TimbrescopeError
from timbrescope.recognition.checkpoint import load_checkpoint, save_checkpoint
from training.errors import TrainingError


def average(models: Sequence[Path], output: Path) -> None:
    """Write the model in the middle of others; all but the weights is the last one's.

    Raises:
        TimbrescopeError: a model cannot be read, or they are not of one network with the same labels.
    """
    loaded = [load_checkpoint(model) for model in models]
    spec, last = loaded[-1]
    alike = (spec.network, spec.network_options, spec.labels, spec.front_end)
    for model, (other, _) in zip(models, loaded, strict=True):
        if (other.network, other.network_options, other.labels, other.front_end) != alike:
            raise TrainingError(
                f"{model} and {models[-1]} differ in more than their weights; average models that go on from "
                "one another."
            )
    weights = [network.weights() for _, network in loaded]
    save_checkpoint(output, spec, {name: _mean([one[name] for one in weights]) for name in last.weights()})


def _mean(tensors: Sequence[Tensor]) -> Tensor:
    """Return the mean; of what is no number on a scale, such as how many batches there were, the last."""
    return torch.stack(list(tensors)).mean(dim=0) if tensors[0].is_floating_point() else tensors[-1]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit code."""
    parser = argparse.ArgumentParser(prog="python -m training.average", description="Average the weights of models.")
    parser.add_argument("models", nargs="+", type=Path, metavar="MODEL")
    parser.add_argument("--output", required=True, type=Path, metavar="FILE")
    options = parser.parse_args(arguments)
    try:
        average(options.models, options.output)
    except TimbrescopeError as error:
        print(f"timbrescope: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
