"""Lyrics as phones in time: what is sung, word by word, aligned with the scores of a model of phonemes."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from timbrescope.core import phonemes
from timbrescope.core.alignment import AlignmentError, Placed, Read, Slot, align
from timbrescope.core.errors import LabelError
from timbrescope.core.segment_files import phones as phones_tier
from timbrescope.core.segments import Segment, Tier
from timbrescope.core.timeline import ScoreSpec

WORDS: Final = "words"
_LEAST_SECONDS: Final = 0.03
_SKIP_COST: Final = 1.0  # nats: what may be left out is rather expected


@dataclass(frozen=True, slots=True)
class Phone:
    """One sound of a word, in IPA or a label of the model; an optional one may be left out by the singer."""

    symbol: str
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Word:
    """A word as it is written and its phones."""

    text: str
    phones: tuple[Phone, ...]


Line = tuple[Word, ...]


@dataclass(frozen=True, slots=True)
class Alignment:
    """Words and phones in time, with the model's mean score of each."""

    words: Tier
    phones: Tier

    @property
    def score(self) -> float:
        """The mean score of the phones that are sung, each weighed by how long it lasts."""
        sung = [one for one in self.phones.segments if one.label not in (phonemes.SILENCE, phonemes.BREATH)]
        return _mean(sung)

    def doubtful(self, below: float = 0.2) -> list[Segment]:
        """Return the words whose score lies below a limit: misheard, sung otherwise or not at all."""
        return [word for word in self.words.segments if word.score is not None and word.score < below]


def read_phones(text: str) -> tuple[Line, ...]:
    """Read phones given by hand: spaces between them, ``|`` between words, a line for each phrase.

    A question mark behind a phone makes it optional: ``l y n ə? | b l ø``.
    """
    lines = []
    for line in text.splitlines():
        words = [word.split() for word in line.split("|") if word.strip()]
        if words:
            lines.append(tuple(Word("".join(word).replace("?", ""), tuple(map(_phone, word))) for word in words))
    return tuple(lines)


def _phone(text: str) -> Phone:
    return Phone(text.removesuffix("?"), text.endswith("?"))


def align_lyrics(read: Read, frames: int, spec: ScoreSpec, lines: Sequence[Line]) -> Alignment:
    """Align lyrics with the scores of a model of phonemes.

    Between words there may be silence or a breath, between lines both. A phone lasts at least 30 ms.

    Args:
        read: returns the model's scores from one row up to another, shape (n, labels).
        frames: how many rows there are.
        spec: what they mean.
        lines: the words of each phrase.

    Raises:
        AlignmentError: there are no phones, the model has no label for one of them, or they need more time than the
            recording has.
    """
    places = list(_places(lines, spec))
    if not any(word is not None for word, _, _ in places):
        raise AlignmentError("There is nothing to align; give a text or phones.")
    found = align(read, frames, [slot for _, _, slot in places])

    def seconds(frame: int) -> float:
        return round(spec.start_seconds + frame * spec.hop_seconds, 6)

    phones: list[Segment] = []
    parts: dict[int, list[Segment]] = {}
    for (word, label, slot), placed in zip(places, found, strict=True):
        if placed is None:
            continue
        name = label or _loudest(read, placed, slot, spec.labels)
        segment = Segment(seconds(placed.start), seconds(placed.stop), name, placed.score)
        if word is not None:
            parts.setdefault(word, []).append(segment)
        if word is None and phones and phones[-1].label == name:  # silence that a left-out breath has cut in two
            before = phones.pop()
            segment = Segment(before.start, segment.end, name, _mean([before, segment]))
        phones.append(segment)
    texts = [word.text for line in lines for word in line]
    words = [Segment(own[0].start, own[-1].end, texts[index], _mean(own)) for index, own in parts.items()]
    return Alignment(Tier(WORDS, tuple(words)), phones_tier(tuple(phones)))


_Place = tuple[int | None, str, Slot]  # number of the word, label, slot; no word for what lies between them


def _places(lines: Sequence[Line], spec: ScoreSpec) -> Iterator[_Place]:
    """Yield what is to be aligned, in order; the label is empty where a slot has several columns."""
    labels = spec.labels
    least = max(1, round(_LEAST_SECONDS / spec.hop_seconds))
    silent = [label for label in (phonemes.SILENCE, phonemes.BREATH) if label in labels]
    pause = Slot(tuple(labels.index(label) for label in silent), least, 0.0)
    phrase_break = [
        (None, label, Slot((labels.index(label),), least, 0.0)) for label in [*silent, *silent[:1]] if silent
    ]
    number = 0
    for line in lines:
        yield from phrase_break
        for place, word in enumerate(line):
            if place and silent:
                yield None, "", pause
            for phone in word.phones:
                for label in labels_of(phone.symbol, labels):
                    cost = _SKIP_COST if phone.optional else None
                    yield number, label, Slot((labels.index(label),), least, cost)
            number += 1
    yield from phrase_break


def labels_of(symbol: str, labels: Sequence[str]) -> tuple[str, ...]:
    """Return the labels of a model that a phone stands for: itself, its classes, or the nearest of the jingju set.

    Raises:
        AlignmentError: the model has none.
    """
    if symbol in labels:
        return (symbol,)
    try:
        classes = [one for one in phonemes.fold(symbol) if one != phonemes.SILENCE]  # a glottal stop is not aligned
        nearest = [one if one in labels else phonemes.jingju(one) for one in classes]
        found = [one if one in labels else phonemes.jingju_29(one) for one in nearest]
    except LabelError as error:
        raise AlignmentError(str(error)) from error
    if missing := [one for one in found if one not in labels]:
        raise AlignmentError(f'The model has no label for "{missing[0]}" ({symbol}); choose another model.')
    return tuple(found)


def _loudest(read: Read, placed: Placed, slot: Slot, labels: Sequence[str]) -> str:
    means = read(placed.start, placed.stop)[:, list(slot.columns)].mean(axis=0)
    return labels[slot.columns[int(np.argmax(means))]]


def _mean(segments: Iterable[Segment]) -> float:
    weighed = [(one.seconds, one.score or 0.0) for one in segments]
    total = sum(seconds for seconds, _ in weighed)
    return sum(seconds * score for seconds, score in weighed) / total if total else 0.0
