import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from timbrescope import paths
from timbrescope.core import history
from timbrescope.core.noteworthy import Heard
from timbrescope.core.timeline import ScoreSpec

SPEC = ScoreSpec("model", "tags", ("a", "b"), 1.0, 1.0, fingerprint="f1")
ROWS = np.array([[0.9, 0.1], [0.9, 0.1], [0.1, 0.1], [0.1, 0.6]], np.float32)


def song(folder: Path, name: str, content: bytes = b"sound") -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


def keep(path: Path, clip: tuple[float, float] = (0.5, 0.25), spec: ScoreSpec = SPEC) -> None:
    history.keep(path, [Heard(spec, ROWS, np.array(clip))], 4.0)


def test_what_is_kept_is_recalled(tmp_path: Path) -> None:
    keep(song(tmp_path, "one.wav"))
    os.utime(song(tmp_path, "two.wav"), ns=(1, 1))
    keep(tmp_path / "two.wav", (0.75, 1.0))
    recalled = history.recall(SPEC)
    np.testing.assert_array_equal(recalled.clip_scores, [[0.5, 0.25], [0.75, 1.0]])
    np.testing.assert_array_equal(recalled.shares, [[0.5, 0.25]] * 2)


def test_a_recording_counts_once_by_its_newest_analysis(tmp_path: Path) -> None:
    path = song(tmp_path, "one.wav")
    keep(path, (0.0, 0.0))
    path.write_bytes(b"another sound")
    keep(path)
    moved = path.rename(tmp_path / "moved.wav")
    keep(moved, (1.0, 1.0))
    np.testing.assert_array_equal(history.recall(SPEC).clip_scores, [[1.0, 1.0]])


def test_files_that_only_look_alike_count_each(tmp_path: Path) -> None:
    for name in ("one.wav", "two.wav"):
        os.utime(song(tmp_path, name), ns=(1, 1))
        keep(tmp_path / name)
    assert len(history.recall(SPEC).clip_scores) == 2


def test_other_models_and_other_weights_are_not_mixed_in(tmp_path: Path) -> None:
    path = song(tmp_path, "one.wav")
    keep(path)
    keep(path, spec=ScoreSpec("model", "tags", ("a", "b"), 1.0, 1.0, fingerprint=""))
    keep(path, spec=ScoreSpec("other", "tags", ("a", "b"), 1.0, 1.0, fingerprint="f2"))
    assert len(history.recall(SPEC).clip_scores) == 1
    assert history.recall(ScoreSpec("model", "tags", ("a", "b"), 1.0, 1.0, fingerprint="f2")).shares.shape == (0, 2)


def test_only_the_newest_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "AT_MOST", 3)
    for number in range(5):
        keep(song(tmp_path, f"{number}.wav", b"x" * number), (number / 8, 0.0))
    np.testing.assert_array_equal(history.recall(SPEC).clip_scores[:, 0], [2 / 8, 3 / 8, 4 / 8])


def test_names_that_are_no_text_are_kept(tmp_path: Path) -> None:
    if sys.platform != "linux":
        pytest.skip("names of files are text here")
    keep(song(tmp_path, os.fsdecode(b"caf\xe9.wav")))
    assert len(history.recall(SPEC).clip_scores) == 1


def test_forgetting_leaves_nothing_in_the_file(tmp_path: Path) -> None:
    history.forget()
    keep(song(tmp_path, "a-secret-name.wav"))
    assert b"a-secret-name" in paths.history().read_bytes()
    history.forget()
    assert b"a-secret-name" not in paths.history().read_bytes()
    assert history.recall(SPEC).clip_scores.shape == (0, 2)


@pytest.mark.skipif(os.name != "posix", reason="permissions are others there")
def test_nobody_else_may_read_it(tmp_path: Path) -> None:
    keep(song(tmp_path, "one.wav"))
    assert paths.history().stat().st_mode & 0o077 == 0


def test_a_damaged_file_stops_nothing_and_can_be_forgotten(tmp_path: Path) -> None:
    paths.data().mkdir()
    paths.history().write_bytes(b"this is no database, by any means" * 100)
    keep(song(tmp_path, "one.wav"))
    assert len(history.recall(SPEC).clip_scores) == 0
    history.forget()
    keep(tmp_path / "one.wav")
    assert len(history.recall(SPEC).clip_scores) == 1


def test_a_file_of_a_later_version_is_left_as_it_is(tmp_path: Path) -> None:
    keep(song(tmp_path, "one.wav"))
    with sqlite3.connect(paths.history()) as base:
        base.execute("PRAGMA user_version = 2")
    base.close()
    before = paths.history().read_bytes()
    keep(tmp_path / "one.wav", (1.0, 1.0))
    assert len(history.recall(SPEC).clip_scores) == 0
    assert paths.history().read_bytes() == before


_WRITER = """
import sys
from pathlib import Path
from tests.core.test_history import keep
for place in sorted(Path(sys.argv[1]).glob("*.wav")):
    keep(place)
    print(place, flush=True)
"""


def test_two_programs_write_at_once_and_one_is_killed(tmp_path: Path) -> None:
    commands = []
    for number in range(2):
        folder = tmp_path / str(number)
        folder.mkdir()
        for song_number in range(20):
            song(folder, f"{song_number}.wav", b"x" * song_number)
        commands.append([sys.executable, "-c", _WRITER, str(folder)])
    patient = subprocess.Popen(commands[0], stdout=subprocess.PIPE, text=True)
    killed = subprocess.Popen(commands[1], stdout=subprocess.PIPE, text=True)
    assert killed.stdout is not None
    told = [killed.stdout.readline() for _ in range(5)]
    killed.kill()
    told += killed.communicate()[0].splitlines()
    finished = patient.communicate()[0].splitlines()
    assert len(finished) == 20
    found = len(history.recall(SPEC).clip_scores)
    assert 20 + len(told) <= found <= 20 + len(told) + 1  # it may die before it says what is kept
    with sqlite3.connect(paths.history()) as base:
        assert base.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    base.close()
