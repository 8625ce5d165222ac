"""The networks, one architecture a file. A new file is imported here by name, so that a frozen program contains it."""

from timbrescope.recognition.networks import musicnn
from timbrescope.recognition.networks.registry import Entry, build, entry, names, register

__all__ = ["Entry", "build", "entry", "musicnn", "names", "register"]
