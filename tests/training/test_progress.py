import io
import json

import pytest

from training.progress import Calibrated, Epoch, Event, Finished, JsonLines, Prepared, Problem, Started, Step, Terminal

EVENTS: list[Event] = [
    Prepared(1, 2),
    Problem("song.mp3 cannot be read."),
    Started(("a", "b"), 1200, 100, 75_000, "cpu", 3),
    Step(4, 10, 1, 20, 0.75, 90.0),
    Epoch(4, 10, 0.001, 0.7, 0.8, "accuracy", 0.5, best=True),
    Calibrated(0.25, 0.0625, {"a": 0.5, "b": 0.25}),
    Finished("model.safetensors", 4, "accuracy", 0.5),
]


def test_json_lines_are_one_object_an_event() -> None:
    stream = io.StringIO()
    report = JsonLines(stream)
    for event in EVENTS:
        report(event)
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [line["event"] for line in lines] == [
        "prepared",
        "problem",
        "started",
        "step",
        "epoch",
        "calibrated",
        "finished",
    ]
    assert lines[3]["seconds_left"] == 90.0
    assert lines[4]["best"] is True


def test_terminal_says_what_a_person_wants_to_know(capsys: pytest.CaptureFixture[str]) -> None:
    report = Terminal()
    for event in EVENTS:
        report(event)
    said = capsys.readouterr()
    assert said.out == ""
    for words in (
        "song.mp3 cannot be read",
        "going on after epoch 3",
        "accuracy 0.5000  best",
        "0.0625 after",
        "model.safetensors",
    ):
        assert words in said.err


def test_a_run_that_nobody_listens_to_any_more_stops_and_says_so_once() -> None:
    class Broken(io.StringIO):
        def write(self, _text: str) -> int:
            raise BrokenPipeError

    report = JsonLines(Broken())
    with pytest.raises(KeyboardInterrupt):
        report(EVENTS[0])
    report(EVENTS[1])
