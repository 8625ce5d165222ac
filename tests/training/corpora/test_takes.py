"""Pieces cover what sounds and nothing else; the table reads back as it was written; splits follow the source."""

import csv
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import sine
from training.corpora import splits, takes
from training.corpora.takes import SAMPLE_RATE, Take
from training.sources.table import read_table

TONE = sine(440, 15.0, SAMPLE_RATE, 0.2)
TAKE = Take(TONE, ("violin",), "fluidr3", "fluidr3", "MIT", ((0.5, 2.0), (2.3, 9.0), (12.0, 12.1), (13.0, 14.0)))


@given(st.lists(st.tuples(st.floats(0, 100), st.floats(0.3, 40)), min_size=1, max_size=20))
def test_pieces_cover_what_sounds_in_a_few_seconds_each(drawn: list[tuple[float, float]]) -> None:
    spans = [(start, start + length) for start, length in drawn]
    cut = takes.pieces(spans)
    assert all(end - start <= takes.PIECE_SECONDS[1] + 1e-9 for start, end in cut)
    assert sum(end - start for start, end in cut) == pytest.approx(sum(b - a for a, b in takes.joined(spans)))
    for start, end in takes.joined(spans):
        assert any(abs(piece[0] - start) < 1e-9 for piece in cut)
        if end - start > takes.PIECE_SECONDS[1]:
            inside = [b - a for a, b in cut if start - 1e-9 <= a and b <= end + 1e-9]
            assert min(inside) >= takes.PIECE_SECONDS[0]


def test_rests_end_a_piece_and_the_shortest_are_dropped() -> None:
    table = takes.rows(TAKE, "audio/a.flac")
    assert [(row.start, row.end) for row in table] == [(0.5, 4.75), (4.75, 9.0), (13.0, 14.0)]
    assert {(row.labels, row.group, row.split, row.licence) for row in table} == {("violin", "fluidr3", "train", "MIT")}


def test_no_row_goes_beyond_the_sound() -> None:
    take = Take(TONE, (), "hum", "hum", "CC0", ((-1.0, 3.0), (14.0, 20.0), (30.0, 31.0)))
    assert [(row.start, row.end) for row in takes.rows(take, "a")] == [(0.0, 3.0), (14.0, 15.0)]


def test_stored_take_is_read_by_the_trainings_table(tmp_path: Path) -> None:
    takes.store(TAKE, tmp_path, "rendered/violin/000")
    lines = takes.rows_file(tmp_path, "rendered/violin/000").read_text(encoding="utf-8")
    (tmp_path / "corpus.csv").write_text(",".join(takes.COLUMNS) + "\n" + lines, encoding="utf-8")
    collection = read_table(tmp_path / "corpus.csv", task="multi")
    assert not collection.problems
    assert [item.start for item in collection.items] == [0.5, 4.75, 13.0]
    assert all(item.labels == {"violin": 1.0} and item.split == "train" for item in collection.items)
    info = soundfile.info(collection.items[0].path)
    assert (info.samplerate, info.channels, info.frames) == (SAMPLE_RATE, 1, len(TONE))


def test_table_quotes_what_it_must() -> None:
    take = Take(TONE, ("piano", "drums"), "s", "g", 'CC BY, "as is"')
    first = next(csv.reader(takes.written(takes.rows(take, "a,b.flac")).splitlines()))
    assert first[0] == "a,b.flac"
    assert first[3] == "piano;drums"
    assert first[-1] == 'CC BY, "as is"'


def test_quiet_recordings_stay_quiet_and_others_are_levelled() -> None:
    assert np.abs(takes.levelled(TONE)).max() == pytest.approx(takes.PEAK)
    quiet = TONE * np.float32(1e-3)
    assert np.array_equal(takes.levelled(quiet), quiet)
    assert len(takes.trimmed(np.concatenate([np.zeros(100), TONE, np.zeros(500)]).astype(np.float32))) <= len(TONE)
    assert len(takes.trimmed(np.zeros(10, dtype=np.float32))) == 0


def test_a_source_is_in_one_split_and_independent_groups_are_shared_out() -> None:
    for source in ("generaluser", "fluidr3", "erithacus_ja"):
        assert len({splits.split_of(source, f"group {number}") for number in range(50)}) == 1
    assert splits.split_of("generaluser", "") == "validation"
    assert splits.split_of("fluidr3", "") == "train"
    shared = [splits.split_of("fsdkaggle2018", f"fsd_{number:08x}") for number in range(600)]
    assert 60 < shared.count("validation") < 150
    assert shared == [splits.split_of("fsdkaggle2018", f"fsd_{number:08x}") for number in range(600)]
