from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from training.corpora import ensembles
from training.corpora.general_midi import DRUMS, ELECTRIC_BASS, LABELS
from training.corpora.notes import Note, Part
from training.corpora.soundfonts import SOUNDFONTS
from training.corpora.splits import VALIDATION_SOURCES
from training.corpora.takes import SAMPLE_RATE, Job, Take, rows


def part(kind: str, key: int, step: float = 0.5) -> Part:
    notes = tuple(Note(at * step, step * 0.9, key + at % 5) for at in range(80))
    return Part(notes, kind)  # type: ignore[arg-type]  # a kind of the test's own choice


SONG = [part("drums", 36, 0.25), part("bass", 36), part("chords", 60, 1.0), part("melody", 72)]


@pytest.fixture
def played(monkeypatch: pytest.MonkeyPatch) -> list[tuple[bytes, Path]]:
    """Let every soundfont answer with noise, and tell what it was asked for."""
    asked: list[tuple[bytes, Path]] = []

    def render(midi: bytes, soundfont: Path) -> np.ndarray:
        asked.append((midi, soundfont))
        return np.random.default_rng(len(asked)).normal(size=20 * SAMPLE_RATE).astype(np.float32)

    monkeypatch.setattr(ensembles, "render", render)
    return asked


def jobs(songs: Sequence[list[Part]], minutes: float = 4.8) -> list[Job]:
    return list(ensembles.jobs({font: Path(font.family) for font in SOUNDFONTS}, {}, songs, minutes))


def takes(songs: Sequence[list[Part]]) -> list[Take]:
    made = [job.make(np.random.default_rng(number)) for number, job in enumerate(jobs(songs))]
    return [take for take in made if take is not None]


def test_pieces_say_who_is_heard(played: list[tuple[bytes, Path]]) -> None:
    found = takes([SONG])
    assert played
    assert len(found) >= 10
    for take in found:
        assert take.pieces
        for (start, end), labels in take.pieces:
            assert 0 <= start < end <= ensembles.TAKE_SECONDS
            names = [label.removesuffix("=?") for label in labels.split(";")] if labels else []
            assert len(names) == len(set(names))
            assert set(names) <= set(LABELS)
    heard = {label for take in found for _, labels in take.pieces for label in labels.split(";")}
    assert {DRUMS, ELECTRIC_BASS} <= heard
    assert max(len(labels.split(";")) for take in found for _, labels in take.pieces) >= 3


def test_what_is_rendered_for_validation_is_used_for_nothing_else(played: list[tuple[bytes, Path]]) -> None:
    for number, job in enumerate(jobs([SONG])):
        played.clear()
        take = job.make(np.random.default_rng(number))
        families = {soundfont.name for _, soundfont in played}
        assert take is None or {row.split for row in rows(take, "x.flac")} == {
            "validation" if families & VALIDATION_SOURCES else "train"
        }
        assert families <= VALIDATION_SOURCES or not families & VALIDATION_SOURCES


def test_a_faint_part_is_unknown_and_a_silent_one_absent() -> None:
    size = round(ensembles.TAKE_SECONDS * SAMPLE_RATE)
    noise = np.random.default_rng(0).normal(size=size).astype(np.float32)
    faint, silent = noise * np.float32(10 ** (-24 / 20)), noise * np.float32(10 ** (-40 / 20))
    stems = [ensembles._Stem("piano", noise), ensembles._Stem("violin", faint), ensembles._Stem("flute", silent)]
    assert {labels for _, labels in ensembles._labelled(stems)} == {"piano;violin=?"}


def test_scores_without_drums_and_bass_are_left_out(played: list[tuple[bytes, Path]]) -> None:
    assert jobs([SONG[2:]]) == []
    assert not played
