"""What a run computes on: one processor, or those that torchrun has started processes for."""

import os
from typing import Literal

from lightning_fabric import Fabric

from timbrescope.recognition.device import choose_device


def make_fabric(device: str, precision: Literal["32-true", "bf16-mixed", "16-mixed"]) -> Fabric:
    """Return this process's share of the processors, ready for use.

    Args:
        device: ``auto``, ``cpu``, ``cuda`` or ``mps``; under torchrun each process takes its own.
        precision: as in Lightning Fabric.

    Raises:
        ModelError: this machine has no such device.
    """
    here, everywhere = int(os.environ.get("LOCAL_WORLD_SIZE", "1")), int(os.environ.get("WORLD_SIZE", "1"))
    fabric = Fabric(
        accelerator=choose_device(device).type,
        strategy="ddp" if everywhere > 1 else "auto",
        devices=here,
        num_nodes=max(1, everywhere // here),
        precision=precision,
    )
    fabric.launch()
    return fabric


def is_first_process() -> bool:
    """Tell whether this process speaks for all those that torchrun has started."""
    return os.environ.get("RANK", "0") == "0"
