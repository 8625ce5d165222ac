"""Speech by eSpeak NG, with the moment at which each phoneme begins.

The library reports phonemes while it synthesises: https://github.com/espeak-ng/espeak-ng, espeak_ng/speak_lib.h.
"""

import ctypes
from collections.abc import Callable
from typing import Any

import numpy as np
import soxr

from timbrescope.core.alignment import AlignmentError
from timbrescope.recognition.text_to_phones import load_espeak
from training.collection import Segment
from training.corpora.utterances import SAMPLE_RATE, Utterance, utterance
from training.errors import TrainingError

SEPARATOR = "_"
SPELLED_IN_IPA = 0x02 | ord(SEPARATOR) << 8
LIST_END, PHONEME = 0, 7
UTF8 = 1
RATE_PARAMETER, PITCH_PARAMETER = 1, 3
SPOKEN_OTHERWISE = {"e-": "ə", "o-": "ɤ"}  # symbols of its own; a hyphen is no IPA


class _Id(ctypes.Union):
    _fields_ = (("number", ctypes.c_int), ("name", ctypes.c_char_p), ("string", ctypes.c_char * 8))


class _Event(ctypes.Structure):
    _fields_ = (
        ("type", ctypes.c_int),
        ("identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", _Id),
    )


_CALLBACK = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event))


def say(text: str, voice: str, *, words_per_minute: int = 160, pitch: int = 50) -> Utterance:
    """Return a text spoken by a voice such as ``fr+f4``: the language and one of eSpeak's variants.

    Raises:
        TrainingError: espeakng-loader is missing, or it has no such voice.
        LabelError: a phoneme of the language is unknown.
    """
    library, rate = _library()
    _set_voice(library, voice)
    library.espeak_SetParameter(RATE_PARAMETER, words_per_minute, 0)
    library.espeak_SetParameter(PITCH_PARAMETER, pitch, 0)
    blocks: list[np.ndarray] = []
    begun: list[tuple[int, str]] = []
    callback = _CALLBACK(_receiver(blocks, begun))
    library.espeak_SetSynthCallback(callback)
    content = text.encode()
    library.espeak_Synth(content, len(content) + 1, 0, 0, 0, UTF8, None, None)
    library.espeak_Synchronize()
    sound = np.concatenate(blocks).astype(np.float32) / 32768 if blocks else np.zeros(0, np.float32)
    ends = [start for start, _ in begun[1:]] + [len(sound)]
    labels = [
        Segment(start / rate, end / rate, SPOKEN_OTHERWISE.get(name.lstrip("ˈˌ"), name).replace(".h", "") or "ʔ")
        for (start, name), end in zip(begun, ends, strict=True)
    ]
    return utterance(np.asarray(soxr.resample(sound, rate, SAMPLE_RATE), np.float32), labels, "ipa")


def spelled(text: str, voice: str) -> tuple[tuple[str, ...], ...]:
    """Return the phonemes of each word of a text, in IPA with marks of stress before them.

    Raises:
        TrainingError: espeakng-loader is missing, or it has no such voice.
    """
    library, _ = _library()
    _set_voice(library, voice)
    spell = library.espeak_TextToPhonemes
    spell.restype = ctypes.c_char_p
    spell.argtypes = [ctypes.POINTER(ctypes.c_char_p), ctypes.c_int, ctypes.c_int]
    rest = ctypes.c_char_p(text.encode())
    said: list[str] = []
    while rest.value:  # a clause at a time
        said += (spell(ctypes.byref(rest), UTF8, SPELLED_IN_IPA) or b"").decode(errors="ignore").split()
    words = (tuple(SPOKEN_OTHERWISE.get(one, one) for one in word.split(SEPARATOR) if one) for word in said)
    return tuple(word for word in words if word)


def _set_voice(library: Any, voice: str) -> None:
    if library.espeak_SetVoiceByName(voice.encode()):
        raise TrainingError(f"eSpeak NG has no voice {voice}; update the package espeakng-loader.")


def _receiver(blocks: list[np.ndarray], begun: list[tuple[int, str]]) -> Callable[[Any, int, Any], int]:
    def receive(wave: Any, count: int, events: Any) -> int:
        if wave and count > 0:
            blocks.append(np.ctypeslib.as_array(wave, (count,)).copy())
        at = 0
        while events[at].type != LIST_END:
            if events[at].type == PHONEME:
                begun.append((events[at].sample, events[at].id.string.decode(errors="ignore")))
            at += 1
        return 0

    return receive


def _library() -> tuple[Any, int]:
    """Return the library and its sample rate in Hz."""
    try:
        return load_espeak()
    except AlignmentError as error:
        raise TrainingError(str(error)) from error
