"""Real people's prompts in French, Italian and Russian, in which the program's own model finds the phonemes.

The Spanish ones are spoken by the woman whose English ones judge (``prompts``), so nothing is learnt from them.
"""

import gzip
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from timbrescope.recognition.text_to_phones import lyrics_to_phones
from training.corpora.aligned import Reading, read_aloud
from training.corpora.packages import Package, fetch
from training.corpora.prompts import CACHED, SECONDS, decoded
from training.corpora.utterances import SAMPLE_RATE, Utterance
from training.errors import TrainingError

_NOT_SAID = re.compile(r"[\[\]<>(){}0-9?]")  # "?" also stands for letters that the lists have lost


@dataclass(frozen=True, slots=True)
class Reader:
    """Somebody whose prompts, and a list of what is said in them, are in two packages.

    Attributes:
        name: of the voice.
        language: code.
        folder: of the recordings, below those of all voices.
        licence: of the recordings.
    """

    name: str
    language: str
    folder: str
    licence: str

    @property
    def sounds(self) -> Package:
        """The package of the recordings."""
        return Package("debian", f"asterisk-core-sounds-{self.language}-g722", self.licence)

    @property
    def texts(self) -> Package:
        """The package of the list."""
        return Package("debian", f"asterisk-core-sounds-{self.language}", self.licence)


READERS = (
    Reader("june", "fr", "fr_CA_f_June", "CC BY-SA 3.0"),
    Reader("carlo", "it", "it_IT_m_Carlo", "CC BY-SA 3.0"),
    Reader("ivrvoice", "ru", "ru_RU_f_IvrvoiceRU", "CC BY 3.0"),
)


def foreign_prompts(reader: Reader, cache: Path) -> tuple[Reading, ...]:
    """Return the prompts of which it is known what is said, in order.

    Their phones are found here and not when they are needed: the library for it cannot both speak and spell in one
    process (``training.corpora.espeak``).

    Raises:
        AlignmentError: eSpeak NG is missing.
        TrainingError: a package cannot be fetched, or the list in it cannot be read.
    """
    folder = fetch(reader.sounds, cache) / "usr/share/asterisk/sounds" / reader.folder
    listed = f"usr/share/doc/asterisk-core-sounds-{reader.language}/core-sounds-{reader.language}.txt.gz"
    texts = fetch(reader.texts, cache) / listed
    try:
        lines = gzip.decompress(texts.read_bytes()).decode("utf-8-sig").splitlines()
    except (OSError, ValueError) as error:
        raise TrainingError(f"{texts} cannot be read ({error}); delete the folder of its package.") from error
    found = []
    for line in lines:
        name, _, text = (part.strip() for part in line.partition(":"))
        path = folder / f"{name}.g722"
        if any(letter.isalpha() for letter in text) and not _NOT_SAID.search(text) and path.is_file():
            found.append(Reading(path, lyrics_to_phones(text, reader.language), reader.language))
    return tuple(found)


def aligned_foreign_prompt(choice: Sequence[Reading], rng: np.random.Generator) -> Utterance:
    """Return a random prompt with its phonemes.

    Raises:
        TimbrescopeError: what is said is probably not what the list says, or it cannot be aligned.
    """
    return _aligned(choice[int(rng.integers(len(choice)))])


@lru_cache(maxsize=CACHED)
def _aligned(prompt: Reading) -> Utterance:
    samples = decoded(prompt.path)
    if not SECONDS[0] <= len(samples) / SAMPLE_RATE <= SECONDS[1]:
        raise TrainingError(f"{prompt.path} is too short or too long; another prompt is taken.")
    return read_aloud(samples, prompt.lines, prompt.language)
