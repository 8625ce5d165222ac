from collections.abc import Iterator

import numpy as np
import pytest

from timbrescope.core.timeline import Chunk, ScoreSpec, Timeline
from timbrescope.ui.views.lane_rows import ALPHABET, MODEL, STRONGEST, Heading, Line, Row, arrange, rows_of, sections


@pytest.fixture
def timeline() -> Iterator[Timeline]:
    tags = ScoreSpec("a-tags", "tags", ("woman", "rock", "piano", "female", "pop"), 1.0, 1.0)
    instruments = ScoreSpec("z-instruments", "instruments", ("piano", "cello", "theremin"), 1.0, 1.0)
    foreign = ScoreSpec("b-foreign", "tags", ("çiftetelli", "hüzün"), 1.0, 1.0)
    timeline = Timeline((tags, instruments, foreign))
    scores = {
        "a-tags": np.array([[0.1, 0.1, 0.2, 0.4, 0.3]], np.float32),
        "z-instruments": np.array([[0.1, 0.2, 0.3]], np.float32),
        "b-foreign": np.array([[0.1, 0.2]], np.float32),
    }
    nothing = np.zeros((0, 2), np.int16), np.zeros((0, *timeline.mel.shape), np.uint8), np.zeros(0, np.float32)
    timeline.append(Chunk(1.0, *nothing, scores))
    yield timeline
    timeline.close()


def labels(lines: list[Line]) -> list[str]:
    return [line.label for line in lines if isinstance(line, Row)]


def test_instruments_stand_above_tags_each_group_below_its_heading(timeline: Timeline) -> None:
    lines = arrange(timeline, "", MODEL)
    assert [line for line in lines if isinstance(line, Heading)] == [
        Heading("z-instruments", "instruments", ("strings", "keyboards")),
        Heading("a-tags", "tags", group="genre"),
        Heading("a-tags", "tags", group="instrument"),
        Heading("a-tags", "tags", group="voice"),
        Heading("b-foreign", "tags"),
    ]
    assert labels(lines) == [
        "piano", "cello", "theremin", "rock", "pop", "piano", "female voice", "çiftetelli", "hüzün",
    ]  # fmt: skip
    for index, heading, rows in sections(lines):
        assert lines[index : index + 1 + len(rows)] == [heading, *rows]
        assert {(row.recogniser, row.group) for row in rows} == {(heading.recogniser, heading.group)}


def test_only_instruments_that_are_known_have_a_family(timeline: Timeline) -> None:
    families = [line.family for line in arrange(timeline, "", MODEL) if isinstance(line, Row)]
    assert families == ["keyboards", "strings", None] + [None] * 6


def test_the_order_holds_within_each_group(timeline: Timeline) -> None:
    strongest = ["theremin", "cello", "piano", "pop", "rock", "piano", "female voice", "hüzün", "çiftetelli"]
    assert labels(arrange(timeline, "", STRONGEST)) == strongest
    alphabet = ["cello", "piano", "theremin", "pop", "rock", "piano", "female voice", "hüzün", "çiftetelli"]
    assert labels(arrange(timeline, "", ALPHABET)) == alphabet


def test_a_lane_for_several_tags_has_the_highest_of_their_scores(timeline: Timeline) -> None:
    (lane,) = (line for line in arrange(timeline, "", MODEL) if isinstance(line, Row) and len(line.columns) > 1)
    assert (lane.label, lane.columns, lane.names) == ("female voice", (0, 3), ("woman", "female"))
    assert lane.score(timeline.clip_scores("a-tags")) == pytest.approx(0.4)


def test_every_tag_has_a_lane_where_all_are_wanted(timeline: Timeline) -> None:
    lines = arrange(timeline, "", MODEL, all_tags=True)
    assert [row.label for row in lines if isinstance(row, Row) and row.group == "voice"] == ["woman", "female"]
    columns = [row.columns for row in lines if isinstance(row, Row) and row.recogniser == "a-tags"]
    assert sorted(columns) == [(column,) for column in range(5)]


def test_a_group_without_wanted_lanes_has_no_heading(timeline: Timeline) -> None:
    assert arrange(timeline, "CELL", MODEL) == [
        Heading("z-instruments", "instruments", ("strings",)),
        Row("z-instruments", "cello", (1,), "strings", names=("cello",)),
    ]
    assert arrange(timeline, "nothing like this", MODEL) == []


def test_a_lane_is_found_by_each_of_its_names(timeline: Timeline) -> None:
    assert labels(arrange(timeline, "woman", MODEL)) == labels(arrange(timeline, "voice", MODEL)) == ["female voice"]


def test_what_is_none_of_the_labels_has_no_lane() -> None:
    spec = ScoreSpec("mine", "sounds", ("hiss", "background", "click"), 1.0, 1.0)
    assert [(row.label, row.columns) for row in rows_of(spec, all_tags=False)] == [("hiss", (0,)), ("click", (2,))]
