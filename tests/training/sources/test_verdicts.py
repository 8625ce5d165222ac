import math
from pathlib import Path

import pytest

from timbrescope.core import verdict_files
from timbrescope.core.verdicts import Judged, Verdict
from training.errors import TrainingError
from training.sources.table import write_table
from training.sources.verdicts import read_known, read_verdicts


def judged(folder: Path, name: str, day: int, *verdicts: Verdict, key: str = "") -> Path:
    """Write a recording with verdicts of a day."""
    path = folder / name
    path.write_bytes(name.encode())
    timed = tuple(
        Verdict(v.start, v.end, v.model, v.said, v.score, v.right, v.label, f"2026-01-{day:02d}") for v in verdicts
    )
    verdict_files.save(path, Judged(name, key or name * 20, timed))
    return path


def yes(start: float, label: str) -> Verdict:
    return Verdict(start, start + 2, "mine", label, 0.6, right=True)


def no(start: float, label: str, instead: str = "") -> Verdict:
    return Verdict(start, start + 2, "mine", label, 0.6, right=False, label=instead)


def test_only_what_was_said_is_known(tmp_path: Path) -> None:
    song = judged(tmp_path, "a.wav", 1, yes(0, "violin"), no(4, "flute", "oboe"))
    collection = read_verdicts([song])
    assert (collection.labels, collection.task) == (("flute", "oboe", "violin"), "multi")
    write_table(tmp_path / "table.csv", collection)
    assert "flute=0.0;oboe;*=?" in (tmp_path / "table.csv").read_text()
    known = read_known([tmp_path / "table.csv"], "auto", ("cello", "flute", "oboe", "violin"))
    first, second = known.items
    assert {label: value for label, value in first.labels.items() if not math.isnan(value)} == {"violin": 1.0}
    assert {label: value for label, value in second.labels.items() if not math.isnan(value)} == {
        "flute": 0.0,
        "oboe": 1.0,
    }
    assert (second.start, second.end) == (4.0, 6.0)


def test_labels_of_another_set_are_unknown_in_folders_too(tmp_path: Path) -> None:
    for label in ("kick", "snare"):
        (tmp_path / "drums" / label).mkdir(parents=True)
        (tmp_path / "drums" / label / "1.wav").write_bytes(b"")
    known = read_known([tmp_path / "drums"], "folders", ("hat", "kick", "snare"))
    assert [sorted(k for k, v in item.labels.items() if v == v) for item in known.items] == [["kick", "snare"]] * 2  # noqa: PLR0124 (not nan)


def test_every_third_recording_is_kept_aside_by_the_day_of_its_first_verdict(tmp_path: Path) -> None:
    songs = [judged(tmp_path, f"{name}.wav", day, yes(0, "x")) for day, name in enumerate("dacb", start=1)]
    parts = {item.path.stem: item.split for item in read_verdicts(songs).items}
    assert parts == {"d": "train", "a": "test", "c": "train", "b": "train"}
    more = judged(tmp_path, "0.wav", 9, yes(0, "x"))
    assert {item.path.stem: item.split for item in read_verdicts([more, *songs]).items if item.path != more} == parts


def test_copies_stay_on_one_side(tmp_path: Path) -> None:
    songs = [judged(tmp_path, f"{n}.wav", n, yes(0, "x"), key="the same" if n in (2, 5) else "") for n in range(1, 6)]
    parts = [item.split for item in read_verdicts(songs).items if item.path.stem in "25"]
    assert parts == ["test", "test"]


def test_a_damaged_file_is_told_and_left_out(tmp_path: Path) -> None:
    songs = [judged(tmp_path, f"{n}.wav", n, yes(0, "x")) for n in (1, 2)]
    verdict_files.beside(songs[0]).write_text("{")
    collection = read_verdicts(songs)
    assert len(collection.items) == 1
    assert "is damaged" in collection.problems[0]
    with pytest.raises(TrainingError, match="correct some first"):
        read_verdicts([])
