import errno
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from mutagen import File
from mutagen.apev2 import APEv2
from mutagen.id3 import ID3, TCON, TXXX, Encoding
from mutagen.mp3 import MP3

from tests.audio.tagged import KINDS, PICTURE, UNKNOWN_FRAME, plain, tagged
from tests.encoded import encode, tone
from timbrescope import paths
from timbrescope.audio import metadata
from timbrescope.audio.metadata import read_tags, sound_digest, undo_last, write_tags
from timbrescope.core import tag_journal
from timbrescope.core.errors import AudioError, TagError
from timbrescope.core.tag_writing import FIELDS

NEW = {
    "genre": ("Classical", "Neue Musik – größer"),
    "mood": ("Mellow",),
    "instruments": ("piano", "electric guitar"),
    "comment": ("a line",),
}


def undamaged(path: Path) -> dict[str, object]:
    """Return every tag that is not one of the fields, as mutagen has it."""
    file = File(path)
    ours = ("tcon", "tmoo", "txxx:mood", "txxx:instrument", "comm", "genre", "mood", "instrument", "comment",
            "\xa9gen", "\xa9cmt", "----:com.apple.itunes:")  # fmt: skip
    return {key: repr(value) for key, value in file.tags.items() if not key.casefold().startswith(ours)}


@pytest.mark.parametrize("suffix", KINDS)
def test_values_are_written_and_come_back_and_all_else_stays(suffix: str, tmp_path: Path) -> None:
    path = tagged(tmp_path / f"höher{suffix}")
    path.chmod(0o640)
    before, sound, rest = read_tags(path), sound_digest(path), undamaged(path)
    assert before.shown["genre"] == ("Rock", "Something of its own")
    assert (
        any(PICTURE.hex() in str(value) or "\\xff\\xd8" in str(value) for value in rest.values()) or suffix == ".flac"
    )

    entry = write_tags(path, NEW, run="1")
    assert entry is not None
    assert read_tags(path).values == NEW
    assert sound_digest(path) == sound
    assert undamaged(path) == rest
    assert path.stat().st_mode & 0o777 == 0o640
    assert [one.name for one in tmp_path.iterdir() if one.name.startswith(".")] == []

    undo_last(path)
    assert read_tags(path) == before
    assert sound_digest(path) == sound
    assert undamaged(path) == rest
    assert tag_journal.entries() == []


@pytest.mark.parametrize("suffix", KINDS)
def test_a_file_without_tags_gets_them_and_loses_them_again(suffix: str, tmp_path: Path) -> None:
    path = plain(tmp_path / f"bare{suffix}")
    sound = sound_digest(path)
    assert read_tags(path).values["mood"] == ()
    write_tags(path, NEW, run="1")
    assert read_tags(path).values == NEW
    undo_last(path)
    assert not any(read_tags(path).values.values())
    assert sound_digest(path) == sound


def test_a_flac_file_keeps_its_picture(tmp_path: Path) -> None:
    path = tagged(tmp_path / "a.flac")
    write_tags(path, NEW, run="1")
    assert [picture.data for picture in File(path).pictures] == [PICTURE]


@pytest.mark.parametrize("version", [3, 4])
def test_an_id3_tag_keeps_its_version_and_the_frames_nobody_knows(version: int, tmp_path: Path) -> None:
    path = tagged(tmp_path / "a.mp3", v2_version=version)
    assert read_tags(path).format == f"ID3v2.{version}"
    write_tags(path, NEW, run="1")
    tags = ID3(path, translate=False)
    assert tags.version == (2, version, 0)
    assert tags.unknown_frames == [UNKNOWN_FRAME]
    assert list(tags["TXXX:INSTRUMENT"].text) == ["piano", "electric guitar"]
    assert ("TMOO" in tags) == (version == 4)
    assert ("TXXX:MOOD" in tags) == (version == 3)


def test_a_field_is_written_where_another_program_has_put_it(tmp_path: Path) -> None:
    path = plain(tmp_path / "a.mp3")
    tags = ID3()
    tags.add(TXXX(encoding=Encoding.UTF8, desc="Mood", text=["old"]))
    tags.save(path)
    write_tags(path, {"mood": ("new",)}, run="1")
    assert {key for key in ID3(path) if "MOO" in key.upper()} == {"TXXX:Mood"}
    flac = tagged(tmp_path / "a.flac")
    write_tags(flac, {"genre": ("new",)}, run="1")
    assert ("genre", "new") in list(File(flac).tags)


def test_a_tag_of_the_first_version_and_one_of_ape_survive(tmp_path: Path) -> None:
    path = plain(tmp_path / "a.mp3")
    ape = APEv2()
    ape["Catalogue"] = "WoO 59"
    ape.save(path)
    with path.open("ab") as file:
        file.write(b"TAG" + b"Title".ljust(30, b"\0") + b"Artist".ljust(30, b"\0") + bytes(30) + b"1999")
        file.write(b"a comment".ljust(30, b"\0") + bytes([17]))
    before = read_tags(path)
    assert before.shown["genre"] == ("Rock",)
    write_tags(path, {"genre": ("Jazz",)}, run="1")
    assert str(MP3(path)["TIT2"]) == "Title"
    assert APEv2(path)["Catalogue"] == "WoO 59"
    undo_last(path)
    assert read_tags(path).shown == before.shown


def test_nothing_is_written_where_the_values_are_there_already(tmp_path: Path) -> None:
    path = tagged(tmp_path / "a.mp3")
    content, time = path.read_bytes(), path.stat().st_mtime_ns
    assert write_tags(path, {"genre": ("Rock", "Something of its own")}, run="1") is None
    assert (path.read_bytes(), path.stat().st_mtime_ns) == (content, time)
    assert tag_journal.entries() == []


def test_the_journal_says_what_was_written(tmp_path: Path) -> None:
    path = tagged(tmp_path / "a.flac")
    write_tags(path, {"genre": ("Jazz",), "mood": ("Sad",)}, run="one")
    (place,) = paths.tag_journal().iterdir()
    content = json.loads(place.read_text())
    assert content["path"] == str(path.resolve())
    assert content["old"] == {"genre": ["Rock", "Something of its own"], "mood": []}
    assert content["new"] == {"genre": ["Jazz"], "mood": ["Sad"]}
    assert {"time", "format", "run", "version"} <= set(content)


def test_undo_goes_back_write_by_write_and_says_when_there_is_no_more(tmp_path: Path) -> None:
    path = tagged(tmp_path / "a.flac")
    first = read_tags(path)
    write_tags(path, {"genre": ("Jazz",)}, run="1")
    second = read_tags(path)
    write_tags(path, {"genre": ("Folk",), "mood": ("Sad",)}, run="2")
    undo_last(path)
    assert read_tags(path) == second
    undo_last(path)
    assert read_tags(path) == first
    with pytest.raises(TagError, match=r"a\.flac has no tags that timbrescope has written"):
        undo_last(path)


def test_undo_refuses_where_others_have_written_since_unless_forced(tmp_path: Path) -> None:
    path = tagged(tmp_path / "a.mp3")
    before = read_tags(path)
    write_tags(path, {"genre": ("Jazz",)}, run="1")
    tags = ID3(path)
    tags["TCON"] = TCON(encoding=Encoding.UTF8, text=["By hand"])
    tags.save(path)
    with pytest.raises(TagError, match=r"a\.mp3 holds other values"):
        undo_last(path)
    assert read_tags(path).values["genre"] == ("By hand",)
    undo_last(path, force=True)
    assert read_tags(path).shown["genre"] == before.shown["genre"]


def test_a_write_that_was_cut_off_is_no_obstacle_to_undo(tmp_path: Path) -> None:
    path = tagged(tmp_path / "a.flac")
    before = read_tags(path)
    write_tags(path, {"genre": ("Jazz",)}, run="1")
    present = read_tags(path).values
    tag_journal.record(path.resolve(), "Vorbis comments", {"genre": present["genre"]}, {"genre": ("Never",)}, "2")
    (paths.tag_journal() / "0.json").write_text("{")
    undo_last(path)
    assert read_tags(path) == before


def test_a_file_whose_sound_would_change_is_left_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tagged(tmp_path / "a.wav")
    content = path.read_bytes()
    digest = sound_digest

    def changed(read: Path) -> bytes:
        if read != path:
            encode(read.with_suffix(".wav"), tone(0.25, 48_000, frequency=441.0), 48_000).replace(read)
        return digest(read)

    monkeypatch.setattr(metadata, "sound_digest", changed)
    with pytest.raises(TagError, match="would not decode to the same samples"):
        write_tags(path, NEW, run="1")
    assert path.read_bytes() == content
    assert list(tmp_path.glob(".*")) == []
    assert tag_journal.entries() == []


def test_tags_that_would_not_survive_leave_the_file_as_it_was(tmp_path: Path) -> None:
    path = plain(tmp_path / "a.mp3")
    sound = path.read_bytes()
    frames = b"TT2\x00\x00\x06\x00Title" + b"QQQ\x00\x00\x05hello"
    path.write_bytes(b"ID3\x02\x00\x00" + bytes([0, 0, 0, len(frames)]) + frames + sound)
    content = path.read_bytes()
    assert read_tags(path).format == "ID3v2.2"
    with pytest.raises(TagError, match="would not survive"):
        write_tags(path, NEW, run="1")
    assert path.read_bytes() == content


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "No space left on device"), KeyboardInterrupt()])
def test_what_breaks_off_a_write_leaves_no_trace(
    error: BaseException, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tagged(tmp_path / "a.flac")
    content = path.read_bytes()

    def break_off(_self: Path, _target: Path) -> None:
        raise error

    monkeypatch.setattr(KINDS[".flac"], "save", break_off)
    with pytest.raises((TagError, KeyboardInterrupt)):
        write_tags(path, NEW, run="1")
    assert path.read_bytes() == content
    assert list(tmp_path.glob(".*")) == []
    assert tag_journal.entries() == []


def test_a_protected_file_and_a_folder_that_cannot_be_written_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tagged(tmp_path / "a.mp3")
    path.chmod(0o444)
    with pytest.raises(TagError, match=r"a\.mp3 is write-protected"):
        write_tags(path, NEW, run="1")
    path.chmod(0o644)

    def refuse(**_options: object) -> None:  # root may write into every folder
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr("timbrescope.core.files.tempfile.mkstemp", refuse)
    monkeypatch.setattr(tag_journal, "replaced_when_done", lambda path: path.open("wb"))
    content = path.read_bytes()
    with pytest.raises(TagError, match="Permission denied"):
        write_tags(path, NEW, run="1")
    assert path.read_bytes() == content
    assert tag_journal.entries() == []


def test_a_journal_that_cannot_be_written_stops_the_write(tmp_path: Path) -> None:
    path = tagged(tmp_path / "a.mp3")
    content = path.read_bytes()
    paths.data().mkdir(parents=True)
    paths.tag_journal().write_text("in the way")
    with pytest.raises(TagError, match="old values cannot be kept"):
        write_tags(path, NEW, run="1")
    assert path.read_bytes() == content


def test_a_program_that_is_killed_in_between_loses_nothing(tmp_path: Path) -> None:
    path = tagged(tmp_path / "a.flac")
    content, before = path.read_bytes(), read_tags(path)
    code = (
        "import os, sys; from pathlib import Path; from timbrescope.audio import metadata\n"
        "metadata.sound_digest = lambda path: os._exit(9)\n"
        "metadata.write_tags(Path(sys.argv[1]), {'genre': ('Jazz',)}, run='1')"
    )
    assert subprocess.run([sys.executable, "-c", code, str(path)], check=False).returncode == 9
    assert path.read_bytes() == content
    write_tags(path, {"genre": ("Folk",)}, run="2")
    undo_last(path)
    assert read_tags(path) == before


@pytest.mark.skipif(not hasattr(os, "symlink"), reason="no symbolic links here")
def test_a_link_stays_a_link(tmp_path: Path) -> None:
    path = tagged(tmp_path / "a.flac")
    link = tmp_path / "link.flac"
    link.symlink_to(path)
    write_tags(link, NEW, run="1")
    assert link.is_symlink()
    assert read_tags(path).values == NEW
    undo_last(path)


@pytest.mark.parametrize("suffix", KINDS)
def test_damaged_files_are_explained_and_stay_as_they_are(suffix: str, tmp_path: Path) -> None:
    path = tagged(tmp_path / f"a{suffix}")
    whole = path.read_bytes()
    for content in (whole[:200], whole[: len(whole) // 2], whole[:64] + bytes(64) + whole[128:], b"words" * 99):
        path.write_bytes(content)
        sentence = attempt(path)
        if sentence:
            assert path.name in sentence
            assert path.read_bytes() == content
        else:  # so little damaged that it can be tagged
            assert read_tags(path).values == NEW


def attempt(path: Path) -> str:
    """Write tags; return the sentence that says why not, or "" where they are written and the sound is the same."""
    try:
        sound = sound_digest(path)
        write_tags(path, NEW, run="1")
    except AudioError as error:
        return str(error)
    return "" if sound_digest(path) == sound else f"{path.name} sounds differently"


def test_formats_without_known_tags_and_missing_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(TagError, match=r"a\.webm has a format whose tags are not written"):
        read_tags(encode(tmp_path / "a.webm", tone(0.3, 48_000), 48_000))
    with pytest.raises(AudioError, match=r"missing\.mp3 does not exist"):
        read_tags(tmp_path / "missing.mp3")


def test_an_empty_value_removes_a_field(tmp_path: Path) -> None:
    for suffix in (".mp3", ".flac", ".m4a"):
        path = tagged(tmp_path / f"a{suffix}")
        write_tags(path, {"genre": ()}, run="1")
        assert set(read_tags(path).values) == set(FIELDS)
        assert read_tags(path).values["genre"] == ()
