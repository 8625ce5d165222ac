"""Phonemes of recordings of which the text is known, by forced alignment with the program's own model of phonemes.

A model that tells the sounds of strangers apart none too well still tells where each of a known sequence lies; what it
is not sure of is refused.
"""

import hashlib
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
import soxr

from timbrescope.core import phonemes
from timbrescope.core.blocks import Block
from timbrescope.core.errors import ModelError
from timbrescope.core.lyrics import Alignment, Line, align_lyrics
from timbrescope.core.phoneme_decoder import in_language
from training.collection import Segment
from training.corpora.utterances import SAMPLE_RATE, Samples, Utterance, tidied
from training.errors import TrainingError

if TYPE_CHECKING:
    from timbrescope.recognition.recogniser import Recogniser

MODEL: Final = "phonemes"
LEAST_SCORE = 0.33  # mean of an utterance; the text of another recording gets 0.14, hardly ever 0.3
LEAST_WORD_SCORE = 0.04
MARGIN_SECONDS = 0.15  # of silence that is left before and after what is said


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast somebody may speak; where it seems faster or slower, the alignment has gone astray.

    Attributes:
        phones_a_second: fewest and most.
        slowest: seconds that a phoneme lasts at most.
    """

    phones_a_second: tuple[float, float]
    slowest: float


FLUENT: Final = Pace((4.0, 20.0), 0.5)
SLOW: Final = Pace((2.0, 20.0), 0.9)
"""Of single syllables, said for somebody who learns to read."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A recording, what is said in it with its phones, and in which language."""

    path: Path
    lines: tuple[Line, ...]
    language: str


@dataclass(frozen=True, slots=True)
class _Sound:
    """Samples at ``SAMPLE_RATE`` as something that can be listened to."""

    samples: Samples

    @property
    def sample_rate(self) -> int:
        return SAMPLE_RATE

    @property
    def duration(self) -> float:
        return len(self.samples) / SAMPLE_RATE

    def blocks(self, rates: Collection[int]) -> Iterator[Block]:
        heard = {
            rate: np.asarray(soxr.resample(self.samples, SAMPLE_RATE, rate) if rate != SAMPLE_RATE else self.samples)
            for rate in rates
        }
        yield Block(self.duration, heard)


def read_aloud(samples: Samples, lines: Sequence[Line], language: str, pace: Pace = FLUENT) -> Utterance:
    """Return speech with the phonemes of its text, without most of the silence around it.

    Args:
        samples: float32, shape (n,), mono at ``SAMPLE_RATE``.
        lines: the words that are said and their phones.
        language: code, such as ``fr``.
        pace: how fast it may be said.

    Raises:
        TrainingError: what is said is probably something else, or the model has lost its way.
        TimbrescopeError: there is no such model, or the text needs more time.
    """
    alignment = _aligned(samples, lines, language)
    spoken = [one for one in alignment.phones.segments if one.label not in (phonemes.SILENCE, phonemes.BREATH)]
    if problem := _problem(alignment, [Segment(one.start, one.end, one.label) for one in spoken], pace):
        said = " ".join(word.text for line in lines for word in line)
        raise TrainingError(f'Probably somebody says something other than "{said}" ({problem}).')
    begin = max(0.0, spoken[0].start - MARGIN_SECONDS)
    end = min(len(samples) / SAMPLE_RATE, spoken[-1].end + MARGIN_SECONDS)
    first, last = round(begin * SAMPLE_RATE), round(end * SAMPLE_RATE)
    seconds = (last - first) / SAMPLE_RATE
    segments: list[Segment] = []
    for one in alignment.phones.segments:
        start, stop = max(one.start - begin, 0.0), min(one.end - begin, seconds)
        if stop > start:
            segments.append(Segment(start, stop, one.label))
    segments[0] = Segment(0.0, segments[0].end, segments[0].label)
    segments[-1] = Segment(segments[-1].start, seconds, segments[-1].label)
    return Utterance(samples[first:last], tidied(segments))


def _problem(alignment: Alignment, spoken: list[Segment], pace: Pace) -> str:
    """Return why an alignment is not to be believed; nothing if it is."""
    seconds = sum(one.end - one.start for one in spoken)
    rate = len(spoken) / max(seconds, 1e-9)
    slowest = max((one.end - one.start for one in spoken), default=np.inf)
    if alignment.score < LEAST_SCORE:
        return f"score {alignment.score:.2f}"
    if doubtful := alignment.doubtful(LEAST_WORD_SCORE):
        return f'score {doubtful[0].score:.2f} of "{doubtful[0].label}"'
    if not pace.phones_a_second[0] <= rate <= pace.phones_a_second[1]:
        return f"{rate:.1f} phonemes a second"
    return f"a phoneme of {slowest:.2f} s" if slowest > pace.slowest else ""


def _aligned(samples: Samples, lines: Sequence[Line], language: str) -> Alignment:
    from timbrescope.recognition.pipeline import analyse

    recogniser = _recogniser()
    spec = recogniser.score_spec
    rows = [chunk.scores[spec.name] for chunk in analyse(_Sound(samples), [recogniser], draw=False)]
    scores = in_language(np.concatenate(rows), spec.labels, language)
    return align_lyrics(lambda start, stop: scores[start:stop], len(scores), spec, lines)


def aligner_digest() -> str:
    """Return the SHA-256 of the model, with another of which the phonemes lie elsewhere; nothing without a model."""
    try:
        return hashlib.sha256(_checkpoint().read_bytes()).hexdigest()
    except (ModelError, OSError):
        return ""


def _checkpoint() -> Path:
    from timbrescope.recognition.store import ModelStore

    return ModelStore().find(MODEL)


@cache
def _recogniser() -> "Recogniser":
    from timbrescope.recognition.device import choose_device
    from timbrescope.recognition.recogniser import Recogniser

    return Recogniser.load(_checkpoint(), choose_device("cpu"))
