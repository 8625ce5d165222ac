"""The networks, one architecture a file. A new file is imported here by name, so that a frozen program contains it."""

from timbrescope.recognition.networks import (
    choi,
    musicnn,
    pons2016,
    pons2017_instruments,
    pons2017_phonemes,
    pons2017_tags,
    segal,
)
from timbrescope.recognition.networks.registry import Entry, build, entry, names, register

__all__ = [
    "Entry",
    "build",
    "choi",
    "entry",
    "musicnn",
    "names",
    "pons2016",
    "pons2017_instruments",
    "pons2017_phonemes",
    "pons2017_tags",
    "register",
    "segal",
]
