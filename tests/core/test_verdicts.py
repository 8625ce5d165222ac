import json
from dataclasses import replace
from pathlib import Path

import pytest

from timbrescope import paths
from timbrescope.core import verdict_files
from timbrescope.core.verdicts import (
    Judged,
    Verdict,
    VerdictError,
    read_judged,
    with_verdict,
    without_claim,
    write_judged,
)

VIOLIN = Verdict(1.0, 4.0, "instruments", "violin", 0.6, right=True, time="2026-01-02T00:00:00+00:00")
FLUTE = Verdict(0.5, 2.0, "instruments", "flute", 0.5, right=False, label="oboe", time="2026-01-01T00:00:00+00:00")


@pytest.fixture
def song(tmp_path: Path) -> Path:
    path = tmp_path / "music" / "song.flac"
    path.parent.mkdir()
    path.write_bytes(b"sound")
    return path


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    judged = Judged("song.flac", "key", with_verdict((VIOLIN,), FLUTE))
    write_judged(tmp_path / "song.json", judged)
    assert read_judged(tmp_path / "song.json") == judged
    assert judged.since == FLUTE.time


def test_a_claim_has_one_verdict_the_last() -> None:
    no = replace(VIOLIN, right=False)
    assert with_verdict((VIOLIN, FLUTE), no) == (FLUTE, no)
    assert without_claim((FLUTE, no), VIOLIN.claim) == (FLUTE,)


def test_only_what_was_said_is_known() -> None:
    assert VIOLIN.labels == {"violin": 1.0}
    assert FLUTE.labels == {"flute": 0.0, "oboe": 1.0}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{", "is damaged"),
        ("[]", "holds no corrections"),
        ('{"format": "timbrescope verdicts", "version": 9}', "install a newer"),
        ('{"format": "timbrescope verdicts", "version": 1, "verdicts": []}', "'recording' is missing"),
        (
            """{"format": "timbrescope verdicts", "version": 1, "recording": "a", "key": "b", "verdicts": [
            {"start": 3, "end": 1, "model": "m", "said": "l", "score": 0.5, "right": true}]}""",
            "from 3 to 1 s cannot be",
        ),
    ],
)
def test_a_damaged_file_is_one_sentence(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "song.json"
    path.write_text(text)
    with pytest.raises(VerdictError, match=says) as told:
        read_judged(path)
    assert str(path) in str(told.value)


def test_unknown_entries_are_ignored(tmp_path: Path) -> None:
    write_judged(tmp_path / "a.json", Judged("a", "b", (VIOLIN,)))
    values = json.loads((tmp_path / "a.json").read_text())
    values["verdicts"][0]["mood"] = values["more"] = 1
    (tmp_path / "a.json").write_text(json.dumps(values))
    assert read_judged(tmp_path / "a.json").verdicts == (VIOLIN,)


def test_verdicts_lie_beside_the_recording_and_the_audio_stays(song: Path) -> None:
    judged = verdict_files.load(song)
    assert judged.verdicts == ()
    place = verdict_files.save(song, replace(judged, verdicts=(VIOLIN,)))
    assert place == song.with_name("song.flac.timbrescope.json")
    assert song.read_bytes() == b"sound"
    assert verdict_files.load(song).verdicts == (VIOLIN,)
    assert verdict_files.known_recordings() == [song]
    assert list(verdict_files.recordings_below(song.parent.parent)) == [song]


def test_where_the_folder_cannot_be_written_the_data_folder_keeps_them(
    song: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = write_judged

    def refuse(path: Path, judged: Judged) -> None:
        if path.parent == song.parent:
            raise PermissionError(13, "Permission denied")
        write(path, judged)

    monkeypatch.setattr("timbrescope.core.verdict_files.write_judged", refuse)
    place = verdict_files.save(song, Judged("song.flac", "key", (FLUTE,)))
    assert place.is_relative_to(paths.data())
    moved = song.rename(song.with_name("renamed.flac"))
    assert verdict_files.load(moved).verdicts == (FLUTE,)


def test_a_full_disk_is_one_sentence(song: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_path: Path, _judged: Judged) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("timbrescope.core.verdict_files.write_judged", refuse)
    with pytest.raises(VerdictError, match="cannot be kept"):
        verdict_files.save(song, Judged("song.flac", "key", (FLUTE,)))
