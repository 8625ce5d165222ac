from pathlib import Path

import numpy as np
import pytest
import soundfile

from training.errors import TrainingError
from training.teachers.pieces import UNLABELLED, Piece, by_file, cut, read_pieces, spread

RATE = 8_000


def silence(path: Path, seconds: float) -> Path:
    soundfile.write(path, np.zeros(round(seconds * RATE), np.float32), RATE)
    return path


def table(folder: Path, text: str) -> Path:
    path = folder / "table.csv"
    path.write_text(text, encoding="utf-8")
    return path


def refuse(message: str) -> None:
    raise AssertionError(message)


@pytest.mark.parametrize(
    ("start", "end", "pieces"),
    [
        (0.0, 4.0, [(0.0, 2.0), (2.0, 4.0)]),
        (1.0, 5.9, [(1.0, 3.0), (3.0, 5.0)]),
        (1.0, 6.1, [(1.0, 3.0), (3.0, 5.0), (5.0, 6.1)]),
        (0.5, 0.8, [(0.5, 0.8)]),
        (3.0, 3.0, []),
        (0.0, 0.0, []),
    ],
)
def test_pieces_lie_side_by_side(start: float, end: float, pieces: list[tuple[float, float]]) -> None:
    assert cut(start, end, 2.0) == pieces


def test_labels_groups_and_splits_are_carried_over(tmp_path: Path) -> None:
    path = table(
        tmp_path, "path,start,end,labels,group,split,source\na.wav,1,5,cello;violin,g,train,s\na.wav,5,7,,h,,s\n"
    )
    assert read_pieces(path, 2.0, refuse) == [
        Piece(tmp_path / "a.wav", 1.0, 3.0, "cello;violin", "g", "train"),
        Piece(tmp_path / "a.wav", 3.0, 5.0, "cello;violin", "g", "train"),
        Piece(tmp_path / "a.wav", 5.0, 7.0, "", "h", ""),  # none of the labels applies
    ]


@pytest.mark.parametrize(
    "text", ["path,source,licence\na.wav,s,l\n", "path,labels,source\na.wav,,s\n", "path\na.wav\n"]
)
def test_of_recordings_without_labels_nobody_knows_them(text: str, tmp_path: Path) -> None:
    silence(tmp_path / "a.wav", 4.5)
    pieces = read_pieces(table(tmp_path, text), 2.0, refuse)
    assert [(piece.start, piece.end) for piece in pieces] == [(0.0, 2.0), (2.0, 4.0)]
    assert {(piece.labels, piece.group, piece.split) for piece in pieces} == {(UNLABELLED, "a.wav", "")}


def test_what_cannot_be_read_is_told_once_and_left_out(tmp_path: Path) -> None:
    silence(tmp_path / "a.wav", 2.0)
    (tmp_path / "b.wav").write_bytes(b"no sound")
    told: list[str] = []
    pieces = read_pieces(table(tmp_path, "path\nb.wav\nmissing.wav\nb.wav\na.wav\n"), 2.0, told.append)
    assert [piece.path.name for piece in pieces] == ["a.wav"]
    assert [message.split()[0] for message in told] == ["b.wav", "missing.wav"]


@pytest.mark.parametrize(
    ("text", "reason"), [("file\na.wav\n", '"path"'), ("path,start\na.wav,soon\n", "line 2"), ("", '"path"')]
)
def test_wrong_tables_are_told(text: str, reason: str, tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match=reason):
        read_pieces(table(tmp_path, text), 2.0, refuse)


def many(files: int, each: int) -> list[Piece]:
    return [Piece(Path(f"{file}.wav"), 2.0 * n, 2.0 * n + 2, "", "", "") for file in range(files) for n in range(each)]


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_pieces_are_spread_evenly_over_files_and_time(seed: int) -> None:
    pieces = many(20, 30)
    chosen = spread(pieces, 200 * 2.0, seed)
    assert len(set(chosen)) == len(chosen) == 200
    for file in range(20):
        times = np.array([piece.start for piece in chosen if piece.path.stem == str(file)])
        assert len(times) == 10
        assert (np.diff(times) == 6.0).all()


def test_fewer_pieces_than_asked_for_are_all_taken() -> None:
    assert spread(many(2, 3), 100.0, 0) == many(2, 3)
    assert spread([], 100.0, 0) == []


def test_files_come_in_an_order_of_the_seed_and_their_pieces_in_that_of_time() -> None:
    pieces = many(12, 3)
    files = by_file([*pieces[::-1], pieces[0]], 0)
    assert sorted(piece.path.name for file in files for piece in file) == sorted(piece.path.name for piece in pieces)
    assert all([piece.start for piece in file] == [0.0, 2.0, 4.0] for file in files)
    assert files == by_file(pieces, 0)
    assert files != by_file(pieces, 1)
