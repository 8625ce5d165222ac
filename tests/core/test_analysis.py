import csv
import io
import json

import numpy as np
import pytest

from timbrescope.core.analysis import Analysis, gather
from timbrescope.core.timeline import Chunk, ScoreSpec

SPEC = ScoreSpec("little", "tags", ("guitar", "très doux", "piano"), 1.5, 3.0)
ROWS = np.array([[0.5, 0.0, 0.9], [0.25, 0.125, 0.7]], np.float32)


@pytest.fixture
def analysis() -> Analysis:
    empty = (np.empty((0, 2), np.int16), np.empty((0, 256), np.uint8))
    chunks = [Chunk(3.0, *empty, {"little": ROWS[:1]}), Chunk(4.5, *empty, {"little": ROWS[1:]}), Chunk(4.5, *empty)]
    return gather("a, “b”.wav", 44_100, [SPEC], chunks, "1.2.3")


def test_json_has_the_stable_form(analysis: Analysis) -> None:
    values = json.loads(analysis.to_json())
    result = values["recognisers"]["little"]
    assert values["file"] == "a, “b”.wav"
    assert (values["duration_seconds"], values["sample_rate"], values["timbrescope_version"]) == (4.5, 44_100, "1.2.3")
    assert (result["kind"], result["labels"]) == ("tags", list(SPEC.labels))
    assert (result["hop_seconds"], result["times"]) == (1.5, [0.0, 1.5])
    assert result["scores"] == ROWS.tolist() or np.allclose(result["scores"], ROWS, atol=1e-6)
    np.testing.assert_allclose(result["clip_scores"], ROWS.mean(axis=0), atol=1e-6)


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
    assert "0.80" in text
