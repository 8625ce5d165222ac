"""Scores are read with the right pitches and times."""

import zipfile
from pathlib import Path

import pytest

from training.corpora.notes import Note, Phrase, midi_file
from training.corpora.scores import music21_scores, read_midi, read_musicxml
from training.errors import TrainingError


def note(step: str, octave: int, duration: int, extra: str = "") -> str:
    pitch = f"<pitch><step>{step}</step><octave>{octave}</octave></pitch>"
    return f"<note>{extra}{pitch}<duration>{duration}</duration></note>"


SCALE = "".join(note(step, 4, 2) for step in "CDEFGABCDEFG")
CHORD = note("C", 4, 4) + note("E", 4, 4, "<chord/>")
TIED = note("G", 4, 4, '<tie type="start"/>') + note("G", 4, 4, '<tie type="stop"/>')
SCORE = (
    "<score-partwise>"
    f'<part id="a"><measure><attributes><divisions>2</divisions></attributes>{SCALE}</measure></part>'
    f'<part id="b"><measure><attributes><divisions>4</divisions></attributes>{CHORD}'
    f"<note><rest/><duration>4</duration></note><backup><duration>8</duration></backup>"
    f"{TIED}{CHORD * 5}</measure></part>"
    "</score-partwise>"
)


@pytest.mark.parametrize("suffix", [".xml", ".mxl"])
def test_musicxml_plain_and_compressed(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"score{suffix}"
    if suffix == ".xml":
        path.write_text(SCORE, encoding="utf-8")
    else:
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("META-INF/container.xml", "<container/>")
            archive.writestr("score.xml", SCORE)
    scale, chords, together = read_musicxml(path)
    assert [played.key for played in scale.notes][:8] == [60, 62, 64, 65, 67, 69, 71, 60]
    assert [played.start for played in scale.notes][:3] == pytest.approx([0, 0.6, 1.2])
    assert scale.kind == "melody"
    tied = [played for played in chords.notes if played.key == 67]
    assert [(played.start, played.length) for played in tied] == [pytest.approx((0, 1.2))]
    assert {played.key for played in chords.notes if played.start == 0} == {60, 64, 67}
    assert len(together.notes) == len(scale.notes) + len(chords.notes)
    assert together.kind == "chords"


def test_midi_parts_are_told_apart(tmp_path: Path) -> None:
    pytest.importorskip("mido")
    line = tuple(Note(at * 0.5, 0.4, 60 + at) for at in range(16))
    for drums in (False, True):
        path = tmp_path / f"{drums}.mid"
        path.write_bytes(midi_file([Phrase(line, 0)], drums=drums))
        (part,) = read_midi(path)
        assert part.kind == ("drums" if drums else "melody")
        assert [played.key for played in part.notes] == [played.key for played in line]
        assert [played.start for played in part.notes] == pytest.approx([played.start for played in line], abs=2e-3)


@pytest.mark.parametrize(("read", "name"), [(read_midi, "a.mid"), (read_musicxml, "a.mxl"), (read_musicxml, "a.xml")])
def test_damaged_score_is_named(tmp_path: Path, read: object, name: str) -> None:
    pytest.importorskip("mido")
    path = tmp_path / name
    path.write_bytes(b"MThd nothing")
    with pytest.raises(TrainingError, match=name):
        read(path)  # type: ignore[operator]  # one of two readers


def test_restricted_scores_are_left_out(tmp_path: Path) -> None:
    for name in ("bach/a.mxl", "palestrina/b.mxl", "demos/c.xml", "haydn/opus1/d.xml", "haydn/e.krn"):
        path = tmp_path / "music21" / "corpus" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    assert [path.name for path in music21_scores(tmp_path)] == ["a.mxl", "d.xml"]
