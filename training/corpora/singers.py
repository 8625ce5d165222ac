"""Singers' voice banks whose units a ``boundaries.tsv`` cuts, put together to sung phrases with their phonemes.

Columns: file, alias, offset_s, consonant_end_s, preutterance_s, overlap_s, cutoff_s, unit, phonemes. A consonant ends
at the preutterance, within some tens of milliseconds. Where a unit begins before its consonant, the usual length of
such a consonant tells where that begins.
"""

import csv
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import Final

import numpy as np

from timbrescope.audio.file import AudioFile
from timbrescope.core import phonemes
from timbrescope.core.errors import LabelError
from training.collection import Segment
from training.corpora.utterances import SAMPLE_RATE, Samples, Utterance, parted, tidied

BOUNDARIES: Final = "boundaries.tsv"
USUAL_SECONDS: Final = {"plosive": 0.08, "affricate": 0.12, "fricative": 0.12, "nasal": 0.09, "approximant": 0.07}
FADE_SECONDS = 0.008
LONGEST_VOWEL_SECONDS = (0.25, 1.4)
PHRASE_UNITS = (3, 9)
CACHED_FILES = 400
PLAIN_FINALS: Final = frozenset({"a", "o", "e", "i", "u", "v", "-i", "ia", "ie", "ua", "uo", "ue", "ve", "eh"})
"""Mandarin finals that end as they are held; in a unit of another one it is not known when its end begins."""


@dataclass(frozen=True, slots=True)
class Unit:
    """A piece of a recording with the phonemes in it; times in seconds of the recording."""

    path: Path
    start: float
    end: float
    segments: tuple[Segment, ...]


def read_units(folder: Path, phone_set: str) -> tuple[Unit, ...]:
    """Return the units of a voice bank that can be put together; others are passed over.

    Raises:
        OSError: there is no ``boundaries.tsv``.
    """
    with (folder / BOUNDARIES).open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    return tuple(unit for row in rows if (unit := _unit(folder, row, phone_set)) is not None)


def bank_phrase(units: tuple[Unit, ...], rng: np.random.Generator) -> Utterance:
    """Return units in random order, as the singer sang them, from one pitch where the recordings' names tell it."""
    pitches = sorted({_pitch(unit) for unit in units})
    pitch = str(rng.choice(pitches))
    pool = [unit for unit in units if _pitch(unit) == pitch]
    sounds: list[Samples] = []
    segments: list[Segment] = []
    at = 0.0
    for _ in range(rng.integers(*PHRASE_UNITS, endpoint=True)):
        unit = pool[int(rng.integers(len(pool)))]
        end = min(unit.end, unit.segments[-1].start + rng.uniform(*LONGEST_VOWEL_SECONDS))
        piece = _recording(unit.path)[round(unit.start * SAMPLE_RATE) : round(end * SAMPLE_RATE)].copy()
        fade = min(round(FADE_SECONDS * SAMPLE_RATE), len(piece) // 2)
        if fade:
            piece[:fade] *= np.linspace(0, 1, fade, dtype=np.float32)
            piece[-fade:] *= np.linspace(1, 0, fade, dtype=np.float32)
        last = at + len(piece) / SAMPLE_RATE
        for segment in unit.segments:
            start, stop = at + segment.start - unit.start, min(at + segment.end - unit.start, last)
            if stop > start:
                segments.append(Segment(start, stop, segment.label))
        sounds.append(piece)
        at = last
        if rng.random() < 0.12:
            rest = np.zeros(round(rng.uniform(0.08, 0.4) * SAMPLE_RATE), np.float32)
            sounds.append(rest)
            segments.append(Segment(at, at + len(rest) / SAMPLE_RATE, phonemes.SILENCE))
            at += len(rest) / SAMPLE_RATE
    samples = np.concatenate(sounds)
    segments[-1] = Segment(segments[-1].start, len(samples) / SAMPLE_RATE, segments[-1].label)
    return Utterance(samples, tidied(segments))


def banks(folder: Path) -> Mapping[str, tuple[str, Callable[[np.random.Generator], Utterance]]]:
    """Return the voice banks in a folder: language and what makes phrases, by name.

    The last two letters of a bank's folder tell the language, ``zh`` or ``ja``.
    """
    found: dict[str, tuple[str, Callable[[np.random.Generator], Utterance]]] = {}
    for path in sorted(folder.glob(f"*/{BOUNDARIES}")):
        language = path.parent.name.rpartition("_")[2]
        units = read_units(path.parent, "pinyin" if language == "zh" else "japanese")
        if units:
            found[path.parent.name] = (language, partial(bank_phrase, units))
    return found


def _unit(folder: Path, row: Mapping[str, str], phone_set: str) -> Unit | None:
    names = row["phonemes"].split()
    offset, onset, end = (float(row[name]) for name in ("offset_s", "preutterance_s", "cutoff_s"))
    if not offset <= onset < end or not names:
        return None
    if phone_set == "pinyin" and names[-1] not in PLAIN_FINALS:
        return None
    try:
        folded = [phonemes.fold(name, phone_set) for name in names]
    except LabelError:
        return None
    spans = _spans(row["unit"], folded, offset, onset, end)
    segments = tuple(segment for start, stop, symbols in spans for segment in parted(start, stop, symbols))
    return Unit(folder / row["file"], segments[0].start, end, segments) if segments else None


def _spans(
    kind: str, sounds: list[tuple[str, ...]], offset: float, onset: float, end: float
) -> list[tuple[float, float, tuple[str, ...]]]:
    """Return start, end and classes of the sounds of a unit; nothing if it is not known where they begin."""
    if kind == "vv" and len(sounds) == 2 and offset < onset:
        return [(offset, onset, sounds[0]), (onset, end, sounds[1])]
    if kind not in {"start", "cv", "cv_long", "vcv"} or len(sounds) != (3 if kind == "vcv" else min(len(sounds), 2)):
        return []
    if len(sounds) == 1:
        return [(onset, end, sounds[0])]
    consonant = sounds[-2]
    # Before the consonant of a first syllable there is silence, before that of a VCV unit a vowel.
    begin = max(offset, onset - _usual(consonant) * (1 if kind in {"start", "vcv"} else 2))
    before = [(offset, begin, sounds[0])] if kind == "vcv" and begin > offset else []
    head = [(begin, onset, consonant)] if begin < onset else []
    return [*before, *head, (onset, end, sounds[-1])]


def _usual(symbols: tuple[str, ...]) -> float:
    return sum(USUAL_SECONDS.get(phonemes.group(symbol), 0.07) for symbol in symbols)


def _pitch(unit: Unit) -> str:
    head = unit.path.stem.partition("_")[0]
    return head if len(head) == 2 and head[1].isdigit() else ""


@lru_cache(maxsize=CACHED_FILES)
def _recording(path: Path) -> Samples:
    blocks = [block.samples[SAMPLE_RATE] for block in AudioFile(path).blocks([SAMPLE_RATE])]
    return np.concatenate(blocks) if blocks else np.zeros(0, np.float32)
