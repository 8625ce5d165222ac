"""Lower priority for a process that works beside the window, so that listening and drawing come first."""

import os
import sys
from contextlib import suppress
from typing import Final

_NICENESS: Final = 10


def step_back(process: int) -> None:
    """Let a process, and those that it starts later, have what of the processor others leave."""
    if sys.platform == "win32":
        import ctypes

        set_information, below_normal = 0x0200, 0x4000
        kernel = ctypes.windll.kernel32
        if handle := kernel.OpenProcess(set_information, False, process):
            kernel.SetPriorityClass(handle, below_normal)
            kernel.CloseHandle(handle)
        return
    with suppress(OSError):  # it is over already
        os.setpriority(os.PRIO_PROCESS, process, _NICENESS)
