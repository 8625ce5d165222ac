import csv
import io
import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.commands.control_c import press_control_c_while_libav_reads
from tests.conftest import SHARED, sine
from tests.encoded import encode
from tests.tiny import SPEC, Tiny
from tests.ui.instruments import INSTRUMENTS, install
from timbrescope import __version__, cli, paths
from timbrescope.commands import analyze, output
from timbrescope.core import history
from timbrescope.recognition.checkpoint import save_checkpoint
from timbrescope.recognition.recogniser import Recogniser
from timbrescope.recognition.relations import read_relations
from timbrescope.settings import Settings

RATE = 22_050
INTERRUPTED = "timbrescope: interrupted; what was finished before is kept.\n"


@pytest.fixture(autouse=True)
def _tiny_model(_own_folders: None, monkeypatch: pytest.MonkeyPatch) -> None:
    save_checkpoint(paths.models() / "tiny.safetensors", SPEC, Tiny(3, 24).state_dict())
    monkeypatch.setattr(analyze, "DEFAULT_MODELS", ("tiny",))


@pytest.fixture
def music(tmp_path: Path) -> Path:
    """A folder with two songs, one in a folder of its own, a text and a hidden file."""
    folder = tmp_path / "music"
    (folder / "album").mkdir(parents=True)
    encode(folder / "höher.flac", sine(4000.0, 3.0, RATE), RATE)
    encode(folder / "album" / "tiefer.wav", sine(150.0, 2.0, RATE), RATE)
    (folder / "notes.txt").write_text("words")
    (folder / ".hidden.wav").write_bytes(b"")
    return folder


def run(*arguments: object) -> int:
    return cli.main(["analyze", *map(str, arguments)])


def test_json_has_the_stable_form(music: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(music / "höher.flac", "--format", "json") == 0
    captured = capsys.readouterr()
    values = json.loads(captured.out)
    assert captured.err == ""
    assert set(values) == {
        "file", "duration_seconds", "sample_rate", "summary", "recognisers", "timbrescope_version",
    }  # fmt: skip
    assert values["timbrescope_version"] == __version__
    assert values["duration_seconds"] == pytest.approx(3.0, abs=1e-3)
    assert values["sample_rate"] == RATE
    result = values["recognisers"]["tiny"]
    assert result["kind"] == "tags"
    assert np.array(result["scores"]).shape == (len(result["times"]), len(result["labels"]))
    assert np.diff(result["times"]) == pytest.approx(result["hop_seconds"])
    np.testing.assert_allclose(result["clip_scores"], np.mean(result["scores"], axis=0), atol=2e-6)


def test_text_shows_the_strongest_with_bars(music: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(music / "album" / "tiefer.wav", "--top", 2) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "tiefer.wav" in lines[0]
    assert "tiny (tags)" in lines[1]
    assert len(lines) == 4
    assert all("█" in line or "▏" in line or "0." in line for line in lines[2:])


def test_a_folder_is_searched_with_all_below(music: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(music, "--format", "json", "--summary") == 0
    files = [Path(json.loads(line)["file"]).name for line in capsys.readouterr().out.splitlines()]
    assert sorted(files) == ["höher.flac", "tiefer.wav"]


def test_one_bad_file_does_not_stop_the_rest(music: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (music / "broken.mp3").write_bytes(b"\x00\x01 not sound at all" * 100)
    assert run(music, "--format", "csv", "--summary") == 1
    captured = capsys.readouterr()
    rows = list(csv.DictReader(io.StringIO(captured.out)))
    assert {Path(row["file"]).name for row in rows} == {"höher.flac", "tiefer.wav"}
    assert len(captured.err.strip().splitlines()) == 1
    assert "broken.mp3" in captured.err


def test_every_bad_input_is_one_sentence_and_exit_code_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bad = {
        "missing.wav": None,
        "empty.wav": b"",
        "text.mp3": b"these are words" * 99,
        "zip.flac": b"PK\x03\x04" + bytes(500),
    }
    for name, content in bad.items():
        if content is not None:
            (tmp_path / name).write_bytes(content)
    encode(tmp_path / "silent.wav", np.zeros(RATE, np.float32), RATE)
    (tmp_path / "folder").mkdir()
    for name in (*bad, "silent.wav", "folder"):
        assert run(tmp_path / name) == 2, name
        captured = capsys.readouterr()
        assert captured.out == "", name
        assert len(captured.err.strip().splitlines()) == 1, name
        assert name in captured.err
        assert "Traceback" not in captured.err


def test_a_truncated_file_gives_what_is_there_and_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = encode(tmp_path / "cut.wav", sine(440.0, 4.0, RATE), RATE)
    os.truncate(path, path.stat().st_size // 2)
    assert run(path, "--format", "json") == 2
    captured = capsys.readouterr()
    assert json.loads(captured.out)["duration_seconds"] == pytest.approx(2.0, abs=0.05)
    assert "ends early" in captured.err
    assert len(captured.err.strip().splitlines()) == 1


@pytest.mark.parametrize("form", ["text", "json", "csv"])
def test_a_folder_of_results_mirrors_the_recordings(form: str, music: Path, tmp_path: Path) -> None:
    assert run(music, "--format", form, "--output", f"{tmp_path}/results/") == 0
    suffix = {"text": ".txt", "json": ".json", "csv": ".csv"}[form]
    written = {str(path.relative_to(tmp_path / "results")) for path in (tmp_path / "results").rglob("*.*")}
    assert written == {f"höher.flac{suffix}", str(Path("album") / f"tiefer.wav{suffix}")}


def test_one_file_for_all_results_replaces_the_old_one_whole(music: Path, tmp_path: Path) -> None:
    output = tmp_path / "all.csv"
    output.write_text("old")
    assert run(music, "--format", "csv", "--output", output) == 0
    rows = list(csv.DictReader(output.open(encoding="utf-8")))
    assert len({row["file"] for row in rows}) == 2
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".all")] == []


def test_an_output_that_cannot_be_written_is_explained(music: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(music, "--output", music / "notes.txt" / "below.json") == 2
    assert "--output" in capsys.readouterr().err


@pytest.mark.parametrize(("option", "value"), [("--models", "nobody"), ("--models", ","), ("--device", "cuda")])
def test_what_is_not_there_is_named(option: str, value: str, music: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(music, option, value) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert len(captured.err.strip().splitlines()) == 1


def test_the_hop_decides_how_often_there_are_scores(music: Path, capsys: pytest.CaptureFixture[str]) -> None:
    counts = []
    for hop in (0.1, 0.5):
        run(music / "höher.flac", "--format", "json", "--hop", hop)
        counts.append(len(json.loads(capsys.readouterr().out)["recognisers"]["tiny"]["times"]))
    assert counts[0] > 4 * counts[1]


def test_several_models_answer_over_one_reading(music: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from dataclasses import replace

    save_checkpoint(paths.models() / "second.safetensors", replace(SPEC, name="second"), Tiny(3, 24).state_dict())
    assert run(music / "höher.flac", "--models", "tiny,second,tiny", "--format", "json", "--summary") == 0
    assert list(json.loads(capsys.readouterr().out)["recognisers"]) == ["tiny", "second"]


def test_an_interrupt_keeps_complete_results_only(
    music: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    score, calls = Recogniser.score, []

    def interrupted(self: Recogniser, windows: object) -> object:
        calls.append(len(windows))  # type: ignore[arg-type]
        if sum(1 for count in calls if count) > 1:
            raise KeyboardInterrupt
        return score(self, windows)  # type: ignore[arg-type]

    monkeypatch.setattr(Recogniser, "score", interrupted)
    output = tmp_path / "all.json"
    assert run(music, "--format", "json", "--summary", "--output", output) == 130
    lines = output.read_text(encoding="utf-8").splitlines()
    assert len(lines) == 1
    assert json.loads(lines[0])["recognisers"]
    assert [path for path in tmp_path.iterdir() if path.name.startswith(".all")] == []
    assert "interrupted" in capsys.readouterr().err


@pytest.mark.skipif(sys.platform == "win32", reason="signals as on Unix")
def test_control_c_leaves_complete_lines_only(tmp_path: Path) -> None:
    path = encode(tmp_path / "long.flac", np.tile(sine(300.0, 60.0, RATE), 10), RATE)
    arguments = ["analyze", *[str(path)] * 200, "--models", "tiny", "--format", "json"]
    script = f"import sys, tests.tiny; from timbrescope.cli import main; sys.exit(main({arguments!r}))"
    process = subprocess.Popen(
        [sys.executable, "-c", script],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    )
    assert process.stdout is not None
    first = process.stdout.readline()
    process.send_signal(signal.SIGINT)
    rest, err = process.communicate(timeout=120)
    assert process.returncode == 130
    lines = [first, *rest.splitlines()]
    assert len(lines) < 200
    assert all(json.loads(line)["duration_seconds"] == pytest.approx(600.0) for line in lines)
    assert err == INTERRUPTED


@pytest.mark.parametrize("presses", [1, 2])
@pytest.mark.parametrize("moment", [1, 2, 5, 21])
def test_control_c_while_libav_reads_says_one_sentence(
    moment: int, presses: int, music: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    calls = press_control_c_while_libav_reads(monkeypatch, moment, presses)
    song = encode(music / "noise.flac", np.random.default_rng(0).normal(0, 0.1, 20 * RATE).astype(np.float32), RATE)
    assert run(song, song, "--format", "json") == 130
    assert len(calls) >= moment
    assert capfd.readouterr() == ("", INTERRUPTED)


@pytest.mark.parametrize("last", ["written", "unreadable"])
def test_control_c_at_the_end_is_not_lost(
    last: str, music: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before = output._form

    def formed(*arguments: Any, **options: Any) -> str:
        signal.raise_signal(signal.SIGINT)
        return before(*arguments, **options)

    monkeypatch.setattr(output, "_form", formed)
    broken = music / "broken.mp3"
    broken.write_bytes(b"no sound")
    assert run(music / "höher.flac", *([broken] if last == "unreadable" else []), "--format", "json") == 130
    captured = capsys.readouterr()
    assert json.loads(captured.out)["duration_seconds"] == pytest.approx(3.0, abs=1e-3)
    assert captured.err == INTERRUPTED


def test_the_reference_recording_gives_the_published_taggram(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    song = SHARED / "reference" / "TRWJAZW128F42760DD_test.mp3"
    if not song.exists():
        pytest.skip("the reference recording is not here")
    monkeypatch.setenv("TIMBRESCOPE_DATA", str(tmp_path / "models-of-their-own"))
    if cli.main(["models", "install", "musicnn-mtt"]) != 0:
        pytest.skip("the published weights cannot be fetched")
    capsys.readouterr()
    assert run(song, "--models", "musicnn-mtt", "--format", "json") == 0
    scores = json.loads(capsys.readouterr().out)["recognisers"]["musicnn-mtt"]["scores"]
    expected = np.load(SHARED / "reference" / "musicnn_taggrams.npz")["MTT_musicnn"]
    np.testing.assert_allclose(scores, expected, atol=1e-4)


def test_a_default_model_that_is_not_here_is_named_and_the_others_answer(
    music: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(analyze, "DEFAULT_MODELS", ("tiny", "musicnn-mtt"))
    assert run(music / "höher.flac", "--format", "json", "--summary") == 1
    captured = capsys.readouterr()
    assert list(json.loads(captured.out)["recognisers"]) == ["tiny"]
    assert len(captured.err.strip().splitlines()) == 1
    assert "timbrescope models install musicnn-mtt" in captured.err
    assert run(music / "höher.flac", "--models", "tiny,musicnn-mtt") == 2
    assert capsys.readouterr().out == ""


def test_a_default_model_that_cannot_be_read_is_named_and_the_others_answer(
    music: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (paths.models() / "broken.safetensors").write_bytes(b"no model")
    monkeypatch.setattr(analyze, "DEFAULT_MODELS", ("broken", "tiny"))
    assert run(music, "--format", "json", "--summary") == 1
    captured = capsys.readouterr()
    assert [list(json.loads(line)["recognisers"]) for line in captured.out.splitlines()] == [["tiny"], ["tiny"]]
    assert len(captured.err.strip().splitlines()) == 1
    assert "broken" in captured.err


def test_without_any_default_model_nothing_is_done(
    music: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(analyze, "DEFAULT_MODELS", ("musicnn-mtt", "musicnn-msd"))
    assert run(music) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert len(captured.err.strip().splitlines()) == 1


def test_text_shows_instruments_first_and_then_tags(
    music: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    install(["piano"])
    monkeypatch.setattr(analyze, "DEFAULT_MODELS", ("tiny", INSTRUMENTS.name))
    assert run(music / "höher.flac", "--changes") == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[1] == "  solo piano"
    assert lines[2] == f"  {INSTRUMENTS.name} (instruments)"
    assert lines[3].split()[::2] == ["piano", "100%"]
    assert lines[4] == "  tiny (tags)"
    assert lines[lines.index("  changes") + 1].startswith("      0:00  + ")
    install([])
    assert run(music / "höher.flac") == 0
    assert capsys.readouterr().out.splitlines()[2].split()[:2] == ["no", "instrument"]


def test_events_of_several_recordings_are_one_table_and_labels_for_audacity_a_file_each(
    music: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    install(["piano"])
    monkeypatch.setattr(analyze, "DEFAULT_MODELS", (INSTRUMENTS.name,))
    assert run(music, "--format", "csv", "--events") == 0
    rows = list(csv.DictReader(capsys.readouterr().out.splitlines()))
    assert {row["label"] for row in rows} == {"piano"}
    assert len({row["file"] for row in rows}) == len(rows) == 2
    assert all(float(row["end_seconds"]) > float(row["start_seconds"]) for row in rows)
    assert run(music, "--format", "audacity", "--output", f"{tmp_path / 'labels'}/") == 0
    tracks = [path.read_text() for path in (tmp_path / "labels").rglob("*.labels.txt")]
    assert len(tracks) == 2
    assert all(re.fullmatch(r"0\.0+\t\d+\.\d+\tpiano\n", track) for track in tracks)


def test_what_was_found_is_remembered_unless_the_settings_say_otherwise(music: Path) -> None:
    assert run(music) == 0
    path = paths.models() / "tiny.safetensors"
    assert read_relations(path).files == 2
    history.forget()
    Settings(remember=False).save(paths.config())
    assert run(music) == 0
    assert read_relations(path).files == 0
