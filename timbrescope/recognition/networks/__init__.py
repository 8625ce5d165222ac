"""The networks, one architecture a file. A new file is imported here by name, so that a frozen program contains it."""

from timbrescope.recognition.networks import musicnn
from timbrescope.recognition.networks.registry import build, names, register

__all__ = ["build", "musicnn", "names", "register"]
