"""Which processor the networks run on."""

import torch

from timbrescope.core.errors import ModelError


def choose_device(wanted: str = "auto") -> torch.device:
    """Return the device to compute on: ``auto`` prefers cuda, then mps, then cpu.

    Raises:
        ModelError: a device was asked for by name that this machine does not have.
    """
    present = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if wanted == "auto":
        return torch.device(next(name for name, there in present.items() if there))
    if not present.get(wanted, False):
        there = ", ".join(name for name, there in present.items() if there)
        raise ModelError(f"This machine has no usable {wanted!r} device for the models; choose one of: auto, {there}.")
    return torch.device(wanted)


def is_out_of_memory(error: BaseException) -> bool:
    """Tell whether an error of torch says that memory ran out, on a GPU or on the CPU."""
    text = str(error).lower()
    return isinstance(error, torch.OutOfMemoryError | MemoryError) or (
        isinstance(error, RuntimeError) and ("out of memory" in text or "can't allocate memory" in text)
    )
