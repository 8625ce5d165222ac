import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from training.collection import Item, Segment
from training.errors import TrainingError
from training.sources.annotations import is_annotated, read_annotated, read_segments

LABELS = st.text("abcɕŋあ@{}9_ :\"'", min_size=1, max_size=5).filter(lambda label: label == label.strip())
WORDS = st.text("abcɕŋあ@{}9_:'", min_size=1, max_size=5)


def segments(labels: st.SearchStrategy[str]) -> st.SearchStrategy[tuple[Segment, ...]]:
    """Return segments with and without gaps, on a grid of 100 µs so that every format can say the times exactly."""
    steps = st.lists(st.tuples(st.integers(0, 3000), st.integers(1000, 30000), labels), min_size=1, max_size=5)
    return steps.map(placed)


def placed(steps: list[tuple[int, int, str]]) -> tuple[Segment, ...]:
    found: list[Segment] = []
    time = 0
    for gap, length, label in steps:
        start, time = time + gap, time + gap + length
        found.append(Segment(start / 10_000, time / 10_000, label))
    return tuple(found)


def audacity(found: tuple[Segment, ...]) -> str:
    return "".join(f"{s.start:.6f}\t{s.end:.6f}\t{s.label}\n" for s in found)


def audacity_with_frequencies(found: tuple[Segment, ...]) -> str:
    return "".join(f"{s.start:.6f}\t{s.end:.6f}\t{s.label}\n\\\t100.000000\t200.000000\n" for s in found)


def decimal_commas(found: tuple[Segment, ...]) -> str:
    return "".join(f"{s.start:.6f}\t{s.end:.6f}".replace(".", ",") + f"\t{s.label}\n" for s in found)


def backwards(found: tuple[Segment, ...]) -> str:
    return audacity(found[::-1])


def header(found: tuple[Segment, ...]) -> str:
    return "Phone\tpitch\tEnd\tStart\n" + "".join(f"{s.label}\t60\t{s.end!r}\t{s.start!r}\n" for s in found)


def plain_lab(found: tuple[Segment, ...]) -> str:
    return "".join(f"{s.start!r} {s.end!r}  {s.label}\n" for s in found)


def htk(found: tuple[Segment, ...]) -> str:
    return "".join(f"{round(s.start * 1e7)} {round(s.end * 1e7)} {s.label} -12.5 word\n" for s in found)


def festival(found: tuple[Segment, ...]) -> str:
    lines = ["separator ;", "nfields 1", "#"]
    time = 0.0
    for s in found:
        if s.start > time:
            lines.append(f"    {s.start:.5f}   26   ")
        time = s.end
        lines.append(f"    {s.end:.5f}   26    {s.label} ; 0.9")
    return "\n".join(lines)


def long_textgrid(found: tuple[Segment, ...], name: str = "phones") -> str:
    end = found[-1].end
    lines = ['File type = "ooTextFile"', 'Object class = "TextGrid"', "", "xmin = 0 ", f"xmax = {end} "]
    lines += ["tiers? <exists> ", "size = 2 ", "item []: ", "    item [1]:", '        class = "IntervalTier" ']
    lines += ['        name = "words" ', "        xmin = 0 ", f"        xmax = {end} ", "        intervals: size = 1 "]
    lines += ["        intervals [1]:", "            xmin = 0 ", f"            xmax = {end} "]
    lines += [
        '            text = "word" ',
        "    item [2]:",
        '        class = "IntervalTier" ',
        f'        name = "{name}" ',
    ]
    lines += ["        xmin = 0 ", f"        xmax = {end} ", f"        intervals: size = {len(found)} "]
    for number, s in enumerate(found, 1):
        text = s.label.replace('"', '""')
        lines += [
            f"        intervals [{number}]:",
            f"            xmin = {s.start!r} ",
            f"            xmax = {s.end!r} ",
        ]
        lines += [f'            text = "{text}" ']
    return "\n".join(lines)


def short_textgrid(found: tuple[Segment, ...]) -> str:
    end = found[-1].end
    lines = ['File type = "ooTextFile"', 'Object class = "TextGrid"', "", "0", f"{end}", "<exists>", "2"]
    lines += ['"IntervalTier"', '"words"', "0", f"{end}", "1", "0", f"{end}", '"word"']
    lines += ['"IntervalTier"', '"Phones"', "0", f"{end}", f"{len(found)}"]
    for s in found:
        text = s.label.replace('"', '""')
        lines += [repr(s.start), repr(s.end), f'"{text}"']
    return "\n".join(lines)


ANY_LABEL: list[tuple[str, Callable[[tuple[Segment, ...]], str]]] = [
    (".txt", audacity),
    (".TXT", audacity_with_frequencies),
    (".txt", decimal_commas),
    (".tsv", audacity),
    (".tsv", backwards),
    (".tsv", header),
    (".lab", plain_lab),
    (".TextGrid", long_textgrid),
    (".textgrid", short_textgrid),
]
ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "utf-16-be")


def read(text: str, suffix: str, encoding: str = "utf-8") -> tuple[Segment, ...]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"x{suffix}"
        path.write_bytes(text.encode(encoding))
        return read_segments(path)


@settings(max_examples=25, deadline=None)
@given(segments(LABELS), st.sampled_from(ENCODINGS), st.sampled_from(["\n", "\r\n", "\r"]))
def test_same_segments_from_every_format(found: tuple[Segment, ...], encoding: str, newline: str) -> None:
    for suffix, write in ANY_LABEL:
        assert read(write(found).replace("\n", newline), suffix, encoding) == found, write.__name__


@settings(max_examples=25, deadline=None)
@given(segments(WORDS))
def test_same_segments_from_formats_of_single_words(found: tuple[Segment, ...]) -> None:
    assert read(htk(found), ".lab") == found
    assert read(festival(found), ".lab") == found


def test_whole_seconds_are_no_htk_units() -> None:
    assert read("0 2 a\n2 3 b\n", ".lab") == (Segment(0, 2, "a"), Segment(2, 3, "b"))
    assert read("0 1200000 a\n", ".lab") == (Segment(0, 0.12, "a"),)


def test_delimited_stretch_without_label_is_sil_and_a_gap_stays_one() -> None:
    expected = (Segment(0, 1, "a"), Segment(1, 2, "sil"), Segment(3, 4, "b"))
    blank = (Segment(0, 1, "a"), Segment(1, 2, ""), Segment(3, 4, "b"))
    for suffix, write in ANY_LABEL:
        assert read(write(blank), suffix) == expected, write.__name__
    assert read("#\n1.0 26 a\n2.0 26 \n3.0 26 b\n", ".lab") == (Segment(0, 1, "a"), Segment(2, 3, "b"))


def test_first_interval_tier_where_none_has_a_known_name() -> None:
    found = (Segment(0, 1, "a"), Segment(1, 2, "b"))
    assert read(long_textgrid(found, "notes"), ".TextGrid") == (Segment(0, 2, "word"),)


def test_labels_without_duration_are_dropped() -> None:
    assert read("0\t1\ta\n0.5\t0.5\tclick\n1\t2\tb\n", ".txt") == (Segment(0, 1, "a"), Segment(1, 2, "b"))


def test_times_that_overlap_by_rounding_are_mended() -> None:
    assert read("0\t1.0004\ta\n1.0\t2\tb\n", ".txt") == (Segment(0, 1.0004, "a"), Segment(1.0004, 2, "b"))


@pytest.mark.parametrize(
    ("suffix", "text"),
    [
        (".txt", "0\t1\ta\n0.5\t2\tb\n"),
        (".txt", "1\t0\ta\n"),
        (".txt", "-1\t2\ta\n"),
        (".txt", "These are\tthe lyrics\n"),
        (".tsv", "onset\tname\n0\ta\n"),
        (".tsv", "0\n1\n"),
        (".lab", "a\n"),
        (".lab", "0 inf a\n"),
        (".TextGrid", ""),
        (".TextGrid", "[1, 2]"),
        (".TextGrid", '{"start": 0}'),
        (".TextGrid", 'File type = "ooTextFile"\nObject class = "TextGrid"\n\nxmin = 0\n'),
        (".TextGrid", long_textgrid((Segment(0, 1, "a"),)).replace("IntervalTier", "TextTier")),
        (".xyz", "0\t1\ta\n"),
    ],
)
def test_damage_is_one_sentence_that_names_the_file(suffix: str, text: str) -> None:
    with pytest.raises(TrainingError, match=f"x{suffix}") as error:
        read(text, suffix)
    assert "\n" not in str(error.value)


def test_recordings_find_their_labels(tmp_path: Path) -> None:
    (tmp_path / "singer" / "day1").mkdir(parents=True)
    for name in ("b.wav", "a.FLAC", "singer/day1/c.mp3", "singer/lyrics.wav", "singer/none.wav", "singer/empty.wav"):
        (tmp_path / name).touch()
    (tmp_path / "b.TextGrid").write_text(short_textgrid((Segment(0, 1, "x"), Segment(1, 2, "a"))))
    (tmp_path / "b.txt").write_text("the lyrics of b")
    (tmp_path / "a.LAB").write_text("0 5000000 o\n")
    (tmp_path / "singer/day1/c.txt").write_text("0\t1\ta\n")
    (tmp_path / "singer/lyrics.txt").write_text("no labels")
    (tmp_path / "singer/empty.tsv").write_text("")
    (tmp_path / "lost.lab").write_text("0 1 a\n")
    collection = read_annotated(tmp_path)
    assert collection.task == "frame"
    assert collection.labels == ("a", "o", "x")
    assert collection.items == (
        Item(tmp_path / "a.FLAC", group="a.FLAC", segments=(Segment(0, 0.5, "o"),)),
        Item(tmp_path / "b.wav", group="b.wav", segments=(Segment(0, 1, "x"), Segment(1, 2, "a"))),
        Item(tmp_path / "singer/day1/c.mp3", group="singer/day1", segments=(Segment(0, 1, "a"),)),
    )
    assert len(collection.problems) == 4
    for name in ("lyrics.wav", "none.wav", "empty.wav", "lost.lab"):
        assert sum(f"{name} was left out" in problem for problem in collection.problems) == 1


def test_remarks_beside_recordings_are_no_labels_in_time(tmp_path: Path) -> None:
    (tmp_path / "a.wav").touch()
    (tmp_path / "a.txt").write_text("piano\n")
    assert not is_annotated(tmp_path)
    with pytest.raises(TrainingError, match=r"a\.wav was left out"):
        read_annotated(tmp_path)
    (tmp_path / "a.lab").write_text("0 1 a\n")
    assert is_annotated(tmp_path)
