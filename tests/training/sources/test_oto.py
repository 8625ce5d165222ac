from pathlib import Path

import pytest

from tests.encoded import encode, tone
from training.collection import Segment
from training.errors import TrainingError
from training.sources.oto import read_oto


def bank(folder: Path, text: str, encoding: str = "utf-8", *wavs: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "oto.ini").write_bytes(text.encode(encoding))
    for wav in wavs or ("a.wav",):
        encode(folder / wav, tone(1.0, 8000), 8000)
    return folder


def only(folder: Path) -> tuple[Segment, ...]:
    collection = read_oto(folder)
    assert collection.task == "frame"
    assert len(collection.items) == 1
    return collection.items[0].segments


def test_romaji_syllable_is_a_consonant_and_a_vowel(tmp_path: Path) -> None:
    assert only(bank(tmp_path, "a.wav=shi,100,80,-500,150,30\n")) == (Segment(0.1, 0.25, "sh"), Segment(0.25, 0.6, "i"))


@pytest.mark.parametrize("alias", ["か", "a ka", "ka_C4", "a", "ん", "- ka", "Ka", "kan"])
def test_any_other_alias_is_one_segment(tmp_path: Path, alias: str) -> None:
    assert only(bank(tmp_path, f"a.wav={alias},100,80,-500,150,30\n")) == (Segment(0.1, 0.6, alias),)


def test_cutoff_counts_from_the_end_unless_negative(tmp_path: Path) -> None:
    assert only(bank(tmp_path, "a.wav=x,100,0,300,0,0\n")) == (Segment(0.1, 0.7, "x"),)
    assert only(bank(tmp_path, "a.wav=x,100,0,-300,0,0\n")) == (Segment(0.1, 0.4, "x"),)


@pytest.mark.parametrize("preutterance", [0, -20, 500, 700])
def test_without_a_boundary_inside_nothing_is_cut(tmp_path: Path, preutterance: int) -> None:
    assert only(bank(tmp_path, f"a.wav=ka,100,0,-500,{preutterance},0\n")) == (Segment(0.1, 0.6, "ka"),)


@pytest.mark.parametrize("encoding", ["cp932", "utf-8", "utf-8-sig", "utf-16", "utf-16-le"])
def test_same_bank_in_any_encoding(tmp_path: Path, encoding: str) -> None:
    folder = bank(tmp_path, "か.wav=,100,0,-500,0,0\r\nさ.wav=さ強,0,0,-200,0,0\r\n", encoding, "か.wav", "さ.wav")
    collection = read_oto(folder)
    assert collection.labels == ("か", "さ強")
    assert collection.problems == ()


def test_units_end_where_the_next_begins(tmp_path: Path) -> None:
    text = "a.wav=i ka,300,0,-400,0,0\na.wav=- i,0,0,-400,0,0\na.wav=ka,600,0,-300,100,0\n"
    assert [(s.start, s.end, s.label) for s in only(bank(tmp_path, text))] == [
        (0, 0.3, "- i"),
        (0.3, 0.6, "i ka"),
        (0.6, 0.7, "k"),
        (0.7, pytest.approx(0.9), "a"),
    ]


def test_stretch_that_is_named_twice_counts_once(tmp_path: Path) -> None:
    collection = read_oto(bank(tmp_path, "a.wav=か,100,0,-500,0,0\na.wav=ka,105,0,-500,50,0\n"))
    assert collection.labels == ("か",)
    assert len(collection.problems) == 1
    assert "line 2" in collection.problems[0]


def test_bad_lines_are_named_and_left_out(tmp_path: Path) -> None:
    lines = [
        "a.wav=a,0,0,-100,0,0",
        "b.wav=a,0,0,-100,0,0",
        "a.wav=e,x,0,0,0,0",
        "a.wav=i,900,0,200,0,0",
        "nothing",
        "",
    ]
    lines += ["bad.wav=a,0,0,50,0,0"]
    folder = bank(tmp_path, "\n".join(lines), "utf-8", "a.wav", "rest.wav")
    (folder / "bad.wav").write_bytes(b"no sound")
    collection = read_oto(folder)
    assert [item.path.name for item in collection.items] == ["a.wav"]
    for number in (2, 3, 4, 5, 7):
        assert sum(f"line {number}, was left out" in problem for problem in collection.problems) == 1
    assert sum("rest.wav was left out" in problem for problem in collection.problems) == 1


def test_group_is_the_voice_bank(tmp_path: Path) -> None:
    line = "a.wav=a,0,0,-100,0,0"
    bank(tmp_path / "banks" / "uta" / "C4", line)
    bank(tmp_path / "banks" / "uta" / "F4", line)
    bank(tmp_path / "banks" / "set" / "kumi", line)
    (tmp_path / "banks" / "set" / "kumi" / "character.txt").touch()
    bank(tmp_path / "banks" / "set" / "aki", line)
    (tmp_path / "banks" / "set" / "aki" / "character.txt").touch()
    groups = [item.group for item in read_oto(tmp_path / "banks").items]
    assert groups == ["set/aki", "set/kumi", "uta", "uta"]
    assert read_oto(tmp_path / "banks" / "set" / "kumi").items[0].group == "kumi"


def test_no_usable_line_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match=r"no oto\.ini"):
        read_oto(tmp_path)
    with pytest.raises(TrainingError, match="line 1, was left out"):
        read_oto(bank(tmp_path, "x.wav=a,0,0,-100,0,0"))
