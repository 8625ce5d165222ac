"""Phrases for speech synthesisers to say: words of a language's word list in random order, so that all sounds meet."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from training.corpora.packages import Package, fetch
from training.errors import TrainingError

WORDS = (2, 4)  # in a phrase
LETTERS = (2, 10)  # in a word
HANZI = (
    "的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过发后作里用道行所然家种事成方多经么去法学如"
    "都同现当没动面起看定天分还进好小部其些主样理心她本前开但因只从想实日军者意无力它与长把机十民第公此已工使情明性知全三又关点正业外将两高间"
    "由问很最重并物手应战向头文体政美相见被利什二等产或新己制身果加西斯月话合回特代内信表化老给世位次度门任常先海通教儿原东声提立及比员解水名"
    "春夏秋冬风花雪夜歌爱梦红黄蓝绿远近山河云雨船女云请让穷胸雄虫蚊温滚准村孙吹最尊催软旋圆绝略虐"
)
KANA = (
    "あいうえおかきくけこさしすせそたちつてとなにぬねのはひふへほまみむめもやゆよらりるれろわ"
    "がぎぐげござじずぜぞだでどばびぶべぼぱぴぷぺぽん"
)
SMALL_KANA = (
    "きゃ",
    "きゅ",
    "きょ",
    "しゃ",
    "しゅ",
    "しょ",
    "ちゃ",
    "ちゅ",
    "ちょ",
    "にゃ",
    "ひゃ",
    "みゅ",
    "りょ",
    "じゃ",
    "じゅ",
)
FREQUENT = {
    "en": ("the", "this", "that", "with", "think", "both", "they", "there", "mother", "breath", "through", "youth"),
}
"""Words with sounds that speech is full of and word lists are not."""
FREQUENT_SHARE = 0.25
FINNISH_VOWELS = ("aaouiee", "äöyiee")  # words have those of one kind
FINNISH_ONSETS = ("", "k", "p", "t", "m", "n", "l", "r", "s", "h", "v", "j", "d")

Phrase = Callable[[np.random.Generator], str]
"""Returns a phrase when it is given a random generator."""


@dataclass(frozen=True, slots=True)
class Words:
    """A package with a word list."""

    package: Package
    file: str
    encoding: str = "utf-8"


WORD_LISTS: Mapping[str, Words] = {
    "en": Words(Package("debian", "wamerican-small", "SCOWL"), "usr/share/dict/american-english-small"),
    "fr": Words(Package("debian", "wfrench", "GPL-2+"), "usr/share/dict/french"),
    "de": Words(Package("debian", "wngerman", "GPL-2+"), "usr/share/dict/ngerman"),
    "it": Words(Package("debian", "witalian", "GPL-2+"), "usr/share/dict/italian"),
    "es": Words(Package("debian", "wspanish", "GPL-2+"), "usr/share/dict/spanish"),
    "pt": Words(Package("debian", "wportuguese", "GPL-2+"), "usr/share/dict/portuguese"),
    "pt-br": Words(Package("debian", "wbrazilian", "LGPL-2.1+"), "usr/share/dict/brazilian"),
    "pl": Words(Package("debian", "wpolish", "GPL-2+"), "usr/share/dict/polish"),
    "sv": Words(Package("debian", "wswedish", "GPL-2+"), "usr/share/dict/swedish"),
    "nl": Words(Package("debian", "wdutch", "BSD-like"), "usr/share/dict/dutch"),
    "ca": Words(Package("debian", "wcatalan", "GPL-2+"), "usr/share/dict/catalan"),
    "cs": Words(Package("debian", "hunspell-cs", "GPL-2+"), "usr/share/hunspell/cs_CZ.dic"),
    "ru": Words(Package("debian", "hunspell-ru", "BSD-like"), "usr/share/hunspell/ru_RU.dic"),
}


def phrases(language: str, cache: Path) -> Phrase:
    """Return what makes phrases in a language: ``fi``, ``ja``, ``zh`` or one of ``WORD_LISTS``.

    Raises:
        TrainingError: its word list cannot be fetched.
    """
    if language == "zh":
        return partial(_characters, 1, " ", tuple(HANZI))
    if language == "ja":
        return partial(_characters, 3, " ", (*KANA, *KANA, *SMALL_KANA))
    if language == "fi":
        return _finnish
    words = WORD_LISTS[language]
    path = fetch(words.package, cache) / words.file
    try:
        lines = path.read_text(encoding=words.encoding, errors="ignore").splitlines()
    except OSError as error:
        raise TrainingError(f"The word list {path} cannot be read ({error}); delete its folder.") from error
    found = [line.split("/")[0].strip() for line in lines]
    listed = tuple(word for word in found if LETTERS[0] <= len(word) <= LETTERS[1] and word.isalpha())
    return partial(_some, listed, FREQUENT.get(language, ()))


def _some(words: tuple[str, ...], frequent: tuple[str, ...], rng: np.random.Generator) -> str:
    chosen = []
    for _ in range(rng.integers(*WORDS, endpoint=True)):
        pool = frequent if frequent and rng.random() < FREQUENT_SHARE else words
        chosen.append(pool[int(rng.integers(len(pool)))])
    return " ".join(chosen)


def _characters(word: int, between: str, characters: tuple[str, ...], rng: np.random.Generator) -> str:
    count = int(rng.integers(2, 4)) if word > 1 else int(rng.integers(3, 7))
    return between.join("".join(str(rng.choice(characters)) for _ in range(word)) for _ in range(count))


def _finnish(rng: np.random.Generator) -> str:
    """Return words after the pattern of Finnish: open syllables, long vowels and consonants, harmony of vowels."""
    words = []
    for _ in range(rng.integers(2, 4)):
        vowels = str(rng.choice(FINNISH_VOWELS))
        word = ""
        for at in range(rng.integers(2, 4)):
            onset = str(rng.choice(FINNISH_ONSETS if at == 0 else FINNISH_ONSETS[1:]))
            vowel = str(rng.choice(list(vowels)))
            double = at > 0 and rng.random() < 0.2 and onset in set("kptmnlrs")
            word += (onset * 2 if double else onset) + vowel * (2 if rng.random() < 0.25 else 1)
            if rng.random() < 0.15:
                word += str(rng.choice(list("nslr")))
        words.append(word)
    return " ".join(words)
