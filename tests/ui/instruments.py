"""A tiny model of instruments beside the tiny one of tags."""

from collections.abc import Sequence
from dataclasses import replace

import torch

from tests.tiny import SPEC, Tiny
from timbrescope import paths
from timbrescope.core.labels import FAMILIES
from timbrescope.recognition.checkpoint import save_checkpoint
from timbrescope.recognition.spec import ModelSpec

LABELS = tuple(sorted(label for labels in FAMILIES.values() for label in labels))
INSTRUMENTS = replace(
    SPEC,
    name="tiny-instruments",
    title="Tiny instruments",
    kind="instruments",
    labels=LABELS,
    window_frames=80,
    hop_frames=25,
    description="Thirteen instruments.\n\nLimits: it does not listen.",
    source="https://example.org/tiny, release 1.",
    citation="A. Uthor: On <tiny> models. 2020.",
    figures={"mean average precision": 0.81234},
)


def install(sounding: Sequence[str], spec: ModelSpec = INSTRUMENTS) -> None:
    """Install a model to which some instruments always sound, with a score of 0.9, and the others never do."""
    network = Tiny(len(LABELS), 24)
    with torch.no_grad():
        network.linear.weight.zero_()
        network.linear.bias.copy_(torch.tensor([2.2 if label in sounding else -4.0 for label in LABELS]))
    save_checkpoint(paths.models() / f"{spec.name}.safetensors", spec, network.state_dict())
