import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.encoded import encode
from tests.training.check_set import RATE, clean_set, sound, write
from training.check.check import check, join_groups
from training.check.findings import Checked, Finding
from training.collection import Collection, Split
from training.sources import read_collection
from training.splits import assign_splits


def checked(collection: Collection, tmp_path: Path) -> Checked:
    return check(collection, tmp_path / "cache", lambda *_: None, workers=0)[0]


def of_kind(found: Checked, kind: str) -> Finding:
    (finding,) = [finding for finding in found.findings if finding.kind == kind]
    return finding


def names(paths: Sequence[Path]) -> set[str]:
    return {path.name for path in paths}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return clean_set(tmp_path / "sounds")


def test_nothing_is_found_where_nothing_is_amiss(folder: Path, tmp_path: Path) -> None:
    found = checked(read_collection(folder), tmp_path)
    assert found.findings == ()
    assert found.files == 36
    assert [(each.label, each.clips, each.groups) for each in found.classes] == [
        (label, 12, 12) for label in ("high", "low", "middle")
    ]
    assert found.minutes == pytest.approx(36 * 1.5 / 60, rel=1e-3)


def test_every_planted_fault_is_found_and_nothing_else(folder: Path, tmp_path: Path) -> None:
    low = sound(300.0, 5)
    write(folder / "low" / "copy.wav", soundfile.read(folder / "low" / "low00.wav", dtype="float32")[0])
    write(folder / "low" / "copy.flac", soundfile.read(folder / "low" / "low01.wav")[0])
    encode(folder / "low" / "encoded.mp3", soundfile.read(folder / "low" / "low02.wav", dtype="float32")[0], RATE)
    write(folder / "low" / "quiet.wav", 0.2 * soundfile.read(folder / "low" / "low03.wav")[0])
    write(folder / "low" / "cut.wav", soundfile.read(folder / "low" / "low04.wav")[0][RATE // 3 :])
    shutil.copy(folder / "low" / "low05.wav", folder / "high" / "wrong.wav")
    write(folder / "middle" / "silent.wav", 1e-5 * low)
    write(folder / "middle" / "clipped.wav", np.clip(12 * sound(900.0, 77), -1, 1))
    (folder / "high" / "broken.wav").write_bytes(b"RIFF nothing of the kind")
    found = checked(read_collection(folder), tmp_path)
    kinds = {finding.kind for finding in found.findings}
    assert kinds == {"leak", "contradiction", "silent", "clipped", "unreadable"}
    pairs = {frozenset(names(group)) for group in of_kind(found, "leak").groups}
    planted = [
        ("copy.wav", 0),
        ("copy.flac", 1),
        ("encoded.mp3", 2),
        ("quiet.wav", 3),
        ("cut.wav", 4),
        ("wrong.wav", 5),
    ]
    assert pairs == {frozenset({name, f"low{number:02d}.wav"}) for name, number in planted}
    assert names(of_kind(found, "contradiction").files) == {"wrong.wav", "low05.wav"}
    assert names(of_kind(found, "silent").files) == {"silent.wav"}
    assert names(of_kind(found, "clipped").files) == {"clipped.wav"}
    assert names(of_kind(found, "unreadable").files) == {"broken.wav"}
    assert found.findings[0].severity == "problem"
    spoiling = {finding.kind for finding in found.findings if finding.spoils_figures}
    assert spoiling == {"leak", "contradiction"}  # silence, clipping and damage are told and spoil no figure


def test_a_recording_in_two_given_parts_is_a_leak(folder: Path, tmp_path: Path) -> None:
    shutil.copy(folder / "low" / "low00.wav", folder / "low" / "again.wav")
    parts: dict[str, Split] = {"low00.wav": "train", "again.wav": "test"}
    collection = read_collection(folder)
    items = tuple(replace(item, split=parts.get(item.path.name, "train")) for item in collection.items)
    leak = of_kind(checked(replace(collection, items=items), tmp_path), "leak")
    assert leak.severity == "problem"
    assert names(leak.files) == set(parts)


def test_copies_stay_on_one_side_of_every_split(folder: Path, tmp_path: Path) -> None:
    for number in range(12):
        shutil.copy(folder / "low" / f"low{number:02d}.wav", folder / "low" / f"again{number:02d}.wav")
    collection = read_collection(folder)
    _, pairs = check(collection, tmp_path / "cache", lambda *_: None, workers=0)
    for seed in range(5):
        split = assign_splits(join_groups(collection, pairs), validation=0.2, test=0.3, seed=seed)
        part = {item.path.name: item.split for item in split.items}
        assert all(part[f"low{number:02d}.wav"] == part[f"again{number:02d}.wav"] for number in range(12))


def test_a_class_from_another_microphone_is_told(folder: Path, tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    for path in (folder / "low").iterdir():
        samples, rate = soundfile.read(path)
        write(path, samples + 0.02 * random.standard_normal(len(samples)), rate)
    finding = of_kind(checked(read_collection(folder), tmp_path), "equipment")
    assert finding.labels == ("low",)


def test_a_hit_with_a_long_tail_is_not_silent_and_a_click_in_a_long_silence_is(folder: Path, tmp_path: Path) -> None:
    tail = np.zeros(3 * RATE)
    write(folder / "low" / "hit.wav", np.concatenate([0.2 * sound(300.0, 50, 0.25)[:2000], tail]))
    write(folder / "low" / "long.wav", np.concatenate([0.2 * sound(300.0, 51, 1.0), *[tail] * 7]))
    click = tail.copy()
    click[RATE : RATE + 40] = 0.5
    write(folder / "low" / "click.wav", click)
    assert names(of_kind(checked(read_collection(folder), tmp_path), "silent").files) == {"long.wav", "click.wav"}


def test_another_take_of_the_same_notes_is_no_copy(folder: Path, tmp_path: Path) -> None:
    times = np.arange(3 * RATE) / RATE
    for take, other_partial in enumerate((0.1, -0.1)):
        phrase = np.zeros(len(times))
        for number, start in enumerate(np.arange(0, 2.7, 0.3)):
            after = times - start
            angle = 2 * np.pi * 220 * 1.06**number * after
            note = np.sin(angle) + other_partial * np.sin(2 * angle)
            phrase += 0.2 * note * np.exp(-5 * np.maximum(after, 0)) * (after > 0)
        write(folder / "low" / f"take{take}.wav", phrase)
    kinds = {finding.kind for finding in checked(read_collection(folder), tmp_path).findings}
    assert not kinds & {"leak", "copies"}


def test_too_little_of_a_class_is_told(folder: Path, tmp_path: Path) -> None:
    for path in sorted((folder / "low").iterdir())[2:]:
        path.unlink()
    found = checked(read_collection(folder), tmp_path)
    assert of_kind(found, "few-examples").labels == ("low",)
    assert of_kind(found, "few-groups").labels == ("low",)


def test_a_second_check_reads_only_what_has_changed(folder: Path, tmp_path: Path) -> None:
    first = checked(read_collection(folder), tmp_path)
    write(folder / "low" / "low00.wav", 1e-6 * sound(300.0, 0))
    told: list[tuple[int, int]] = []
    second, _ = check(
        read_collection(folder),
        tmp_path / "cache",
        lambda doing, done, total: told.append((done, total)) if doing == "reading recordings" else None,
        workers=0,
    )
    assert told[0] == (35, 36)
    assert first.findings == ()
    assert names(of_kind(second, "silent").files) == {"low00.wav"}


def test_findings_are_plain_values(folder: Path, tmp_path: Path) -> None:
    shutil.copy(folder / "low" / "low00.wav", folder / "low" / "again.wav")
    values = checked(read_collection(folder), tmp_path).to_dict()
    (finding,) = values["findings"]
    assert finding["remedy"] == "join-groups"
    assert len(finding["groups"][0]) == 2
