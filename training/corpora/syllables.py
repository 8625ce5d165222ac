"""Real people's letters and syllables in six languages, in which the program's own model finds the phonemes.

A game for children who learn to read has a reader for each language, and lists of what is said in every recording.
"""

import html
import re
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Final

import numpy as np

from timbrescope.core.errors import TimbrescopeError
from timbrescope.recognition.text_to_phones import lyrics_to_phones
from training.corpora.aligned import SLOW, Reading, read_aloud
from training.corpora.packages import Package, fetch
from training.corpora.utterances import Utterance, in_a_row, read_speech
from training.errors import TrainingError

PACKAGE: Final = Package("debian", "klettres-data", "GPL-2+")
FOLDER: Final = "usr/share/klettres"
LANGUAGES: Final = {
    "en": "en-us", "en_GB": "en", "fr": "fr", "it": "it", "es": "es", "cs": "cs", "ru": "ru",
}  # fmt: skip
"""Folder of a reader: the voice of eSpeak NG that spells what is said."""
TOGETHER = (3, 7)  # syllables that are said one after the other
TRIES = 20
CACHED = 800
_LISTED = re.compile(r'<sound name="([^"]*)" file="([^"]*)"')


def syllables(folder: str, cache: Path) -> tuple[Reading, ...]:
    """Return what a reader says, in the order of the list.

    Args:
        folder: of the reader, a key of ``LANGUAGES``.
        cache: where packages are unpacked.

    Raises:
        AlignmentError: eSpeak NG is missing.
        TrainingError: the package cannot be fetched, or the list in it cannot be read.
    """
    base = fetch(PACKAGE, cache) / FOLDER
    listed = base / folder / "sounds.xml"
    try:
        entries = _LISTED.findall(listed.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise TrainingError(f"{listed} cannot be read ({error}); delete the folder of its package.") from error
    spelled = LANGUAGES[folder]
    found = []
    for text, file in entries:
        lines = lyrics_to_phones(html.unescape(text).lower(), spelled)
        if lines and (base / file).is_file():
            found.append(Reading(base / file, lines, spelled.split("-")[0]))
    return tuple(found)


def said_in_a_row(choice: Sequence[Reading], rng: np.random.Generator) -> Utterance:
    """Return a few random syllables of a reader, one after the other, with their phonemes.

    Raises:
        TrainingError: in none of those that were tried the phonemes were found.
    """
    wanted = int(rng.integers(*TOGETHER, endpoint=True))
    parts: list[Utterance] = []
    for _ in range(TRIES):
        if len(parts) == wanted:
            break
        if part := _aligned(choice[int(rng.integers(len(choice)))]):
            parts.append(part)
    if not parts:
        raise TrainingError(f"No syllables are found in {choice[0].path.parent}; another voice is taken.")
    return in_a_row(parts)


@lru_cache(maxsize=CACHED)
def _aligned(syllable: Reading) -> Utterance | None:
    try:
        return read_aloud(read_speech(syllable.path), syllable.lines, syllable.language, SLOW)
    except TimbrescopeError:
        return None  # about a third; the name of a letter is not always what eSpeak NG takes it for
