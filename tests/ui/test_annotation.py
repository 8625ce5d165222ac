from pathlib import Path

import pytest

from timbrescope.core.segment_files import SegmentFileError, phones, read_tiers
from timbrescope.core.segments import Segment, Tier, merge, relabel
from timbrescope.ui.annotation import Annotation

pytestmark = pytest.mark.usefixtures("qapp")

SEGMENTS = (Segment(0, 1, "a"), Segment(1, 2, "s"), Segment(2.5, 3, "i"))
WORDS = Tier("words", (Segment(0, 3, "assi"),))


@pytest.fixture
def annotation() -> Annotation:
    made = Annotation()
    made.show((WORDS, phones(SEGMENTS)))
    return made


def test_the_phones_are_worked_on(annotation: Annotation) -> None:
    assert annotation.segments == SEGMENTS
    assert annotation.active == 1


def test_edits_are_undone_and_redone_one_by_one(annotation: Annotation) -> None:
    states = [annotation.tiers]
    annotation.edit("Merge", merge(annotation.segments, 0), 0)
    states.append(annotation.tiers)
    annotation.edit("Label e", relabel(annotation.segments, 1, "e"), 1)
    states.append(annotation.tiers)
    assert annotation.tiers[0] == WORDS
    stack = annotation.undo_stack
    for state in states[-2::-1]:
        stack.undo()
        assert annotation.tiers == state
    for state in states[1:]:
        stack.redo()
        assert annotation.tiers == state
    assert (stack.undoText(), annotation.selected) == ("Label e", 1)


def test_what_changes_nothing_is_no_step(annotation: Annotation) -> None:
    annotation.edit("Label a", relabel(annotation.segments, 0, "a"), 0)
    assert not annotation.undo_stack.canUndo()


def test_it_is_dirty_until_saved_and_again_after_an_edit_or_an_undo(annotation: Annotation, tmp_path: Path) -> None:
    assert annotation.is_dirty
    annotation.edit("Label e", relabel(annotation.segments, 0, "e"), 0)
    annotation.save(tmp_path / "x.TextGrid", 3.0)
    assert read_tiers(tmp_path / "x.TextGrid") == annotation.tiers
    dirty = [annotation.is_dirty]
    for move in (annotation.undo_stack.undo, annotation.undo_stack.redo):
        move()
        dirty.append(annotation.is_dirty)
    assert dirty == [False, True, False]


def test_unsaved_work_comes_back_with_the_recording(tmp_path: Path) -> None:
    song = tmp_path / "song.wav"
    first = Annotation()
    assert not first.belong_to(song)
    first.show((phones(SEGMENTS),))
    first.slow_tick(3.0)
    first.belong_to(tmp_path / "other.wav")
    assert not first.is_open
    again = Annotation()
    assert again.belong_to(song)
    assert again.segments == SEGMENTS
    assert again.is_dirty
    again.save(tmp_path / "song.lab", 3.0)
    assert not Annotation().belong_to(song)


def test_work_that_is_given_up_does_not_come_back(tmp_path: Path) -> None:
    annotation = Annotation()
    annotation.belong_to(tmp_path / "song.wav")
    annotation.show((phones(SEGMENTS),))
    annotation.autosave()
    annotation.close()
    assert not Annotation().belong_to(tmp_path / "song.wav")


def test_tiers_without_intervals_are_refused_in_a_sentence(tmp_path: Path) -> None:
    points = Tier("clicks", (Segment(1, 1, "x"),), is_points=True)
    with pytest.raises(SegmentFileError, match=r"clicks\.TextGrid has no tier"):
        Annotation().show((points,), tmp_path / "clicks.TextGrid")


def test_tiers_of_points_are_kept_when_saved(tmp_path: Path) -> None:
    points = Tier("clicks", (Segment(1, 1, "x"),), is_points=True)
    annotation = Annotation()
    annotation.show((points, phones(SEGMENTS)))
    annotation.edit("Label e", relabel(annotation.segments, 0, "e"), 0)
    annotation.save(tmp_path / "x.TextGrid", 3.0)
    assert points in read_tiers(tmp_path / "x.TextGrid")
