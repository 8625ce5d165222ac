"""What is known of labels: the family of each instrument and the order of the kinds of model."""

from typing import Final

INSTRUMENTS: Final = "instruments"
TAGS: Final = "tags"
PHONEMES: Final = "phonemes"
BACKGROUND: Final = "background"
"""What is none of a model's labels: it is learnt, so that the others stay low, and not shown."""

FAMILIES: Final = {
    "guitars": ("acoustic guitar", "electric guitar", "electric bass"),
    "strings": ("violin", "cello"),
    "woodwinds": ("flute", "clarinet", "saxophone"),
    "brass": ("trumpet",),
    "keyboards": ("piano", "organ"),
    "percussion": ("drums",),
    "voice": ("voice",),
}
"""The instruments of each family, as an orchestra or a band sorts them: by how they are played."""

_FAMILY_OF: Final = {label: family for family, labels in FAMILIES.items() for label in labels}
_KINDS: Final = (INSTRUMENTS, TAGS, PHONEMES, "sounds")


def family(label: str) -> str | None:
    """Return the family of an instrument; None for a label that is no known instrument."""
    return _FAMILY_OF.get(label.casefold())


def rank(kind: str) -> int:
    """Return the place of a kind of model where several stand together; an unknown kind comes last."""
    return _KINDS.index(kind) if kind in _KINDS else len(_KINDS)
