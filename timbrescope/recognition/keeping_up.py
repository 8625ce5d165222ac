"""Recognition of live sound, which cannot wait for a slow computer."""

import time

import numpy as np
from torch import Tensor

from timbrescope.recognition.recogniser import Recogniser, Scores

LONGEST_SECONDS = 1.0
_REPEAT_SECONDS = 30.0
_FORGETTING = 0.3  # weight of the newest measurement of how long a window takes


class LiveRecogniser(Recogniser):
    """A recogniser that scores the newest windows only where scoring all that wait would take more than a second.

    There is still a row for every window, so that rows and time stay aligned: those left out get the scores of the next
    one that is scored. ``notices`` says how many there were, from the second time on: the first is often what came
    while the model was loaded.
    """

    _seconds_a_window = 0.0
    _left_out = 0
    _forgiven = False
    _told = float("-inf")

    def score(self, inputs: Tensor) -> Scores:
        """Return scores in 0..1, shape (rows, labels), of inputs as ``Recogniser.score`` takes them."""
        count = self.rows_of(inputs)
        if count * self._seconds_a_window <= LONGEST_SECONDS:
            affordable = count
        else:
            affordable = min(count, max(1, int(LONGEST_SECONDS / self._seconds_a_window)))
        start = time.perf_counter()
        scores = super().score(inputs[count - affordable :])
        if affordable:
            self._measure((time.perf_counter() - start) / affordable)
        if affordable == count:
            return scores
        self._left_out += count - affordable
        if not self._forgiven:
            self._forgiven = True
        elif start - self._told >= _REPEAT_SECONDS:
            self._told = start
            self.notices.append(
                f"{self.spec.title} cannot keep up on this computer: it has skipped {self._left_out} windows so far to "
                "hear the newest; choose fewer or lighter models, or a longer time between scores."
            )
        return np.concatenate([np.repeat(scores[:1], count - affordable, axis=0), scores])

    def _measure(self, seconds: float) -> None:
        usual = self._seconds_a_window or seconds
        self._seconds_a_window = usual + _FORGETTING * (seconds - usual)
