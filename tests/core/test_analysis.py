import csv
import io
import json
from dataclasses import replace

import numpy as np
import pytest

from timbrescope.core.analysis import Analysis, RecogniserResult, gather
from timbrescope.core.loudness import RELEASE_DB
from timbrescope.core.now_playing import Hysteresis
from timbrescope.core.timeline import Chunk, ScoreSpec

SPEC = ScoreSpec("little", "tags", ("guitar", "très doux", "piano"), 1.5, 3.0)
PLAYERS = ScoreSpec("players", "instruments", ("piano", "flute"), 1.0, 1.0)
ROWS = np.array([[0.5, 0.0, 0.9], [0.25, 0.125, 0.7]], np.float32)
SECOND = 0.1**2 / ((0.5**2 + 0.1**2) / 2) * 10 ** (RELEASE_DB * 1.5 / 10)  # energy against the first row's, 1.5 s on
WEIGHTS = np.array([1.0, SECOND])


@pytest.fixture
def analysis() -> Analysis:
    nothing = (np.empty((0, 2), np.int16), np.empty((0, 256), np.uint8))
    loud, soft = np.full(150, 0.5, np.float32), np.full(300, 0.1, np.float32)
    chunks = [
        Chunk(3.0, *nothing, loud, {"little": ROWS[:1]}),
        Chunk(4.5, *nothing, soft, {"little": ROWS[1:]}),
        Chunk(4.5, *nothing, loud[:0]),
    ]
    return gather("a, “b”.wav", 44_100, [SPEC], chunks, "1.2.3")


def test_json_has_the_stable_form(analysis: Analysis) -> None:
    values = json.loads(analysis.to_json())
    result = values["recognisers"]["little"]
    assert values["file"] == "a, “b”.wav"
    assert (values["duration_seconds"], values["sample_rate"], values["timbrescope_version"]) == (4.5, 44_100, "1.2.3")
    assert (result["kind"], result["labels"]) == ("tags", list(SPEC.labels))
    assert (result["hop_seconds"], result["times"]) == (1.5, [0.0, 1.5])
    assert result["scores"] == ROWS.tolist() or np.allclose(result["scores"], ROWS, atol=1e-6)
    np.testing.assert_allclose(result["clip_scores"], np.average(ROWS, axis=0, weights=WEIGHTS), atol=1e-6)


def test_summary_leaves_the_course_out(analysis: Analysis) -> None:
    result = json.loads(analysis.to_json(summary=True))["recognisers"]["little"]
    assert "times" not in result
    assert "scores" not in result
    assert len(result["clip_scores"]) == 3


def test_csv_gives_every_score_back(analysis: Analysis) -> None:
    rows = list(csv.DictReader(io.StringIO(analysis.to_csv())))
    assert len(rows) == ROWS.size
    scores = np.array([float(row["score"]) for row in rows]).reshape(ROWS.shape)
    np.testing.assert_allclose(scores, ROWS, atol=1e-6)
    assert rows[3]["start_seconds"] == "1.500"
    assert {row["file"] for row in rows} == {"a, “b”.wav"}


def test_csv_summary_has_one_line_a_label(analysis: Analysis) -> None:
    rows = list(csv.DictReader(io.StringIO(analysis.to_csv(summary=True))))
    assert [row["label"] for row in rows] == list(SPEC.labels)


def test_text_names_the_strongest_first(analysis: Analysis) -> None:
    text = analysis.to_text(top=2)
    assert text.index("piano") < text.index("guitar")
    assert "doux" not in text
    assert "0.88" in text


def heard(scores: list[list[float]], spec: ScoreSpec = PLAYERS) -> Analysis:
    rows = np.array(scores, np.float32)
    results = {
        "little": RecogniserResult(SPEC, ROWS, WEIGHTS),
        "players": RecogniserResult(spec, rows, np.ones(len(rows))),
    }
    return Analysis("song.wav", len(rows) + 0.0, 44_100, results, "1.2.3")


def test_text_tells_which_instruments_play_and_when_above_the_tags() -> None:
    lines = heard([[0.9, 0.1], [0.9, 0.7], [0.9, 0.1], [0.1, 0.1]]).to_text(top=8).splitlines()
    assert lines[1] == "  music with piano and flute"
    assert lines[2] == "  players (instruments)"
    assert lines[3].split() == ["piano", "█" * 18, "75%", "0:00–0:03"]
    assert lines[4].split() == ["flute", "█" * 6, "25%", "0:01–0:02"]
    assert lines[5].split() == ["no", "instrument", "█" * 6, "25%", "0:03–0:04"]
    assert lines[6] == "  little (tags)"


def test_text_tells_for_how_much_of_the_time_each_phoneme_is_sung() -> None:
    spec = ScoreSpec("phonemes", "phonemes", ("sil", "a", "s"), 0.01, 0.01)
    scores = np.repeat(np.array([[0.8, 0.1, 0.1], [0.3, 0.6, 0.1], [0.1, 0.8, 0.1]], np.float32), 40, axis=0)
    scores[5] = [0.1, 0.1, 0.8]  # for 10 ms, which is too short for a phoneme
    result = RecogniserResult(spec, scores, np.ones(120))
    text = Analysis("x.wav", 1.2, 16_000, {"phonemes": result}, "1").to_text(top=2)
    assert [line.split()[::2] for line in text.splitlines()[2:]] == [["a", "67%"], ["sil", "33%"]]


def test_text_says_plainly_where_no_instrument_plays() -> None:
    lines = heard([[0.4, 0.1]] * 75).to_text(top=1).splitlines()
    assert lines[1] == "  players (instruments)"  # nothing stands out
    assert lines[2].split() == ["no", "instrument", "█" * 24, "100%", "0:00–1:15"]
    assert lines[3] == "  little (tags)"


def test_what_is_asked_for_of_the_course_is_told_as_text_and_as_json() -> None:
    analysis = heard([[0.9, 0.1]] * 10 + [[0.1, 0.9]] * 10)
    assert "changes" not in analysis.to_text(top=1) + analysis.to_json()
    lines = analysis.to_text(top=1, changes=True).splitlines()
    assert lines[-3] == "  changes"
    assert lines[-2].split() == ["0:00", "+", "piano"]
    assert lines[-1].split()[1:] == ["+", "flute", "–", "piano"]
    values = json.loads(analysis.to_json(summary=True, changes=True))
    assert values["summary"] == analysis.summary
    assert [(one["entered"], one["left"]) for one in values["changes"]] == [(["piano"], []), (["flute"], ["piano"])]
    assert heard([[0.1, 0.1]] * 9).to_text(top=1, changes=True).endswith("  changes\n    none\n")


def test_events_are_told_as_text_and_as_json_where_asked_for() -> None:
    analysis = heard([[0.9, 0.1]] * 10 + [[0.1, 0.9]] * 10)
    found = analysis.events(Hysteresis(0.0, enter=0.5, leave=0.3))
    events = [event for event in found if event.model == "players"]
    assert "events" not in analysis.to_text(top=1) + analysis.to_json()
    lines = analysis.to_text(top=1, events=events).splitlines()
    assert [line.split()[1:] for line in lines[lines.index("  events") + 1 :]] == [
        ["piano", "(90%)"],
        ["flute", "(90%)"],
    ]
    told = json.loads(analysis.to_json(summary=True, events=events))["events"]
    assert [one["label"] for one in told] == ["piano", "flute"]
    assert told[0]["start_seconds"] == 0
    assert told[0]["end_seconds"] == told[1]["start_seconds"]
    assert told[1]["end_seconds"] == pytest.approx(analysis.duration_seconds)
    assert analysis.to_text(top=1, events=()).endswith("  events\n    none\n")


def test_text_names_the_first_stretches_and_counts_the_rest() -> None:
    text = heard([[0.9, 0.9], [0.9, 0.1], [0.9, 0.1]] * 5).to_text(top=8)
    assert "0:00–0:01, 0:03–0:04, 0:06–0:07 and 2 more" in text
    assert "no instrument" not in text


def test_a_share_too_small_for_a_percent_is_not_nothing() -> None:
    assert " <1%  0:00–0:01" in heard([[0.9, 0.9]] + [[0.9, 0.1]] * 300).to_text(top=8)


def test_thresholds_of_a_model_decide_and_are_exported() -> None:
    analysis = heard([[0.4, 0.4]] * 4, replace(PLAYERS, thresholds=(0.3, 0.6)))
    assert analysis.to_text(top=8).splitlines()[3].split()[0] == "piano"
    assert "flute" not in analysis.to_text(top=8)
    recognisers = analysis.to_dict()["recognisers"]
    assert recognisers["players"]["thresholds"] == [0.3, 0.6]
    assert "thresholds" not in recognisers["little"]
    assert list(recognisers) == ["little", "players"]
