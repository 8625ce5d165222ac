from collections.abc import Iterator

import numpy as np
import pytest

from timbrescope.core.timeline import Chunk, ScoreSpec, Timeline
from timbrescope.ui.views.lane_rows import ALPHABET, MODEL, STRONGEST, Heading, Line, Row, arrange


@pytest.fixture
def timeline() -> Iterator[Timeline]:
    tags = ScoreSpec("a-tags", "tags", ("rock", "piano"), 1.0, 1.0)
    instruments = ScoreSpec("z-instruments", "instruments", ("piano", "cello", "theremin"), 1.0, 1.0)
    timeline = Timeline((tags, instruments))
    scores = {"a-tags": np.array([[0.1, 0.2]], np.float32), "z-instruments": np.array([[0.1, 0.2, 0.3]], np.float32)}
    nothing = np.zeros((0, 2), np.int16), np.zeros((0, *timeline.mel.shape), np.uint8), np.zeros(0, np.float32)
    timeline.append(Chunk(1.0, *nothing, scores))
    yield timeline
    timeline.close()


def labels(lines: list[Line]) -> list[str]:
    return [line.label for line in lines if isinstance(line, Row)]


def test_instruments_stand_above_tags_each_group_below_its_heading(timeline: Timeline) -> None:
    lines = arrange(timeline, "", MODEL)
    assert lines[0] == Heading("z-instruments", "instruments", ("strings", "keyboards"))
    assert lines[4] == Heading("a-tags", "tags")
    assert labels(lines) == ["piano", "cello", "theremin", "rock", "piano"]


def test_only_instruments_that_are_known_have_a_family(timeline: Timeline) -> None:
    families = [line.family for line in arrange(timeline, "", MODEL) if isinstance(line, Row)]
    assert families == ["keyboards", "strings", None, None, None]


def test_the_order_holds_within_each_group(timeline: Timeline) -> None:
    assert labels(arrange(timeline, "", STRONGEST)) == ["theremin", "cello", "piano", "piano", "rock"]
    assert labels(arrange(timeline, "", ALPHABET)) == ["cello", "piano", "theremin", "piano", "rock"]


def test_a_group_without_wanted_lanes_has_no_heading(timeline: Timeline) -> None:
    assert arrange(timeline, "CELL", MODEL) == [
        Heading("z-instruments", "instruments", ("strings",)),
        Row("z-instruments", "cello", 1, "strings"),
    ]
    assert arrange(timeline, "nothing like this", MODEL) == []
