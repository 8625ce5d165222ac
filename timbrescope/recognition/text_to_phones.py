"""From lyrics in about a hundred languages to phones, by eSpeak NG.

eSpeak NG is under the GPL, version 3 or later, and comes with the optional package espeakng-loader; a library that the
system has is used as well. Its four functions are called directly: the bindings that exist bring much more along.
"""

import ctypes
import unicodedata
from collections.abc import Iterator
from ctypes.util import find_library
from functools import cache
from typing import Any, Final

from timbrescope.core import phonemes
from timbrescope.core.alignment import AlignmentError
from timbrescope.core.errors import LabelError
from timbrescope.core.lyrics import Line, Phone, Word

_SEPARATOR: Final = "_"
_UTF8: Final = 1
_IPA: Final = 0x02 | ord(_SEPARATOR) << 8
_SYNCHRONOUS: Final = 2  # nothing is played; what is said is handed on
_PHONEMES_IN_IPA: Final = 0x0001 | 0x0002
_NO_EXIT: Final = 0x8000  # else a missing file ends the program
_SCHWA: Final = "ə"
_SUNG_SCHWAS: Final = {"fr": ("e", "es", "ent")}
"""Endings of words whose silent vowel singers may sound, by language."""


def lyrics_to_phones(text: str, language: str) -> tuple[Line, ...]:
    """Return the words of lyrics with their phones, a line for each line that has words.

    A phone may be left out where singers often do: h, and the silent e at the end of a French word, which may be sung.

    Args:
        text: the lyrics.
        language: as eSpeak NG calls it: ``en-us``, ``fr``, ``de``, ``cmn`` ...

    Raises:
        AlignmentError: eSpeak NG is not installed, or does not know the language.
    """
    speaker = _Speaker(language)
    lines = (tuple(_words(line, speaker)) for line in text.splitlines())
    return tuple(line for line in lines if line)


def _words(line: str, speaker: "_Speaker") -> Iterator[Word]:
    tokens = list(_tokens(line))
    groups = speaker.groups(" ".join(tokens))
    if len(groups) != len(tokens):  # some words are said as one ("of the"); then each is said by itself
        groups = [" ".join(speaker.groups(token)).replace(" ", _SEPARATOR) for token in tokens]
    for token, group in zip(tokens, groups, strict=True):
        phones = [Phone(symbol, symbol == "h") for part in group.split(_SEPARATOR) for symbol in _classes(part)]
        silent_e = _SUNG_SCHWAS.get(speaker.language.split("-")[0], ())
        if phones and phones[-1].symbol not in _vowels() and token.casefold().endswith(silent_e or ("\0",)):
            phones.append(Phone(_SCHWA, optional=True))
        if phones:
            yield Word(token, tuple(phones))


def _tokens(line: str) -> Iterator[str]:
    """Yield the words of a line without punctuation; each character of Chinese is one."""
    for written in line.split():
        token = written.strip("".join(c for c in written if unicodedata.category(c)[0] in "PSZ" and c != "'"))
        if not any(unicodedata.category(c)[0] in "LMN" for c in token):
            continue
        if all(unicodedata.name(c, "").startswith("CJK UNIFIED") for c in token):
            yield from token
        else:
            yield token


def _classes(part: str) -> tuple[str, ...]:
    try:
        return tuple(one for one in phonemes.fold(part) if one != phonemes.SILENCE)
    except LabelError:
        return ()  # a mark of eSpeak's, such as the change to another language


def _vowels() -> frozenset[str]:
    return frozenset(one.symbol for one in phonemes.classes() if one.group in phonemes.VOWEL_GROUPS)


class _Speaker:
    """The library, set to a language. It keeps its state for the whole program: one thread at a time."""

    def __init__(self, language: str) -> None:
        self.language = language
        self._library, _ = load_espeak()
        names = (language, language.split("-", maxsplit=1)[0])  # "fr-fr" is called "fr" there
        if all(self._library.espeak_SetVoiceByName(name.encode()) != 0 for name in names):
            raise AlignmentError(
                f'eSpeak NG knows no language "{language}"; examples are en-us, fr, de, es, it, ja, cmn.'
            )
        self._say = self._library.espeak_TextToPhonemes
        self._say.restype = ctypes.c_char_p
        self._say.argtypes = [ctypes.POINTER(ctypes.c_char_p), ctypes.c_int, ctypes.c_int]

    def groups(self, text: str) -> list[str]:
        """Return what is said, a string for each word or for words that are said as one."""
        rest = ctypes.c_char_p(text.encode())
        said = []
        while rest.value:  # a clause at a time
            said.append((self._say(ctypes.byref(rest), _UTF8, _IPA) or b"").decode())
        return " ".join(said).split()


@cache  # initialised again, it goes on with what it has freed: it says something else, or crashes
def load_espeak() -> tuple[Any, int]:
    """Return the library, which tells of the phonemes that it says, and its sample rate in Hz.

    Raises:
        AlignmentError: it is not installed.
    """
    try:
        import espeakng_loader

        path, data = espeakng_loader.get_library_path(), espeakng_loader.get_data_path().encode()
    except ImportError:
        path, data = find_library("espeak-ng") or "", None
    try:
        library = ctypes.CDLL(path) if path else None
    except OSError:
        library = None
    rate = 0 if library is None else library.espeak_Initialize(_SYNCHRONOUS, 0, data, _PHONEMES_IN_IPA | _NO_EXIT)
    if library is None or rate <= 0:
        raise AlignmentError(
            "Lyrics need eSpeak NG, which is missing; install it (pip install 'timbrescope[voice]') or give phones."
        )
    return library, int(rate)
