import json
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from tests.conftest import sine
from tests.encoded import encode
from timbrescope.core.errors import ModelError
from timbrescope.ui.theme import DARK, LIGHT
from timbrescope.ui.training.report_dialog import ReportDialog


def clip(path: Path, true: str, found: str, score: float) -> dict[str, Any]:
    return {"file": str(path), "start": 0.1, "end": 0.4, "true": true, "found": found, "score": score}


def label(name: str, positives: int, found: int, recall: float) -> dict[str, Any]:
    return {"label": name, "positives": positives, "found": found, "precision": 0.5, "recall": recall, "f1": 0.6}


@pytest.fixture
def values(tmp_path: Path) -> dict[str, Any]:
    song = encode(tmp_path / "a.wav", sine(440.0, 0.5, 22_050), 22_050)
    wrong = clip(song, "kick", "snare", 0.9)
    return {
        "title": "drums",
        "figures": {
            "accuracy": {"value": 0.75, "low": 0.5, "high": 1.0},
            "error": {"value": 0.25, "low": 0, "high": 1},
        },
        "calibration": {"error": 0.125},
        "classes": [label("kick", 3, 2, 2 / 3), label("snare", 1, 2, 1.0)],
        "confusion": [[2, 1], [0, 1]],
        "mistakes": [wrong],
        "examples": [clip(song, "kick", "kick", 0.8), wrong, clip(song, "snare", "snare", 0.7)],
        "problems": ["b.wav was left out.", "Too few recordings of snare."],
        "doubts": ["Too few recordings of snare."],
        "rows": 4,
        "groups": 2,
    }


def show(values: dict[str, Any], folder: Path, qtbot: QtBot) -> ReportDialog:
    (folder / "evaluation.json").write_text(json.dumps(values))
    dialog = ReportDialog(folder, DARK)
    qtbot.addWidget(dialog)
    dialog.show()
    return dialog


def test_figures_cells_and_clips(values: dict[str, Any], tmp_path: Path, qtbot: QtBot) -> None:
    dialog = show(values, tmp_path, qtbot)
    text = dialog.figures.text()
    assert text.index("Do not trust") < text.index("Too few recordings of snare") < text.index("0.750")
    assert "0.125" in text
    assert "left out" not in text  # that spoils nothing
    assert [one.found for one in dialog.of_cell.clips] == ["snare"]  # the largest mistake comes first
    dialog.matrix.setCurrentCell(0, 0)
    assert dialog.of_cell.heading.text() == "kick, found rightly: 2 clips, the surest 1."
    dialog.matrix.setCurrentCell(1, 0)
    assert dialog.of_cell.clips == ()
    dialog.set_theme(LIGHT)
    assert (dialog.matrix.currentRow(), dialog.matrix.currentColumn()) == (1, 0)


def test_a_clip_is_heard_by_a_key(values: dict[str, Any], tmp_path: Path, qtbot: QtBot) -> None:
    dialog = show(values, tmp_path, qtbot)
    QTest.keyClick(dialog.matrix, Qt.Key.Key_Return)
    assert dialog.player.is_playing
    qtbot.waitUntil(lambda: not dialog.player.is_playing, timeout=60_000)  # it ends where the piece does
    dialog.reject()


def test_independent_labels_have_outcomes(values: dict[str, Any], tmp_path: Path, qtbot: QtBot) -> None:
    song = values["mistakes"][0]["file"]
    values |= {"confusion": [], "doubts": []}
    values["examples"] = [clip(song, "kick", "no kick", 0.2), clip(song, "no snare", "snare", 0.8)]
    dialog = show(values, tmp_path, qtbot)
    assert dialog.evaluation.confusion == ((2, 1, 0), (1, 0, 1))
    dialog.matrix.setCurrentCell(1, 2)
    assert dialog.of_cell.heading.text() == "snare: false alarm: 1 clip."
    assert [one.true for one in dialog.of_cell.clips] == ["no snare"]
    assert "Do not trust" not in dialog.figures.text()


def test_a_clip_that_is_gone_is_one_sentence(values: dict[str, Any], tmp_path: Path, qtbot: QtBot) -> None:
    dialog = show(values, tmp_path, qtbot)
    (tmp_path / "a.wav").unlink()
    dialog.of_cell.play()
    assert "a.wav" in dialog.words.text()


def test_a_damaged_report_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "evaluation.json").write_text("{}")
    with pytest.raises(ModelError, match="train again"):
        ReportDialog(tmp_path, DARK)
