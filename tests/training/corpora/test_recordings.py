"""Recordings are put one after another by group and label, and the manifest's errors are told in one sentence."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.conftest import sine
from training.corpora import recordings, takes
from training.corpora.general_midi import LABELS
from training.corpora.packages import Package
from training.corpora.recorded_packages import OTHER, RECORDED, Recorded
from training.corpora.takes import SAMPLE_RATE
from training.errors import TrainingError

HEADER = "path,label,source,group,licence,seconds,detail,origin"


def folder_of(tmp_path: Path, lines: list[str]) -> Path:
    for line in lines:
        soundfile.write(tmp_path / line.split(",")[0], sine(330, 1.0, SAMPLE_RATE), SAMPLE_RATE)
    (tmp_path / "manifest.csv").write_text("\n".join([HEADER, *lines]) + "\n", encoding="utf-8")
    return tmp_path


def test_manifest_gives_one_take_a_group_and_label(tmp_path: Path) -> None:
    lines = [f"a{at}.wav,electric_guitar,maker,black,CC0 1.0,1.0,,x" for at in range(3)]
    folder = folder_of(tmp_path, [*lines, "b.wav,other,maker,banjo,CC0 1.0,1.0,banjo,x"])
    entries = recordings.read_manifest(folder)
    assert [entry["label"] for entry in entries] == ["electric guitar"] * 3 + [""]
    problems: list[str] = []
    banjo, guitar = (job.make(np.random.default_rng(1)) for job in recordings.jobs(entries, problems.append))
    assert banjo is not None
    assert guitar is not None
    assert banjo.labels == ()
    assert guitar.labels == ("electric guitar",)
    assert sum(end - start for start, end in guitar.spans) == pytest.approx(3.0, abs=0.2)
    assert len(takes.rows(guitar, "a")) == 1  # notes close together are one piece
    assert not problems


def test_recording_that_cannot_be_read_is_told_and_left_out(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, ["a.wav,piano,maker,one,CC0,1.0,,x", "b.wav,piano,maker,one,CC0,1.0,,x"])
    (folder / "a.wav").write_bytes(b"no sound")
    problems: list[str] = []
    (job,) = recordings.jobs(recordings.read_manifest(folder), problems.append)
    take = job.make(np.random.default_rng(1))
    assert take is not None
    assert len(problems) == 1
    assert "a.wav" in problems[0]


@pytest.mark.parametrize(
    ("text", "said"),
    [(None, "cannot be read"), ("path,label\n", "lacks"), (f"{HEADER}\nx.wav,kazoo,s,g,l,1,,\n", "kazoo")],
)
def test_wrong_manifest_is_one_sentence(tmp_path: Path, text: str | None, said: str) -> None:
    if text is not None:
        (tmp_path / "manifest.csv").write_text(text, encoding="utf-8")
    with pytest.raises(TrainingError, match=said):
        recordings.read_manifest(tmp_path)


def test_heard_leaves_out_silence() -> None:
    tone = sine(300, 1.0, SAMPLE_RATE)
    sound = np.concatenate([tone, np.zeros(2 * SAMPLE_RATE, dtype=np.float32), tone])
    assert recordings.heard(sound) == [pytest.approx((0.0, 1.0)), pytest.approx((3.0, 4.0))]


def test_files_of_a_package_are_found_in_order_with_their_groups(tmp_path: Path) -> None:
    package = Package("debian", "sounds", "GPL-2")
    base = tmp_path / "usr/share"
    base.mkdir(parents=True)
    for name in ("flute2.ogg", "flute1.ogg", "oboe.ogg"):
        (base / name).touch()
    (base / "flute_spoken.ogg").touch()
    flutes = Recorded(package, "maker", "flute", ("flute*.ogg",), "usr/share", apart=True, without="_spoken")
    entries = recordings.package_entries([flutes], {package.key: tmp_path})
    assert [(entry["path"], entry["group"]) for entry in entries] == [
        ("flute1.ogg", "maker_flute1"),
        ("flute2.ogg", "maker_flute2"),
    ]
    assert not recordings.package_entries([flutes], {})


def test_packages_kept_for_testing_are_not_in_the_corpus() -> None:
    names = {part.package.name for part in RECORDED}
    assert not any("tonejs" in name or "gcompris" in name or "muldjord" in name for name in names)
    assert {part.label for part in RECORDED} <= {*LABELS, OTHER}
    assert all(part.package.licence for part in RECORDED)
