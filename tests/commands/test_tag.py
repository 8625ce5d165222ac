import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.audio.tagged import tagged
from tests.conftest import sine
from tests.encoded import encode
from tests.tiny import SPEC, Tiny
from timbrescope import cli, paths
from timbrescope.audio.metadata import read_tags, sound_digest, write_tags
from timbrescope.commands import analyze
from timbrescope.core import tag_journal
from timbrescope.recognition.checkpoint import save_checkpoint

RATE = 22_050
TAGS = replace(SPEC, name="tiny-tags", labels=("hip-hop", "slow", "rnb"), thresholds=(0.0, 0.0, 1.0))
INSTRUMENTS = replace(SPEC, name="tiny-instruments", kind="instruments", labels=("cello", "voice", "flute"),
                      thresholds=(0.0, 1.0, 1.0))  # fmt: skip


@pytest.fixture(autouse=True)
def _tiny_models(_own_folders: None, monkeypatch: pytest.MonkeyPatch) -> None:
    for spec in (TAGS, INSTRUMENTS):
        save_checkpoint(paths.models() / f"{spec.name}.safetensors", spec, Tiny(3, 24).state_dict())
    monkeypatch.setattr(analyze, "DEFAULT_MODELS", ("tiny-tags", "tiny-instruments"))


@pytest.fixture
def music(tmp_path: Path) -> Path:
    """A folder with two songs of different formats, one in a folder of its own."""
    folder = tmp_path / "music"
    (folder / "album").mkdir(parents=True)
    tagged(folder / "a.mp3", 1.2)
    encode(folder / "album" / "b.flac", sine(150.0, 1.2, RATE), RATE)
    return folder


def run(*arguments: object) -> int:
    return cli.main(["tag", *map(str, arguments)])


def contents(folder: Path) -> dict[str, tuple[bytes, int]]:
    return {str(file): (file.read_bytes(), file.stat().st_mtime_ns) for file in folder.rglob("*.*")}


@pytest.mark.parametrize("option", [(), ("--dry-run",)])
def test_without_write_old_and_new_are_shown_and_no_byte_changes(
    option: tuple[str, ...], music: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = contents(music)
    assert run(music, *option) == 0
    captured = capsys.readouterr()
    assert "genre        Rock; Something of its own  ->  Hip-Hop" in captured.out
    assert "instruments  –                           ->  cello" in captured.out
    assert "Nothing is written" in captured.out
    assert captured.err == ""
    assert contents(music) == before
    assert tag_journal.entries() == []


def test_a_folder_is_written_and_undone_together(music: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = [music / "a.mp3", music / "album" / "b.flac"]
    before, sounds = [read_tags(file) for file in files], [sound_digest(file) for file in files]
    assert run(music, "--write") == 0
    for file in files:
        assert read_tags(file).values == {
            "genre": ("Hip-Hop",), "mood": ("Slow",), "instruments": ("cello",), "comment": ()
        }  # fmt: skip
    assert run(music, "--write", "--format", "json") == 0
    last = [json.loads(line) for line in capsys.readouterr().out.splitlines()[-2:]]
    assert [one["written"] for one in last] == [False, False]
    assert {field["state"] for one in last for field in one["fields"].values()} == {"same"}
    assert run("--undo") == 0
    assert [read_tags(file).shown for file in files] == [tags.shown for tags in before]
    assert [sound_digest(file) for file in files] == sounds
    assert "Hip-Hop  ->  Rock; Something of its own" in capsys.readouterr().out
    assert run("--undo") == 2
    assert "nothing to undo" in capsys.readouterr().err


def test_json_has_a_line_for_each_file(music: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(music / "a.mp3", "--format", "json", "--fields", "mood,comment,genre", "--keep") == 0
    values = json.loads(capsys.readouterr().out)
    assert values["file"] == str(music / "a.mp3")
    assert values["written"] is False
    assert list(values["fields"]) == ["genre", "mood", "comment"]
    assert values["fields"]["genre"]["state"] == "kept"
    assert values["fields"]["mood"] == {"old": [], "new": ["Slow"], "state": "change"}
    assert "cello" in values["fields"]["comment"]["new"][0]


def test_only_the_chosen_fields_without_a_value_are_written(music: Path) -> None:
    assert run(music / "a.mp3", "--write", "--keep", "--fields", "genre,instruments") == 0
    tags = read_tags(music / "a.mp3")
    assert tags.shown["genre"] == ("Rock", "Something of its own")
    assert tags.values["instruments"] == ("cello",)
    assert tags.values["mood"] == ()


def test_what_is_not_sure_is_not_written(music: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(music / "album" / "b.flac", "--models", "tiny-instruments", "--write") == 0
    assert "nothing sure was found" in capsys.readouterr().out
    assert read_tags(music / "album" / "b.flac").values["genre"] == ()


def test_one_bad_file_does_not_stop_the_rest(music: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (music / "broken.mp3").write_bytes(b"\x00\x01 not sound at all" * 100)
    cut = encode(music / "cut.wav", sine(440.0, 2.4, RATE), RATE)
    cut.write_bytes(half := cut.read_bytes()[: cut.stat().st_size // 2])
    encode(music / "silent.flac", np.zeros(RATE, np.float32), RATE)
    encode(music / "video.webm", sine(440.0, 1.0, 48_000), 48_000)
    protected = tagged(music / "protected.mp3", 1.2)
    protected.chmod(0o444)
    assert run(music, "--write") == 1
    sentences = capsys.readouterr().err.strip().splitlines()
    assert len(sentences) == 5
    for name in ("broken.mp3", "cut.wav", "protected.mp3", "silent.flac", "video.webm"):
        assert sum(name in sentence for sentence in sentences) == 1, name
    assert cut.read_bytes() == half
    assert read_tags(music / "a.mp3").values["mood"] == ("Slow",)
    assert run(music / "broken.mp3", "--write") == 2


def test_undo_of_a_folder_refuses_what_has_changed_since(music: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(music, "--write") == 0
    changed = music / "album" / "b.flac"
    write_tags(changed, {"genre": ("By hand",)}, run="other")
    tag_journal.entries()[-1].forget()  # as another program does it
    assert run(music, "--undo") == 1
    captured = capsys.readouterr()
    assert "b.flac holds other values" in captured.err
    assert read_tags(music / "a.mp3").values["mood"] == ()
    assert read_tags(changed).values["genre"] == ("By hand",)
    assert run(changed, "--undo", "--force") == 0
    assert not any(read_tags(changed).values.values())


@pytest.mark.parametrize("arguments", [(), ("nowhere.mp3",), ("nowhere.mp3", "--undo")])
def test_what_cannot_be_done_is_one_sentence(arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(*arguments) == 2
    captured = capsys.readouterr()
    assert len(captured.err.strip().splitlines()) == 1
    assert "Traceback" not in captured.err


@pytest.mark.parametrize("option", [("--fields", "tempo"), ("--threshold", "7"), ("--write", "--undo")])
def test_senseless_options_are_refused(option: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        run("a.mp3", *option)
    assert "usage" in capsys.readouterr().err
