"""Real people's letters and syllables in six languages, in which the program's own model finds the phonemes.

A game for children who learn to read has a reader for each language, and lists of what is said in every recording.
"""

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

import numpy as np
import soxr

from timbrescope.core.errors import TimbrescopeError
from timbrescope.core.lyrics import Line
from timbrescope.recognition.text_to_phones import lyrics_to_phones
from training.collection import Segment
from training.corpora.aligned import SLOW, read_aloud
from training.corpora.packages import Package, fetch
from training.corpora.takes import SAMPLE_RATE as TAKE_RATE
from training.corpora.takes import read_audio
from training.corpora.utterances import SAMPLE_RATE, Utterance, tidied
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


@dataclass(frozen=True, slots=True)
class Syllable:
    """A recording, what is said in it with its phones, and in which language."""

    path: Path
    lines: tuple[Line, ...]
    language: str


def syllables(folder: str, cache: Path) -> tuple[Syllable, ...]:
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
            found.append(Syllable(base / file, lines, spelled.split("-")[0]))
    return tuple(found)


def said_in_a_row(choice: Sequence[Syllable], rng: np.random.Generator) -> Utterance:
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
    starts = np.cumsum([0.0, *(part.seconds for part in parts)])
    segments = [
        Segment(float(at) + one.start, float(at) + one.end, one.label)
        for at, part in zip(starts, parts, strict=False)
        for one in part.segments
    ]
    return Utterance(np.concatenate([part.samples for part in parts]), tidied(segments))


@lru_cache(maxsize=CACHED)
def _aligned(syllable: Syllable) -> Utterance | None:
    try:
        samples = np.asarray(soxr.resample(read_audio(syllable.path), TAKE_RATE, SAMPLE_RATE), np.float32)
        return read_aloud(samples, syllable.lines, syllable.language, SLOW)
    except TimbrescopeError:
        return None  # about a third; the name of a letter is not always what eSpeak NG takes it for
