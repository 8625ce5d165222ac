"""What the tags of MagnaTagATune and of the Million Song Dataset are about, and which of them mean the same.

Both lists are what listeners typed, so one meaning has several names: "woman", "female", "female vocals". Tags are
synonyms here only where a listener who means one would be content with the other. Therefore "electro", which listeners
write for "electronic" at large, is folded, and so are "chill" and "classic" (in a list that has no rock of that name);
but "soft" is not "quiet", "indie rock" not "indie", "heavy metal" not "metal", and "opera" no "choir".
"""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

GROUP_ORDER: Final = ("genre", "instrument", "voice", "mood", "era", "other")
"""The groups in the order in which they are shown. Tempo and loudness belong to the mood: listeners name them so."""

_MEMBERS: Final = {
    "genre": (
        "classical", "classic", "techno", "electronic", "electronica", "electro", "rock", "pop", "ambient", "indian",
        "opera", "new age", "dance", "country", "metal", "alternative", "indie", "alternative rock", "jazz",
        "classic rock", "soul", "indie rock", "folk", "punk", "blues", "hard rock", "experimental", "hip-hop",
        "easy listening", "funk", "heavy metal", "progressive rock", "rnb", "indie pop", "house",
    ),
    "instrument": (
        "guitar", "strings", "string", "drums", "piano", "violin", "synth", "harpsichord", "flute", "sitar", "harp",
        "cello",
    ),
    "voice": (
        "vocal", "vocals", "singing", "voice", "female", "woman", "female vocal", "female vocals", "female voice",
        "female vocalist", "female vocalists", "male", "man", "male vocal", "male vocals", "male voice",
        "male vocalist", "male vocalists", "no vocals", "no vocal", "no voice", "instrumental", "choir", "choral",
    ),
    "mood": (
        "slow", "fast", "loud", "quiet", "soft", "weird", "beautiful", "chillout", "chill", "mellow", "party", "sexy",
        "catchy", "sad", "happy",
    ),
    "era": ("60s", "70s", "80s", "90s", "00s", "oldies"),
    "other": ("beat", "beats", "solo", "acoustic"),
}  # fmt: skip

GROUPS: Final[Mapping[str, str]] = {label: group for group, labels in _MEMBERS.items() for label in labels}
"""Label in lower case -> its group, for each label of both lists and what stands for several of them."""

_SYNONYMS: Final = {
    "female voice": ("female", "woman", "female vocal", "female vocals", "female vocalist", "female vocalists"),
    "male voice": ("male", "man", "male vocal", "male vocals", "male vocalist", "male vocalists"),
    "voice": ("vocal", "vocals", "singing"),
    "no voice": ("no vocal", "no vocals", "instrumental"),
    "choir": ("choral",),
    "classical": ("classic",),
    "electronic": ("electronica", "electro"),
    "chillout": ("chill",),
    "beat": ("beats",),
    "strings": ("string",),
}
_CANONICAL: Final = {synonym: label for label, synonyms in _SYNONYMS.items() for synonym in synonyms}


def group_of(label: str) -> str:
    """Return what a tag is about; a label of neither list is ``other``."""
    return GROUPS.get(label.casefold(), "other")


def canonical(label: str) -> str:
    """Return the one name of all tags that mean the same: lower case for those known here, else the label itself."""
    plain = label.casefold()
    return _CANONICAL.get(plain, plain if plain in GROUPS else label)


def synonyms(labels: Sequence[str]) -> dict[str, tuple[int, ...]]:
    """Return the columns of each canonical label, in the order in which the labels first name it."""
    columns: dict[str, tuple[int, ...]] = {}
    for column, label in enumerate(labels):
        name = canonical(label)
        columns[name] = (*columns.get(name, ()), column)
    return columns


def fold(labels: Sequence[str], scores: NDArray[np.floating]) -> tuple[tuple[str, ...], NDArray[np.floating]]:
    """Fold synonyms: each row keeps the highest score of those that mean the same.

    Args:
        labels: one per column.
        scores: shape (rows, labels).

    Returns:
        The canonical labels in the order in which the labels first name them, and scores of shape (rows, folded).
    """
    columns = synonyms(labels)
    folded = np.stack([scores[:, list(group)].max(axis=1) for group in columns.values()], axis=1)
    return tuple(columns), folded
