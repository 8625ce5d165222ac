"""Which of AudioSet's 527 classes are which of the thirteen instruments."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from training.errors import TrainingError

CLASSES: Mapping[str, tuple[str, ...]] = {
    "cello": ("Cello",),
    "clarinet": ("Clarinet",),
    "flute": ("Flute",),
    "acoustic guitar": ("Acoustic guitar",),
    "electric guitar": ("Electric guitar",),
    "organ": ("Organ", "Electronic organ", "Hammond organ"),
    "piano": ("Piano", "Electric piano"),
    "saxophone": ("Saxophone",),
    "trumpet": ("Trumpet",),
    "violin": ("Violin, fiddle",),
    "voice": (
        "Singing", "Male singing", "Female singing", "Child singing", "Synthetic singing", "Choir", "Rapping",
        "Humming", "Yodeling", "Chant", "Mantra", "Vocal music", "A capella",
    ),
    "drums": (
        "Drum kit", "Drum machine", "Drum", "Snare drum", "Rimshot", "Drum roll", "Bass drum", "Cymbal", "Hi-hat",
    ),
    "electric bass": ("Bass guitar",),
}  # fmt: skip
"""Instrument -> display names of the classes; the names hold commas."""

INSTRUMENTS = tuple(CLASSES)


def instrument_scores(scores: NDArray[np.float32], names: Sequence[str]) -> NDArray[np.float32]:
    """Return the highest score among the classes of each instrument, shape (rows, 13), in the order of INSTRUMENTS.

    Args:
        scores: of all classes, shape (rows, classes).
        names: of the classes, as AudioSet displays them.

    Raises:
        TrainingError: one of the classes is missing.
    """
    columns = {name: column for column, name in enumerate(names)}
    missing = [name for classes in CLASSES.values() for name in classes if name not in columns]
    if missing:
        raise TrainingError(f'These scores have no class "{missing[0]}"; take those of a model trained on AudioSet.')
    grouped = [scores[:, [columns[name] for name in classes]].max(axis=1) for classes in CLASSES.values()]
    return np.stack(grouped, axis=1)
