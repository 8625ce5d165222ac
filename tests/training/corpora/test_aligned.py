"""Recordings of which the text is known: what is refused, and what is left of the silence around them."""

import gzip
from pathlib import Path

import numpy as np
import pytest

from timbrescope.core.lyrics import Alignment, Line, Phone, Word
from timbrescope.core.segments import Segment, Tier
from training.corpora import aligned, foreign_prompts
from training.corpora.utterances import SAMPLE_RATE, Utterance
from training.errors import TrainingError

from .test_phoneme_voices import lay_out

LINES: tuple[Line, ...] = ((Word("sami", tuple(Phone(one) for one in "sami")),),)
SOUND = np.zeros(2 * SAMPLE_RATE, np.float32)


def alignment(score: float = 0.5, *, word: float = 0.5, phone_seconds: float = 0.1) -> Alignment:
    """Return "sami" from 0.5 s on in a recording of two seconds."""
    phones = [Segment(0.0, 0.5, "sil", 0.9)]
    for symbol in "sami":
        phones.append(Segment(phones[-1].end, phones[-1].end + phone_seconds, symbol, score))
    phones.append(Segment(phones[-1].end, 2.0, "sil", 0.9))
    return Alignment(Tier("words", (Segment(0.5, phones[-1].start, "sami", word),)), Tier("phones", tuple(phones)))


def read(monkeypatch: pytest.MonkeyPatch, found: Alignment) -> Utterance:
    monkeypatch.setattr(aligned, "_aligned", lambda *_: found)
    return aligned.read_aloud(SOUND, LINES, "it")


def test_most_of_the_silence_around_what_is_said_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    said = read(monkeypatch, alignment())
    assert said.seconds == pytest.approx(0.4 + 2 * aligned.MARGIN_SECONDS)
    assert [one.label for one in said.segments] == ["sil", *"sami", "sil"]
    assert said.segments[1].start == pytest.approx(aligned.MARGIN_SECONDS)
    assert said.segments[-1].end == pytest.approx(said.seconds)


@pytest.mark.parametrize(
    ("found", "why"),
    [
        (alignment(0.1), "score 0.10"),
        (alignment(word=0.01), 'of "sami"'),
        (alignment(phone_seconds=0.03), "phonemes a second"),
        (alignment(phone_seconds=0.3), "phonemes a second"),
    ],
)
def test_an_alignment_that_is_not_to_be_believed_is_refused(
    found: Alignment, why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(TrainingError, match=why):
        read(monkeypatch, found)


def test_one_phoneme_that_never_ends_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    phones = list(alignment().phones.segments)
    phones[-2:] = [Segment(0.8, 1.4, "i", 0.5), Segment(1.4, 2.0, "sil", 0.5)]
    with pytest.raises(TrainingError, match=r"a phoneme of 0\.60 s"):
        read(monkeypatch, Alignment(alignment().words, Tier("phones", tuple(phones))))


def test_prompts_are_those_of_which_it_is_known_what_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reader = foreign_prompts.READERS[1]
    monkeypatch.setattr(
        foreign_prompts, "lyrics_to_phones", lambda text, language: ((Word(f"{language} {text}", ()),),)
    )
    folder = f"usr/share/asterisk/sounds/{reader.folder}"
    lay_out(tmp_path, reader.sounds, {f"{folder}/{name}.g722": b"x" for name in ("ciao", "beep", "nine", "lost")})
    text = "\ufeff; Suoni\n\nciao: Ciao, mondo!\nbeep: [tono]\nnine: 9\nlost: Se ? corretto\nelsewhere: Arrivederci.\n"
    name = f"usr/share/doc/{reader.texts.name}/core-sounds-it.txt.gz"
    lay_out(tmp_path, reader.texts, {name: gzip.compress(text.encode())})
    (only,) = foreign_prompts.foreign_prompts(reader, tmp_path)
    assert only.path.name == "ciao.g722"
    assert only.lines[0][0].text == "it Ciao, mondo!"


def test_a_damaged_list_is_one_sentence(tmp_path: Path) -> None:
    reader = foreign_prompts.READERS[0]
    lay_out(tmp_path, reader.sounds, {})
    lay_out(tmp_path, reader.texts, {f"usr/share/doc/{reader.texts.name}/core-sounds-fr.txt.gz": b"x"})
    with pytest.raises(TrainingError, match=r"cannot be read"):
        foreign_prompts.foreign_prompts(reader, tmp_path)
