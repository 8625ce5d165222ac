import tempfile
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from timbrescope.core.segment_files import (
    SegmentFileError,
    main_tier,
    phones,
    read_tiers,
    save_tiers,
)
from timbrescope.core.segments import Segment, Segments, Tier
from training.sources.annotations import read_annotated

TIMES = st.floats(0.01, 5.0)
WORDS = st.text("abcɕŋあ@{}9_:'!\"<>", min_size=1, max_size=5)
LABELS = st.lists(WORDS, min_size=1, max_size=3).map(" ".join)


def segments(labels: st.SearchStrategy[str]) -> st.SearchStrategy[Segments]:
    """Return segments with and without gaps, at any time."""
    steps = st.lists(st.tuples(st.sampled_from([0.0, 0.1, 0.333333]), TIMES, labels), min_size=1, max_size=6)
    return steps.map(placed)


def placed(steps: list[tuple[float, float, str]]) -> Segments:
    time, found = 0.0, []
    for gap, length, label in steps:
        found.append(Segment(time + gap, time + gap + length, label))
        time = found[-1].end
    return tuple(found)


def saved(name: str, tiers: tuple[Tier, ...], duration: float = 0.0, encoding: str = "utf-8") -> tuple[Tier, ...]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        save_tiers(path, tiers, duration)
        path.write_bytes(path.read_text(encoding="utf-8").encode(encoding))
        return read_tiers(path)


@settings(max_examples=30, deadline=None)
@given(segments(LABELS), segments(LABELS), st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-be"]))
def test_a_textgrid_comes_back_as_it_was(words: Segments, found: Segments, encoding: str) -> None:
    beats = Tier("beats", (Segment(0.5, 0.5, "1"), Segment(1.0, 1.0, "2")), is_points=True)
    tiers = (Tier("words", words), phones(found), beats)
    assert saved("x.TextGrid", tiers, 3.0, encoding) == tiers


@settings(max_examples=30, deadline=None)
@given(segments(WORDS))
def test_lab_and_audacity_come_back_to_the_microsecond(found: Segments) -> None:
    for name in ("x.lab", "x.txt"):
        (tier,) = saved(name, (phones(found),))
        assert [one.label for one in tier.segments] == [one.label for one in found]
        for read, written in zip(tier.segments, found, strict=True):
            assert (read.start, read.end) == pytest.approx((written.start, written.end), abs=1.0001e-6)
        gaps = [after.start > before.end for before, after in pairwise(found)]
        assert [b.start > a.end for a, b in pairwise(tier.segments)] == gaps


def test_only_textgrids_keep_all_tiers_others_hold_the_phones() -> None:
    tiers = (Tier("words", (Segment(0, 2, "two words"),)), phones((Segment(0, 1, "a"), Segment(1, 2, "b"))))
    for name in ("x.lab", "x.TXT"):
        assert saved(name, tiers) == (tiers[1],)


def test_corrected_files_are_training_data_as_they_are(tmp_path: Path) -> None:
    found = (Segment(0.25, 0.5, "ʃ"), Segment(0.5, 1.0, "ɔ", 0.4), Segment(1.5, 2.0, "g"))
    for number, suffix in enumerate((".TextGrid", ".lab", ".txt")):
        (tmp_path / f"{number}.flac").touch()
        save_tiers(tmp_path / f"{number}{suffix}", (Tier("words", (Segment(0, 2, "shock"),)), phones(found)), 2.5)
    collection = read_annotated(tmp_path)
    assert collection.problems == ()
    assert len(collection.items) == 3
    for item in collection.items:
        labelled = [one for one in item.segments if one.label != "sil"]  # gaps of a TextGrid are silence
        assert [(one.start, one.end, one.label) for one in labelled] == [(s.start, s.end, s.label) for s in found]


def test_praats_short_form_with_points_and_comments() -> None:
    text = (
        'File type = "ooTextFile"\nObject class = "TextGrid"\n\n0\n2.5 ! the end "0"\n<exists>\n2\n'
        '"IntervalTier"\n"phones"\n0\n2.5\n2\n0\n1\n"say ""a"""\n1\n2.5\n""\n'
        '"TextTier"\n"clicks"\n0\n2.5\n1\n0.7\n"k"\n'
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x.textgrid"
        path.write_bytes(text.replace("\n", "\r\n").encode())
        assert read_tiers(path) == (
            Tier("phones", (Segment(0, 1, 'say "a"'),)),
            Tier("clicks", (Segment(0.7, 0.7, "k"),), is_points=True),
        )


def test_the_tier_of_the_phones_is_found_by_its_name() -> None:
    assert main_tier(["words", " Phones"]) == 1
    assert main_tier(["words", "notes"]) == 0


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("x.TextGrid", b"ooBinaryFile\x08TextGrid"),
        ("x.TextGrid", b'File type = "ooTextFile"\nObject class = "Pitch"\n'),
        ("x.TextGrid", b'File type = "ooTextFile"\nObject class = "TextGrid"\n\n0\n1\n<exists>\n1\n"IntervalTier"\n'),
        ("x.lab", b"\xff\xfe\xfd"),
        ("x.txt", b"0\t1\ta\n0.5\t2\tb\n"),
        ("x.csv", b"0,1,a"),
    ],
)
def test_damage_is_one_sentence_that_names_the_file(name: str, content: bytes, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(SegmentFileError, match=name) as error:
        read_tiers(tmp_path / name)
    assert "\n" not in str(error.value)
    assert str(error.value).endswith(".")


def test_what_cannot_be_written_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "x.lab"
    path.write_text("0 1 a\n")
    with pytest.raises(SegmentFileError, match="two words"):
        save_tiers(path, (phones((Segment(0, 1, "two words"),)),), 1.0)
    assert path.read_text() == "0 1 a\n"
    with pytest.raises(SegmentFileError, match="choose another folder"):
        save_tiers(tmp_path / "missing" / "x.lab", (phones((Segment(0, 1, "a"),)),), 1.0)
    assert [entry.name for entry in tmp_path.iterdir()] == ["x.lab"]
