"""Times as people read them."""

import numpy as np


def clock(seconds: float, resolution: float = 1.0) -> str:
    """Return a time as m:ss or h:mm:ss, with as many decimals as the resolution in seconds asks for."""
    decimals = max(0, int(np.ceil(-np.log10(resolution) - 1e-9)))
    whole = round(seconds * 10**decimals)
    minutes, rest = divmod(whole, 60 * 10**decimals)
    hours, minutes = divmod(minutes, 60)
    tail = f"{rest // 10**decimals:02}" + (f".{rest % 10**decimals:0{decimals}}" if decimals else "")
    return f"{hours}:{minutes:02}:{tail}" if hours else f"{minutes}:{tail}"
