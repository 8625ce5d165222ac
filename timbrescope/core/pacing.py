"""A steady time for a picture whose columns arrive in portions."""

from collections import deque

WINDOW_SECONDS = 4.0
CATCH_UP = 1.5  # of the distance to where it should be, each second
MARGIN_SECONDS = 0.02
NEARLY_ALL = 0.98  # of the portions of a while: for the latest few of many the picture rather stops for a moment
JUMP_SECONDS = 2.0
FIRST_PORTIONS = 2  # say nothing about later ones: they hold what came while the models were loaded


class Pacing:
    """Turns portions that arrive now and then into a second that runs evenly, as late as needed and no later.

    Between two portions the newest column grows old. The greatest age of the last seconds, but for the worst few, is
    how late the picture has to be so that it hardly ever stops; where that changes, the picture runs a little faster or
    slower until it is there.
    """

    def __init__(self) -> None:
        self._ages: deque[tuple[float, float]] = deque()  # when, and how old the newest column was just before
        self._age = 0.0  # nearly the greatest of these
        self._arrived = 0
        self._end = 0.0  # what has arrived, in seconds of sound
        self._shown = 0.0
        self._before: float | None = None  # moment of the last look

    def arrive(self, moment: float, end: float) -> None:
        """Take note that sound up to a second has arrived.

        Args:
            moment: of a monotonic clock, in seconds.
            end: in seconds of sound.
        """
        self._arrived += 1
        if self._arrived > FIRST_PORTIONS:
            self._ages.append((moment, moment - self._end))
            while self._ages[0][0] < moment - WINDOW_SECONDS:
                self._ages.popleft()
            ages = sorted(age for _, age in self._ages)
            self._age = ages[int(NEARLY_ALL * len(ages))]
        self._end = end

    def now(self, moment: float) -> float:
        """Return the second of sound to show at a moment; it never runs backwards nor past what has arrived."""
        elapsed = 0.0 if self._before is None else moment - self._before
        self._before = moment
        if not self._ages:  # nothing is known yet
            self._shown = self._end
            return self._shown
        wanted = moment - self._age - MARGIN_SECONDS
        distance = wanted - self._shown - elapsed
        if abs(distance) > JUMP_SECONDS:
            shown = wanted
        else:
            shown = self._shown + elapsed + min(1.0, CATCH_UP * elapsed) * distance
        self._shown = max(self._shown, min(shown, self._end))
        return self._shown
