"""The phonemes that a model tells apart: a broad set after the International Phonetic Alphabet, and other sets.

36 classes, with silence and breath, cover what is sung in most languages. Labels of other sets (ARPAbet, the symbols of
speech synthesisers, the classes of the jingju data set of Pons 2017) fold onto them, and they fold onto twelve groups
for display. All of it stands in ``resources/phonemes.json``.
"""

import json
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Any, Final, Literal

from timbrescope import paths
from timbrescope.core.errors import LabelError

SILENCE: Final = "sil"
BREATH: Final = "br"
IPA: Final = "ipa"
VOWEL_GROUPS: Final = ("a", "e", "i", "o", "u")
JingjuSet = Literal["jingju-29", "jingju-32"]

_STRESS = re.compile(r"(?<=[a-z])[0-2]$")


@dataclass(frozen=True, slots=True)
class Phoneme:
    """One class.

    Attributes:
        symbol: in IPA, except for ``sil`` and ``br``.
        xsampa: the same in X-SAMPA; empty for silence and breath.
        arpabet: the symbols of ARPAbet that begin with it.
        jingju: the class of the jingju data set that is nearest to it, one of the 32.
        group: its group for display, a key of ``groups()``.
        sounds: all that belongs to the class, in IPA.
        examples: a word by language code.
    """

    symbol: str
    xsampa: str
    arpabet: tuple[str, ...]
    jingju: str
    group: str
    sounds: str
    examples: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Group:
    """Classes that are shown alike: their name and colour, ``#rrggbb``."""

    name: str
    colour: str


@dataclass(frozen=True, slots=True)
class Language:
    """A language that is sung: its English name, and the symbols of the classes that occur in it."""

    name: str
    symbols: tuple[str, ...]


@cache
def classes() -> tuple[Phoneme, ...]:
    """Return the classes in the order of a model's outputs, silence first."""
    return tuple(
        Phoneme(
            row["symbol"],
            row["xsampa"],
            tuple(row["arpabet"].split()),
            row["jingju"],
            row["group"],
            row["sounds"],
            MappingProxyType(row["examples"]),
        )
        for row in _read()["classes"]
    )


@cache
def symbols() -> tuple[str, ...]:
    """Return the symbols of ``classes()``."""
    return tuple(phoneme.symbol for phoneme in classes())


@cache
def groups() -> Mapping[str, Group]:
    """Return the groups in the order in which they are shown: five of vowels, five of consonants, breath, silence."""
    return MappingProxyType({key: Group(**value) for key, value in _read()["groups"].items()})


def group(symbol: str) -> str:
    """Return the group of a class; front rounded vowels are with unrounded ones of their height, central ones with e.

    Raises:
        LabelError: there is no such class.
    """
    found = _groups_by_symbol().get(symbol)
    if found is None:
        raise LabelError(f'"{symbol}" is no phoneme of the broad set; those are {" ".join(symbols())}.')
    return found


@cache
def languages() -> Mapping[str, Language]:
    """Return the languages of which the sounds are known, by code, in alphabetical order."""
    return MappingProxyType(
        {
            code: Language(row["name"], (SILENCE, BREATH, *row["classes"].split()))
            for code, row in _read()["languages"].items()
        }
    )


@cache
def phone_sets() -> tuple[str, ...]:
    """Return the names of the sets from which ``fold`` knows the way."""
    return tuple(_read()["sets"])


def labels_of(phone_set: str) -> tuple[str, ...]:
    """Return the labels of a set; of IPA, letters and affricates.

    Raises:
        LabelError: there is no such set.
    """
    return tuple(_table(phone_set))


def fold(label: str, phone_set: str = IPA) -> tuple[str, ...]:
    """Return the classes that a label of another set stands for, one after the other in time.

    A diphthong is two classes, a syllable's end such as the jingju class ``aI^`` or the pinyin final ``ang`` too. The
    jingju classes ``vc`` and ``nvc`` cover several consonants of which ``n`` and ``s`` stand for all. ARPAbet may have
    stress marks and capitals; IPA may have lengths, stress, tones, ties and diacritics, which do not count.

    Args:
        label: a symbol of the set.
        phone_set: one of ``phone_sets()``.

    Raises:
        LabelError: there is no such set, or it has no such label.
    """
    table = _table(phone_set)
    if phone_set == "arpabet":
        label = label.lower()
        label = label if label in table else _STRESS.sub("", label)
    if phone_set == IPA:
        return _letters(label, table)
    if label not in table:
        raise LabelError(f'The set of phonemes "{phone_set}" has no "{label}".')
    return tuple(table[label].split())


def jingju(symbol: str, phone_set: JingjuSet = "jingju-32") -> str:
    """Return the class of the jingju data set that is nearest to one of ours, of the paper's 32 or the released 29.

    Raises:
        LabelError: there is no such class.
    """
    named = {phoneme.symbol: phoneme.jingju for phoneme in classes()}
    if symbol not in named:
        raise LabelError(f'"{symbol}" is no phoneme of the broad set; those are {" ".join(symbols())}.')
    return jingju_29(named[symbol]) if phone_set == "jingju-29" else named[symbol]


def jingju_29(label: str) -> str:
    """Return which of the 29 classes of the released jingju models one of the paper's 32 was merged into."""
    return str(_read()["merged"]["jingju-29"].get(label, label))


def _table(phone_set: str) -> Mapping[str, str]:
    tables: Mapping[str, Mapping[str, str]] = _read()["sets"]
    if phone_set not in tables:
        raise LabelError(f'"{phone_set}" is no set of phonemes; those are {", ".join(phone_sets())}.')
    return tables[phone_set]


def _letters(text: str, table: Mapping[str, str]) -> tuple[str, ...]:
    """Return the classes of a string of IPA, affricates as one."""
    plain = "".join(
        letter
        for letter in unicodedata.normalize("NFD", text).replace("c\u0327", "ç")
        if not unicodedata.category(letter).startswith(("M", "Lm", "Sk", "N", "P", "Z"))
    )
    found: list[str] = []
    at = 0
    while at < len(plain):
        size = next((size for size in (2, 1) if plain[at : at + size] in table), 0)
        if not size:
            raise LabelError(f'The set of phonemes "{IPA}" has no "{plain[at]}", which stands in "{text}".')
        found += table[plain[at : at + size]].split()
        at += size
    return tuple(found)


@cache
def _groups_by_symbol() -> Mapping[str, str]:
    return {phoneme.symbol: phoneme.group for phoneme in classes()}


@cache
def _read() -> Any:
    return json.loads((paths.resources() / "phonemes.json").read_text(encoding="utf-8"))
