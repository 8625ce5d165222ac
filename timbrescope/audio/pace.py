"""How much sound should have come by now: what keeps the time line of a live input true to the clock."""

import math

WINDOW_SECONDS = 5.0
UNNOTICED_SECONDS = 0.25
SHORTEST_GAP_SECONDS = 0.005


class Pace:
    """Compares the frames of a live input with the clock.

    Sound comes late, more or less so from call to call, but never early: the least delay of a while is that of the
    device, and where it has grown at once, sound is missing. Clocks of sound cards differ from the computer's by some
    hundredths of a per mille; the least delay follows that slowly and takes it for no gap.

    Args:
        rate: of the frames, in Hz.
    """

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._usual: float | None = None  # the device's delay, on a clock that starts anywhere, in frames
        self._least = math.inf  # in the window so far
        self._window_end = 0.0

    def delay(self, moment: float, frames: int) -> float:
        """Return how late the last of that many frames came, in frames, from an arbitrary start."""
        return moment * self._rate - frames

    def hear(self, moment: float, frames: int) -> int:
        """Take note that so many frames are there at a moment, and return how many are missing without a word.

        Args:
            moment: of ``time.monotonic()``.
            frames: number of all frames so far, silence for missing ones included.
        """
        delay = self.delay(moment, frames)
        if self._usual is None:
            self._usual, self._window_end = delay, moment + WINDOW_SECONDS
        self._usual = min(self._usual, delay)
        self._least = min(self._least, delay)
        if moment < self._window_end:
            return 0
        missing = self._least - self._usual
        self.begin_window(moment)
        if missing >= UNNOTICED_SECONDS * self._rate:
            return round(missing)
        self._usual += missing
        return 0

    def missing(self, delay: float) -> int:
        """Return how many frames are missing where sound comes with that delay from now on; less than 5 ms are none."""
        if self._usual is None or delay - self._usual < SHORTEST_GAP_SECONDS * self._rate:
            return 0
        return round(delay - self._usual)

    def begin_window(self, moment: float) -> None:
        """Forget the delays since the last window, because the gap in this one is filled."""
        self._window_end, self._least = moment + WINDOW_SECONDS, math.inf

    def due(self, moment: float) -> int:
        """Return how many frames should be there at a moment."""
        return 0 if self._usual is None else math.floor(moment * self._rate - self._usual)
