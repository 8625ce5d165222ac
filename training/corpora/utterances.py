"""What somebody says or sings with the phonemes that sound in it, in the broad set, and when."""

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import soxr
from numpy.typing import NDArray

from timbrescope.core import phonemes
from training.collection import Segment
from training.corpora.takes import SAMPLE_RATE as TAKE_RATE
from training.corpora.takes import read_audio

SAMPLE_RATE: Final = 16000
SHORTEST_SILENCE = 0.04  # seconds; a shorter one inside an utterance is how a plosive begins
VOWEL_SHARE = 1.5  # how much longer the first vowel of a diphthong is than what follows
GLIDES = frozenset({"j", "w"})
GLIDE_SECONDS = 0.07

Samples = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Utterance:
    """A phrase.

    Attributes:
        samples: float32, shape (n,), mono at ``SAMPLE_RATE``.
        segments: phonemes of the broad set, in order, from 0 to the end without gaps.
    """

    samples: Samples
    segments: tuple[Segment, ...]

    @property
    def seconds(self) -> float:
        """How long it lasts."""
        return len(self.samples) / SAMPLE_RATE


def utterance(samples: Samples, labels: Iterable[Segment], phone_set: str) -> Utterance:
    """Return samples with labels of another set folded onto the broad one; what has no label is silence.

    Raises:
        LabelError: the set has no such label.
    """
    end = len(samples) / SAMPLE_RATE
    segments: list[Segment] = []
    at = 0.0
    for label in sorted(labels, key=lambda label: label.start):
        start, stop = max(label.start, at), min(label.end, end)
        folded = phonemes.fold(label.label, phone_set)
        if stop <= start:
            continue
        if start > at:
            segments.append(Segment(at, start, phonemes.SILENCE))
        if not folded and segments:  # a mark of how the sound before it ends
            segments.append(Segment(start, stop, segments[-1].label))
        else:
            segments += parted(start, stop, folded or (phonemes.SILENCE,))
        at = stop
    if at < end:
        segments.append(Segment(at, end, phonemes.SILENCE))
    return Utterance(samples, tidied(segments))


def in_a_row(parts: Sequence[Utterance]) -> Utterance:
    """Return what is heard when utterances, at least one, follow one another without a gap."""
    segments: list[Segment] = []
    length = 0
    for part in parts:
        at = length / SAMPLE_RATE
        segments += [Segment(at + each.start, at + each.end, each.label) for each in part.segments]
        length += len(part.samples)
    return Utterance(np.concatenate([part.samples for part in parts]), tidied(segments))


def read_speech(path: Path) -> Samples:
    """Return a recording as an utterance has it.

    Raises:
        AudioError: it cannot be read.
    """
    return np.asarray(soxr.resample(read_audio(path), TAKE_RATE, SAMPLE_RATE), np.float32)


def parted(start: float, end: float, symbols: tuple[str, ...]) -> list[Segment]:
    """Return a stretch divided among classes: glides are short, the first vowel is longer than the rest."""
    glides = sum(symbol in GLIDES for symbol in symbols) if len(symbols) > 1 else 0
    glide = min(GLIDE_SECONDS, (end - start) / (len(symbols) + 1)) if glides else 0.0
    others = [symbol for symbol in symbols if symbol not in GLIDES] if glides else list(symbols)
    weights = [VOWEL_SHARE if at == 0 and len(others) > 1 else 1.0 for at in range(len(others))]
    unit = (end - start - glide * glides) / max(sum(weights), 1e-9)
    rest = iter(weights)
    lengths = [glide if glides and symbol in GLIDES else next(rest) * unit for symbol in symbols]
    edges = [start, *(start + np.cumsum(lengths)).tolist()]
    edges[-1] = end
    return [Segment(a, b, symbol) for (a, b), symbol in zip(itertools.pairwise(edges), symbols, strict=True)]


def tidied(segments: Iterable[Segment]) -> tuple[Segment, ...]:
    """Return segments with neighbours of one label joined and the shortest silences given to what comes after them."""
    joined: list[Segment] = []
    waiting: float | None = None  # where a silence began that belongs to the next sound
    found = list(segments)
    for at, segment in enumerate(found):
        inside = 0 < at < len(found) - 1
        if inside and segment.label == phonemes.SILENCE and segment.end - segment.start < SHORTEST_SILENCE:
            waiting = segment.start if waiting is None else waiting
            continue
        start = segment.start if waiting is None else waiting
        waiting = None
        if joined and joined[-1].label == segment.label:
            joined[-1] = Segment(joined[-1].start, segment.end, segment.label)
        else:
            joined.append(Segment(start, segment.end, segment.label))
    return tuple(joined)
