"""Readers for the data sets of the papers, each for the folder that its authors distribute, unpacked.

mirdata reads none of them here: since its version 1 it does not carry the indexes of the data sets any more but
fetches each from the network, and it refuses to read anything without; it has no MagnaTagATune, NSynth,
FSDKaggle2018, Philharmonia or whole MedleyDB either.
"""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from types import MappingProxyType

from training.collection import Collection
from training.sources.published_jingju import jingju_phonemes
from training.sources.published_medleydb import medleydb
from training.sources.published_music import ballroom, irmas, magnatagatune, openmic
from training.sources.published_notes import fsdkaggle2018, good_sounds, nsynth, philharmonia

PUBLISHED: Mapping[str, Callable[[Path], Collection]] = MappingProxyType(
    {
        "ballroom": ballroom,
        "fsdkaggle2018": fsdkaggle2018,
        "good-sounds": good_sounds,
        "irmas": irmas,
        "jingju-phonemes": jingju_phonemes,
        "jingju-phonemes-dan": partial(jingju_phonemes, role="dan"),
        "jingju-phonemes-laosheng": partial(jingju_phonemes, role="laosheng"),
        "magnatagatune": magnatagatune,
        "medleydb": medleydb,
        "nsynth": nsynth,
        "openmic": openmic,
        "philharmonia": philharmonia,
    }
)
"""Readers by the name of the data set; each raises a TrainingError that says what is missing."""
