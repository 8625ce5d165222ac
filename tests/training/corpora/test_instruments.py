"""The corpus is built once, continues where it stopped, and goes without what cannot be had."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import sine
from training.corpora import instruments, rendered, unlabelled
from training.corpora.accompaniments import grooves
from training.corpora.general_midi import LABELS, range_of
from training.corpora.notes import Note, Part
from training.corpora.pool import Pool
from training.corpora.soundfonts import SOUNDFONTS, render
from training.corpora.takes import SAMPLE_RATE, Job, Take, pieces
from training.errors import TrainingError
from training.sources.table import read_table

PARTS = tuple(Note(at * 0.4, 0.4, 60 + at % 12) for at in range(200))
DRUMS = tuple(Note(at * 0.25, 0.1, (36, 42, 38, 42)[at % 4]) for at in range(400))
POOL: Pool = {
    "melody": [Part(PARTS, "melody")],
    "chords": [Part(PARTS, "chords")],
    "bass": [Part(PARTS, "bass")],
    "drums": [Part(DRUMS, "drums")],
}
FLUID = Path("/usr/share/sounds/sf2/FluidR3_GM.sf2")


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Let three jobs stand for all: a flute, nothing usable, and one that fails at first."""
    calls: list[str] = []

    def flute(rng: np.random.Generator) -> Take:
        calls.append(f"flute {rng.integers(1000)}")
        return Take(sine(880, 4.0, SAMPLE_RATE), ("flute",), "maker", "one", "CC0")

    def nothing(_: np.random.Generator) -> None:
        calls.append("nothing")

    def failing(_: np.random.Generator) -> Take:
        calls.append("failing")
        if calls.count("failing") == 1:
            raise TrainingError("The harp is missing; find it.")
        return Take(sine(220, 3.0, SAMPLE_RATE), (), "maker", "harp", "CC0")

    def jobs(*_: object) -> Iterator[Job]:
        yield from (Job("flute/0", flute), Job("nothing/0", nothing), Job("harp/0", failing))

    monkeypatch.setattr(instruments, "_jobs", jobs)
    monkeypatch.setattr(unlabelled, "MUSIC", ())
    monkeypatch.setattr(unlabelled, "HELD_OUT", ())
    return calls


def test_second_run_does_only_what_failed(made: list[str], tmp_path: Path) -> None:
    told: list[str] = []
    assert instruments.build(tmp_path, None, None, 1, 1, told.append) == 1
    assert told == ["The harp is missing; find it."]
    assert instruments.build(tmp_path, None, None, 1, 1, told.append) == 2
    assert [call.split()[0] for call in made] == ["flute", "nothing", "failing", "failing"]
    collection = read_table(tmp_path / "corpus.csv", task="multi")
    assert [dict(item.labels) for item in collection.items] == [{"flute": 1.0}, {}]
    assert json.loads((tmp_path / "manifest.json").read_text(encoding="utf-8"))["seed"] == 1
    assert (tmp_path / "unlabelled.csv").read_text(encoding="utf-8") == "path,source,licence\n"


def test_choices_depend_on_the_seed_and_the_name_alone(made: list[str], tmp_path: Path) -> None:
    for folder, seed in (("a", 1), ("b", 1), ("c", 2)):
        instruments.build(tmp_path / folder, None, None, 1, seed, print)
    first, second, other = [call for call in made if call.startswith("flute")]
    assert first == second != other


def test_command_prints_minutes_and_groups(made: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    instruments.main(["--output", str(tmp_path)])
    assert capsys.readouterr().out.split() == ["flute", "0.1", "min", "1", "groups"]
    assert made


def test_command_tells_a_wrong_folder_in_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        instruments.main(["--output", str(tmp_path / "out"), "--recordings", str(tmp_path)])
    assert capsys.readouterr().err.count("\n") == 1
    (tmp_path / "file").touch()
    with pytest.raises(SystemExit):
        instruments.main(["--output", str(tmp_path / "file")])
    assert "another folder" in capsys.readouterr().err


def test_weak_classes_get_more() -> None:
    assert instruments.minutes_of("clarinet", 40) == 2 * instruments.minutes_of("violin", 40)
    assert {label for label in LABELS if instruments.minutes_of(label, 40) == 40} == instruments.WEAK


def test_phrases_suit_the_instrument(rng: np.random.Generator) -> None:
    for label in LABELS:
        phrase = rendered.compose(label, 30, "drums" if label == "drums" else "melody", POOL, rng)
        assert phrase is not None
        assert all(note.length > 0 for note in phrase.notes)
        if label not in {"drums", "piano", "organ"}:
            lowest, highest = range_of(label, 30)
            assert all(lowest <= note.key <= highest for note in phrase.notes)


def test_minutes_are_shared_by_the_soundfonts_that_have_the_instrument() -> None:
    fonts = {font: Path(font.path) for font in SOUNDFONTS}
    names = [job.name for job in rendered.jobs(fonts, POOL, {"piano": 14.0, "drums": 14.0}, [])]
    families = {name.split("/")[1] for name in names if "/piano/" in name}
    assert "musescore_piano" in families
    assert "avldrums" not in families
    assert sum("/drums/" in name for name in names) == pytest.approx(14 * 60 / rendered.TAKE_SECONDS, abs=3)
    assert len(names) == len(set(names))


def test_grooves_are_found_with_their_files(tmp_path: Path) -> None:
    library = tmp_path / "usr/share/mma/lib/stdlib"
    library.mkdir(parents=True)
    (library / "swing.mma").write_text("Begin\n DefGroove Swing  two beats\nDefGroove R&B\n", encoding="latin-1")
    assert grooves(tmp_path) == ["stdlib/swing:Swing", "stdlib/swing:R&B"]


def test_missing_synthesiser_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)
    with pytest.raises(TrainingError, match=r"apt install fluidsynth\)\.$"):
        render(b"", Path("any.sf2"))


@pytest.mark.skipif(
    shutil.which("fluidsynth") is None or not FLUID.is_file(), reason="needs fluidsynth and the soundfont FluidR3 GM"
)
def test_rendered_take_sounds_where_its_spans_say() -> None:
    pytest.importorskip("mido")
    (font,) = [font for font in SOUNDFONTS if font.family == "fluidr3"]
    job = next(rendered.jobs({font: FLUID}, POOL, {"flute": 1.2}, []))
    take = job.make(np.random.default_rng(1))
    assert take is not None
    assert (take.labels, take.source) == (("flute",), "fluidr3")
    first = min(start for start, _ in take.spans)
    assert np.abs(take.samples[: round((first - 0.02) * SAMPLE_RATE)]).max() < 1e-3
    for start, end in pieces(take.spans):
        assert np.abs(take.samples[round(start * SAMPLE_RATE) : round(end * SAMPLE_RATE)]).max() > 1e-3
