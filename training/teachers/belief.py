"""What a teacher of AudioSet's classes is sure of, as labels of music that nobody has labelled."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from training.sources.table import ALL_OTHERS
from training.teachers.audioset import INSTRUMENTS, instrument_scores

# Nine of ten pieces of music stay below the first for most instruments, one of a hundred exceeds the second.
ABSENT, PRESENT = 0.003, 0.3


def believed_labels(scores: NDArray[np.floating], names: Sequence[str]) -> list[str]:
    """Return the labels of pieces, as tables have them: what surely plays, what surely does not, the rest unknown.

    Networks of AudioSet hear instruments in music well and single notes badly, so that this is for music.

    Args:
        scores: probabilities of one model, shape (pieces, classes).
        names: of the classes.

    Raises:
        TrainingError: a class that stands for an instrument is missing.
    """
    grouped = instrument_scores(np.asarray(scores, dtype=np.float32), names)
    return [";".join([*_sure(row), f"{ALL_OTHERS}=?"]) for row in grouped]


def _sure(scores: NDArray[np.float32]) -> list[str]:
    return [
        f"{instrument}={int(score > PRESENT)}"
        for instrument, score in zip(INSTRUMENTS, scores, strict=True)
        if not ABSENT <= score <= PRESENT
    ]
