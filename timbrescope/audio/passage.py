"""Which second of a file each frame on its way to the sound card is."""

from bisect import bisect_right


class Passage:
    """The frames in the ring from one order to the next, and where in the file they come from.

    Args:
        order: what is being carried out; only its identity matters.
        seconds: of the file, at the first frame.
        first: number of the first frame in the ring.
        rate: of the ring, in Hz.
    """

    def __init__(self, order: object, seconds: float, first: int, rate: int) -> None:
        self.order = order
        self.first = first
        self._rate = rate
        self._turns = [(first, seconds)]  # one for each round of a loop
        self._furthest = float(first)

    def turn(self, frame: int, seconds: float) -> None:
        """From that frame on the file goes on at another second."""
        self._turns.append((frame, seconds))

    def at(self, frame: float) -> float:
        """Return the second of the file that a frame holds; frames before the first count as the first."""
        start, seconds = self._turns[max(0, bisect_right(self._turns, frame, key=lambda turn: turn[0]) - 1)]
        return seconds + max(0.0, frame - start) / self._rate

    def heard(self, frame: float) -> float:
        """Return the second that is heard when the clock points to a frame; an uneven clock never turns it back."""
        self._furthest = max(self._furthest, frame)
        return self.at(self._furthest)
