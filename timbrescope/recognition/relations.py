"""How the labels of a model on this computer relate, by its weights and by what it found in the user's recordings."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from timbrescope.core import history
from timbrescope.core.labels import INSTRUMENTS
from timbrescope.core.noteworthy import thresholds
from timbrescope.core.relations import Relations, relate
from timbrescope.core.summary import PRESENT_SHARE
from timbrescope.core.timeline import ScoreSpec
from timbrescope.recognition.checkpoint import read_fingerprint, read_spec
from timbrescope.recognition.label_vectors import read_label_vectors


def read_relations(path: Path) -> Relations:
    """Return how the labels of the model in a file relate.

    Raises:
        ModelError: the file is missing, damaged or no model.
    """
    spec = read_spec(path)
    hop_seconds = spec.hop_frames * spec.front_end.hop_seconds
    heard = ScoreSpec(
        spec.name, spec.kind, spec.labels, hop_seconds, spec.window_seconds, spec.thresholds, read_fingerprint(path)
    )
    return relate(spec.labels, spec.kind, read_label_vectors(path), present(heard, history.recall(heard)))


def present(spec: ScoreSpec, recalled: history.Recalled) -> NDArray[np.bool_]:
    """Return which labels each recording has, shape (recordings, labels), as the line in words on it decides.

    An instrument is there where it plays for long enough, another label where its score for the whole recording is
    worth saying.
    """
    if spec.kind == INSTRUMENTS:
        return np.asarray(recalled.shares >= PRESENT_SHARE)
    return np.asarray(recalled.clip_scores >= thresholds(spec).astype(np.float16))
