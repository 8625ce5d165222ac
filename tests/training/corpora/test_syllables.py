"""Syllables that readers say: which there are, and how some make a phrase."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from timbrescope.core.lyrics import Phone, Word
from training.collection import Segment
from training.corpora import syllables
from training.corpora.aligned import Reading
from training.corpora.utterances import SAMPLE_RATE, Utterance
from training.errors import TrainingError

from .test_phoneme_voices import lay_out


@pytest.fixture
def reader(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Reading, ...]:
    """Return what an Italian says, of which one recording is missing."""
    listed = "".join(f'<sound name="{name}" file="it/{name.lower()}.ogg"/>' for name in ("MI", "SA", "LU"))
    folder = Path(syllables.FOLDER) / "it"
    lay_out(tmp_path, syllables.PACKAGE, {str(folder / "sounds.xml"): listed.encode()})
    for name in ("mi", "sa"):
        sound = tmp_path / syllables.PACKAGE.key / folder / f"{name}.ogg"
        soundfile.write(sound, np.zeros(44100, np.float32), 44100, format="OGG")
    spelled = lambda text, _: ((Word(text, tuple(Phone(one) for one in text)),),)  # noqa: E731  # stands for eSpeak NG
    monkeypatch.setattr(syllables, "lyrics_to_phones", spelled)
    return syllables.syllables("it", tmp_path)


def said(_samples: object, lines: tuple[tuple[Word, ...], ...], *_: object) -> Utterance:
    """Return half a second of what is said; "sa" cannot be understood."""
    text = lines[0][0].text
    if text == "sa":
        raise TrainingError("Probably somebody says something else.")
    silent = np.zeros(SAMPLE_RATE // 2, np.float32)
    return Utterance(silent, (Segment(0.0, 0.1, "sil"), Segment(0.1, 0.3, "m"), Segment(0.3, 0.5, "i")))


def test_syllables_are_those_that_are_listed_and_there(reader: tuple[Reading, ...]) -> None:
    assert [one.path.stem for one in reader] == ["mi", "sa"]
    assert {one.language for one in reader} == {"it"}


def test_those_that_are_understood_are_said_in_a_row(
    reader: tuple[Reading, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(syllables, "read_aloud", said)
    heard = syllables.said_in_a_row(reader, np.random.default_rng(1))
    count = round(heard.seconds / 0.5)
    assert syllables.TOGETHER[0] <= count <= syllables.TOGETHER[1]
    assert [one.label for one in heard.segments] == ["sil", "m", "i"] * count
    assert [one.start for one in heard.segments][3::3] == pytest.approx(np.arange(1, count) / 2)
    assert heard.segments[-1].end == pytest.approx(heard.seconds)


def test_a_reader_whom_nobody_understands_is_named(
    reader: tuple[Reading, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(syllables, "read_aloud", said)
    with pytest.raises(TrainingError, match="No syllables"):
        syllables.said_in_a_row(reader[1:], np.random.default_rng(1))


def test_a_list_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    lay_out(tmp_path, syllables.PACKAGE, {})
    with pytest.raises(TrainingError, match=r"sounds\.xml"):
        syllables.syllables("it", tmp_path)
