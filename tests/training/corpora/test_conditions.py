"""Copies differ from their originals by their condition alone, and their tables say the same."""

import csv
from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from tests.conftest import sine
from tests.encoded import encode
from timbrescope.audio.file import AudioFile
from training.corpora import conditions
from training.corpora.conditions import CONDITIONS, main
from training.corpora.negatives import KINDS
from training.sources.table import read_table

RATE = 44_100
TABLE = """path;labels;start;end;group;split;source
a.wav;piano=0.83;0.2;0.7;player;test;x
a.wav;voice=?; ;;;test;x
folder/b.flac;piano;;;;train;y
folder/b.flac;*=?;;;other;;y
"""
Samples = NDArray[np.float64]


@pytest.fixture
def table(tmp_path: Path) -> Path:
    (tmp_path / "folder").mkdir()
    notes = np.concatenate([sine(hz, 0.5, RATE, 0.3) for hz in (220.0, 1500.0)])
    encode(tmp_path / "a.wav", np.stack([notes, 0.5 * notes], axis=1), RATE)
    encode(tmp_path / "folder" / "b.flac", sine(330.0, 1.0, 96_000, 1.0), 96_000)
    path = tmp_path / "table.csv"
    path.write_text(TABLE)
    return path


def copies(table: Path, condition: str) -> Iterator[tuple[Samples, Samples, int]]:
    """Yield the samples of each original, those of its copy, and the copy's rate."""
    before, after = read_table(table), read_table(table.parent / "out" / f"{condition}.csv")
    for old, new in zip(before.items[1:3], after.items[1:3], strict=True):
        rate = AudioFile(new.path).sample_rate
        yield samples(old.path, rate), samples(new.path, rate), rate


def samples(path: Path, rate: int) -> Samples:
    return np.concatenate([block.samples[rate] for block in AudioFile(path).blocks({rate})]).astype(np.float64)


def decibel(sound: Samples) -> float:
    return 10 * float(np.log10(np.mean(np.square(sound, dtype=np.float64))))


def test_tables_say_what_the_original_says(table: Path) -> None:
    output = table.parent / "out"
    main([str(table), "--output", str(output)])
    before = read_table(table)
    for condition in CONDITIONS:
        after = read_table(output / f"{condition}.csv")
        assert (after.labels, after.task, after.problems) == (before.labels, before.task, ())
        for old, new in zip(before.items, after.items, strict=True):
            assert (old.start, old.end, old.group, old.split) == (new.start, new.end, new.group, new.split)
            np.testing.assert_equal(old.labels, new.labels)  # with unknown ones alike
        with (output / f"{condition}.csv").open() as file:
            assert [row["labels"] for row in csv.DictReader(file)] == ["piano=0.83", "voice=?", "piano", "*=?"]


def test_copies_differ_by_their_condition_alone(table: Path) -> None:
    main([str(table), "--output", str(table.parent / "out")])
    for old, new, _ in copies(table, "quiet"):
        np.testing.assert_allclose(new, old * 10 ** (-12 / 20), atol=2**-23)
    for old, new, _ in copies(table, "noise"):
        scale = np.dot(old, new) / np.dot(old, old)  # below 1 where the peaks of the sum would have been clipped
        assert decibel(new - scale * old) - decibel(scale * old) == pytest.approx(-20, abs=0.1)
        assert np.abs(new).max() <= 1
    for old, new, rate in copies(table, "room"):
        assert len(new) == len(old)
        assert np.abs(new).max() <= 1
        onset = slice(0, round(0.001 * rate))  # before the first reflection
        assert np.corrcoef(old[onset], new[onset])[0, 1] > 0.99


def test_a_note_rings_on_in_the_room_at_the_same_level(table: Path) -> None:
    main([str(table), "--output", str(table.parent / "out")])
    old, new, rate = next(copies(table, "room"))
    assert decibel(new) == pytest.approx(decibel(old), abs=0.1)
    later = np.arange(round(0.51 * rate), round(0.61 * rate))  # 22 periods of the note that ended at 0.5 s
    before, after = (abs(np.mean(sound[later] * np.exp(-2j * np.pi * 220 * later / rate))) for sound in (old, new))
    assert after > 10 * before


def test_mp3s_have_64_kbit_a_second(table: Path) -> None:
    main([str(table), "--output", str(table.parent / "out")])
    rates = []
    for old, new, rate in copies(table, "mp3"):
        assert len(new) == pytest.approx(len(old), abs=2)
        assert np.corrcoef(old[: len(new)], new[: len(old)])[0, 1] > 0.99
        assert not np.array_equal(old[: len(new)], new[: len(old)])
        rates.append(rate)
    assert rates == [RATE, 48_000]
    for path in (table.parent / "out" / "mp3").iterdir():
        with av.open(str(path)) as container:
            stream = container.streams.audio[0]
            assert (stream.codec_context.name.startswith("mp3"), stream.channels) == (True, 1)
            sizes = [packet.size for packet in container.demux(stream) if packet.size]
            expected = 1152 / stream.rate * 64_000 / 8  # bytes a frame
            assert max(abs(size - expected) for size in sizes) <= 1  # but for padding


def test_a_second_run_makes_what_is_missing(table: Path) -> None:
    arguments = [str(table), "--output", str(table.parent / "out"), "--negatives"]
    main(arguments)
    made = sorted((table.parent / "out").glob("*/*"))
    assert len(made) == 4 * 2 + 3 * len(KINDS)
    contents = [path.read_bytes() for path in made]
    for path in made[::3]:
        path.unlink()
    times = {path: path.stat().st_mtime_ns for path in made if path.exists()}
    main(arguments)
    assert [path.read_bytes() for path in made] == contents
    assert times == {path: path.stat().st_mtime_ns for path in times}
    main([*arguments[:3], "--seed", "2"])
    assert len(list((table.parent / "out" / "noise").iterdir())) == 4


def test_a_changed_recording_gets_another_copy(table: Path) -> None:
    main([str(table), "--output", str(table.parent / "out")])
    encode(table.parent / "a.wav", sine(880.0, 1.0, RATE, 0.1), RATE)
    main([str(table), "--output", str(table.parent / "out")])
    for old, new, _ in copies(table, "quiet"):
        np.testing.assert_allclose(new, old * 10 ** (-12 / 20), atol=2**-23)


def test_what_cannot_be_read_is_named_and_left_out(table: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (table.parent / "bad.wav").write_bytes(b"no sound" * 50)
    table.write_text(TABLE + "bad.wav;piano;;;;;\nabsent.wav;piano;;;;;\n")
    main([str(table), "--output", str(table.parent / "out")])
    told = [line for line in capsys.readouterr().err.splitlines() if line]
    assert len(told) == 2
    assert "bad.wav" in told[0]
    assert "absent.wav" in told[1]
    assert len(read_table(table.parent / "out" / "room.csv").items) == 4


@pytest.mark.parametrize("text", ["path,labels\nabsent.wav,piano\n", "file,labels\na.wav,piano\n"])
def test_a_table_of_nothing_is_one_sentence(text: str, table: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table.write_text(text)
    with pytest.raises(SystemExit) as ended:
        main([str(table), "--output", str(table.parent / "out")])
    assert ended.value.code == 1
    assert str(table) in capsys.readouterr().err.splitlines()[-1]


def test_negatives_have_no_label_and_many_levels(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--output", str(tmp_path)])
    assert "--negatives" in capsys.readouterr().err
    main(["--output", str(tmp_path), "--negatives"])
    collection = read_table(tmp_path / "negatives.csv", labels=("piano",))
    assert not any(item.labels for item in collection.items)
    assert {item.group for item in collection.items} == {f"synthesised_{kind}" for kind in KINDS}
    peaks = []
    for item in collection.items:
        samples, rate = soundfile.read(item.path)
        assert len(samples) == conditions.NEGATIVE_SECONDS * rate
        peak = 20 * np.log10(np.abs(samples).max())
        if item.group in {"synthesised_silence", "synthesised_room"}:
            assert peak < -50
        else:
            assert -40.1 < peak < -2.9
            peaks.append(peak)
    assert np.std(peaks) > 5
