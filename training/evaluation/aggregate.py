"""From the scores of a clip's windows to the scores of the clip, as the program and as the papers do it."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.collection import Task
from training.errors import TrainingError
from training.evaluation.metrics import add_up

Scores = NDArray[np.float64]
Combine = Callable[[Scores, NDArray[np.intp], int], Scores]

_TIE_BREAK = 1e-6  # less than a vote among any number of windows that a clip has


@dataclass(frozen=True, slots=True)
class Rule:
    """A way from windows to decisions.

    Attributes:
        name: for the command line.
        combine: takes the windows' scores, shape (windows, labels), the number of each window's clip and how many clips
            there are; gives the clips' scores, shape (clips, labels). None leaves each window for itself.
        threshold: from which score on a label applies, where any number of labels may.
        calibrated: whether the result still reads as a probability.
        meaning: for people.
        by_loudness: whether each window counts as in ``core.loudness`` before they are combined.
    """

    name: str
    combine: Combine | None
    threshold: float
    calibrated: bool
    meaning: str
    by_loudness: bool = False


def mean(scores: Scores, clips: NDArray[np.intp], n_clips: int) -> Scores:
    """Return the mean of each clip's windows (Pons 2017, III-B: strategy s1 with threshold 0.2; III-C for tags)."""
    windows = np.maximum(np.bincount(clips, minlength=n_clips), 1).astype(np.float64)
    return np.asarray(add_up(scores, clips, n_clips) / windows[:, None])


def relative_weights(weights: Scores, clips: NDArray[np.intp], n_clips: int) -> Scores:
    """Return how loud each window is for its clip, 1 on average and where all of the clip is silent, shape (windows,).

    The mean of scores times this is the mean weighed by loudness, as ``timbrescope.core.loudness`` forms it.
    """
    usual = mean(weights[:, None], clips, n_clips)[clips, 0]
    return np.asarray(np.divide(weights, usual, out=np.ones_like(weights), where=usual > 0))


def sum_normalise(scores: Scores, clips: NDArray[np.intp], n_clips: int) -> Scores:
    """Return the sum of each clip's windows over its largest value (strategy s2 of Han et al. 2017)."""
    sums = add_up(scores, clips, n_clips)
    largest = sums.max(axis=1, keepdims=True, initial=0.0)
    return sums / np.where(largest > 0, largest, 1.0)


def majority(scores: Scores, clips: NDArray[np.intp], n_clips: int) -> Scores:
    """Return the share of each clip's windows that vote for a label with their highest score (Pons 2016).

    Of labels with equally many votes the one with the higher mean score stands a little higher.
    """
    votes = np.zeros_like(scores)
    votes[np.arange(len(scores)), scores.argmax(axis=1)] = 1.0
    return mean(votes, clips, n_clips) + _TIE_BREAK * mean(scores, clips, n_clips)


RULES = {
    known.name: known
    for known in (
        Rule(
            "loudness",
            mean,
            0.5,
            calibrated=True,
            meaning="the mean of its windows, each weighed by how loud it is",
            by_loudness=True,
        ),
        Rule("mean", mean, 0.2, calibrated=True, meaning="the mean of its windows"),
        Rule("sum-normalise", sum_normalise, 0.5, calibrated=False, meaning="the sum of its windows over its largest"),
        Rule("majority", majority, 0.5, calibrated=False, meaning="the majority vote of its windows"),
        Rule("none", None, 0.5, calibrated=True, meaning="each window for itself"),
    )
}


def rule(name: str | None, task: Task) -> Rule:
    """Return the rule of that name; None takes the usual one of the task, which for clips is that of the program.

    Raises:
        TrainingError: there is none of that name, or it does not suit the task.
    """
    if name is None:
        name = "none" if task == "frame" else "loudness"
    if name not in RULES:
        raise TrainingError(f"There is no way {name!r} to combine windows; choose one of: {', '.join(RULES)}.")
    if task == "frame" and RULES[name].combine is not None:
        raise TrainingError(
            f"Labels that change within a recording are judged frame by frame, not by {name!r}: use 'none'."
        )
    return RULES[name]
