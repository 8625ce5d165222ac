import csv
import zipfile
from pathlib import Path

import numpy as np
import pytest
import soundfile

from training.corpora import unlabelled
from training.corpora.packages import Package
from training.corpora.unlabelled import HELD_OUT, MUSIC, list_held_out, list_music
from training.errors import TrainingError

RATE = 8000


def music(path: Path, seconds: float) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, 0.1 * np.sin(np.arange(int(seconds * RATE))), RATE)
    return path


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Packages that have been fetched: one with an archive, and none of the others."""
    cache = tmp_path / "packages"
    first, second = MUSIC[0], HELD_OUT[0]
    music(cache / first.key / "music" / "theme.flac", 31)
    music(cache / first.key / "sounds" / "click.flac", 1)
    music(cache / first.key / "music" / "guitar.ogg", 31)
    inside = music(tmp_path / "inside.flac", 60)
    (cache / second.key).mkdir(parents=True)
    with zipfile.ZipFile(cache / second.key / "music.pk3", "w") as archive:
        archive.write(inside, "music/space.flac")
        archive.writestr("readme.txt", "no music")

    def fetch(package: Package, folder: Path) -> Path:
        if not (folder / package.key).is_dir():
            raise TrainingError(f"no {package.name}")
        return folder / package.key

    monkeypatch.setattr(unlabelled, "fetch", fetch)
    return cache


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_music_is_listed_and_sounds_and_stems_are_not(cache: Path) -> None:
    told: list[str] = []
    assert list_music(cache.parent, cache, told.append) == 1
    (row,) = rows(cache.parent / "unlabelled.csv")
    assert row["path"] == f"packages/{MUSIC[0].key}/music/theme.flac"
    assert (row["source"], row["licence"]) == (MUSIC[0].name, MUSIC[0].licence)
    assert told == [f"no {package.name}" for package in MUSIC[1:]]


def test_stretches_of_music_in_an_archive_are_held_out(cache: Path) -> None:
    for _ in range(2):  # what was unpacked is not unpacked again
        assert list_held_out(cache.parent, cache, lambda _: None) == 2
    first, last = rows(cache.parent / "held_out.csv")
    assert (cache.parent / first["path"]).name == "space.flac"
    assert [(row["start"], row["end"]) for row in (first, last)] == [("0.0", "18.0"), ("42.0", "60.0")]
    assert not list(cache.rglob("readme.txt"))


def test_a_damaged_archive_is_told_of(cache: Path) -> None:
    (cache / HELD_OUT[0].key / "other.zip").write_bytes(b"damaged")
    told: list[str] = []
    assert list_held_out(cache.parent, cache, told.append) == 0
    assert "other.zip cannot be unpacked" in told[0]


def test_what_is_held_out_is_never_learnt_from() -> None:
    assert not {package.name for package in MUSIC} & {package.name for package in HELD_OUT}
