from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import sine
from tests.encoded import encode
from tests.tiny import SPEC, Tiny
from timbrescope import cli, paths
from timbrescope.core.segment_files import read_tiers
from timbrescope.recognition.checkpoint import save_checkpoint
from training.sources.annotations import read_annotated

RATE = 16_000
PHONEMES = replace(
    SPEC, name="phonemes", kind="phonemes", labels=("o", "a", "s"), window_frames=1, hop_frames=1, activation="softmax"
)
"""Takes low sounds for o, those in the middle for a and high ones for s."""


@pytest.fixture(autouse=True)
def _models(_own_folders: None) -> None:
    weights = Tiny(3, 24).state_dict()
    weights["linear.weight"] = weights["linear.weight"] * 4
    save_checkpoint(paths.models() / "phonemes.safetensors", PHONEMES, weights)
    save_checkpoint(paths.models() / "tiny.safetensors", SPEC, weights)


@pytest.fixture
def song(tmp_path: Path) -> Path:
    """Half a second of o, one of s, half a one of o."""
    low, high = sine(150.0, 0.5, RATE), sine(6000.0, 1.0, RATE)
    return encode(tmp_path / "song.wav", np.concatenate([low, high, low]), RATE)


def run(*arguments: object) -> int:
    return cli.main(["align", *map(str, arguments)])


def test_phones_are_placed_and_can_be_learnt_from(song: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(song, "--phones", "o | s | o") == 0
    words, phones = read_tiers(song.with_suffix(".TextGrid"))
    assert [one.label for one in words.segments] == ["o", "s", "o"]
    assert [one.start for one in phones.segments] == pytest.approx([0.0, 0.5, 1.5], abs=0.04)
    assert "3 words" in capsys.readouterr().out
    (item,) = read_annotated(song.parent).items
    assert [one.label for one in item.segments][:3] == ["o", "s", "o"]


def test_lyrics_in_a_file_become_words(song: Path, tmp_path: Path) -> None:
    pytest.importorskip("espeakng_loader")
    (tmp_path / "lyrics").write_text("Oh\nSo\n", encoding="utf-16")
    output = tmp_path / "out.lab"
    assert run(song, "--lyrics", tmp_path / "lyrics", "--language", "es", "--output", output) == 0
    (phones,) = read_tiers(output)
    assert [one.label for one in phones.segments] == ["o", "s", "o"]


def test_what_is_there_is_kept_unless_forced(song: Path, capsys: pytest.CaptureFixture[str]) -> None:
    there = song.with_suffix(".TextGrid")
    there.write_text("mine")
    assert run(song, "--phones", "o") == 2
    assert "--force" in capsys.readouterr().err
    assert there.read_text() == "mine"
    assert run(song, "--phones", "o", "--force") == 0
    assert len(read_tiers(there)) == 2


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--phones", "o", "--model", "tiny"), "model of tags"),
        (("--phones", "o", "--output", "x.mid"), "x.mid"),
        (("--phones", "ʃ"), "no label"),
        (("--phones", " ".join("os" * 100)), "at least"),
        (("--lyrics", "missing.lyrics"), "missing.lyrics"),
    ],
)
def test_what_is_wrong_is_one_sentence(
    arguments: tuple[str, ...], words: str, song: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(song, *arguments) == 2
    error = capsys.readouterr().err
    assert words in error
    assert error.count("\n") == 1
    assert not song.with_suffix(".TextGrid").exists()
