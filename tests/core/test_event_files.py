import csv
import json

import pytest

from timbrescope.core.event_files import to_audacity, to_csv, to_json
from timbrescope.core.events import Event

EVENTS = [
    Event("model", "flute", 0.0, 2.5, 0.9),
    Event("model", "drums, large", 1.25, None, 0.5),
]


def test_json_holds_everything() -> None:
    first, second = json.loads(to_json(EVENTS))
    assert (
        Event(first["model"], first["label"], first["start_seconds"], first["end_seconds"], first["peak"]) == EVENTS[0]
    )
    assert first["duration_seconds"] == 2.5
    assert second["end_seconds"] is None
    assert json.loads(to_json([])) == []


def test_csv_can_be_read_back_and_names_the_recording_where_asked() -> None:
    rows = list(csv.DictReader(to_csv(EVENTS).splitlines()))
    assert [row["label"] for row in rows] == ["flute", "drums, large"]
    assert [row["end_seconds"] for row in rows] == ["2.5", ""]
    named = list(csv.DictReader(to_csv(EVENTS, file="a.wav").splitlines()))
    assert {row["file"] for row in named} == {"a.wav"}
    assert [{**row, "file": "a.wav"} for row in rows] == named
    assert len(to_csv(EVENTS, header=False).splitlines()) == 2


def test_audacity_reads_start_end_and_name_between_tabs_in_the_order_of_time() -> None:
    lines = [line.split("\t") for line in to_audacity(reversed(EVENTS)).splitlines()]
    assert [[float(start), float(end)] for start, end, _ in lines] == [[0.0, 2.5], [1.25, pytest.approx(1.25)]]
    assert [name for *_, name in lines] == ["flute", "drums, large"]
