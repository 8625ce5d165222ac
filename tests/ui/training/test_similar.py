from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QLineEdit, QProgressBar, QTableWidget
from pytestqt.qtbot import QtBot

from timbrescope.ui.training.clip_player import ClipPlayer
from timbrescope.ui.training.process import TrainingProcess
from timbrescope.ui.training.similar import SimilarDialog


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The commands that would be started, while none is."""
    commands: list[list[str]] = []
    monkeypatch.setattr(TrainingProcess, "start", lambda _self, arguments: commands.append(list(arguments)))
    return commands


@pytest.fixture
def played(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, float]]:
    """What would be heard."""
    heard: list[tuple[str, float]] = []
    monkeypatch.setattr(ClipPlayer, "play", lambda _self, path, start, _end: heard.append((path.name, start)))
    return heard


@pytest.fixture
def dialog(
    started: list[list[str]], played: list[tuple[str, float]], qtbot: QtBot, tmp_path: Path
) -> Iterator[SimilarDialog]:
    """A dialog in which two similar recordings have been found."""
    dialog = SimilarDialog()
    qtbot.addWidget(dialog)
    dialog.show()
    qtbot.waitExposed(dialog)
    assert not dialog.search_button.isEnabled()
    dialog.look_for(tmp_path / "snare.wav")
    dialog.folder.line.setText(str(tmp_path))
    dialog.search_button.click()
    assert started == [["similar", str(tmp_path / "snare.wav"), str(tmp_path), "--count", "50", "--progress", "json"]]
    assert not played
    found = [{"file": str(tmp_path / "drums" / name), "similarity": 0.9, "seconds": 1.5} for name in ("a.wav", "b.wav")]
    event = {
        "event": "similar",
        "file": str(tmp_path / "snare.wav"),
        "similar": found,
        "problems": ["c.wav is damaged."],
    }
    dialog.process.told.emit(event)
    dialog.process.succeeded.emit()
    yield dialog
    dialog.end()


def test_what_was_found_is_heard_and_opened(
    dialog: SimilarDialog, played: list[tuple[str, float]], qtbot: QtBot, tmp_path: Path
) -> None:
    cells = [[dialog.table.model().index(row, column).data() for column in range(3)] for row in range(2)]
    assert cells[1] == ["0.90", str(Path("drums", "b.wav")), "0:01.5"]
    assert dialog.words.text() == "2 recordings, the most similar first. 1 could not be used: c.wav is damaged."
    qtbot.keyClick(dialog.table, Qt.Key.Key_Space)
    qtbot.keyClick(dialog.table, Qt.Key.Key_Down)
    qtbot.keyClick(dialog.table, Qt.Key.Key_Space)
    place = dialog.table.visualRect(dialog.table.model().index(0, 1)).center()
    qtbot.mouseClick(dialog.table.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert played == [("a.wav", 1.5), ("b.wav", 1.5), ("a.wav", 1.5)]
    with qtbot.waitSignal(dialog.open_asked) as asked:
        qtbot.keyClick(dialog.table, Qt.Key.Key_Return)
    assert asked.args == [tmp_path / "drums" / "a.wav"]


def test_every_control_has_a_name(dialog: SimilarDialog) -> None:
    kinds = (QComboBox, QLineEdit, QProgressBar, QTableWidget)
    controls = [widget for kind in kinds for widget in dialog.findChildren(kind)]
    assert all(control.accessibleName() for control in controls)
    assert all(button.toolTip() for button in (dialog.search_button, dialog.stop_button, dialog.choose))
