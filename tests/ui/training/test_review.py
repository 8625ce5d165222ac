from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from tests.conftest import sine
from tests.encoded import encode
from timbrescope.core import verdict_files
from timbrescope.core.verdicts import Judged
from timbrescope.ui.main_window import MainWindow
from timbrescope.ui.training.review_dialog import ReviewDialog

KEY = Qt.Key


@pytest.fixture
def tone_file(tmp_path: Path) -> Path:
    """A low tone and a high one, twice."""
    tones = [sine(hertz, 3.0, 22_050, level=0.3) for hertz in (150.0, 5300.0, 160.0, 5400.0)]
    return encode(tmp_path / "tones.wav", np.concatenate(tones), 22_050)


@pytest.fixture
def dialog(opened: Callable[[Path], MainWindow], tone_file: Path, qtbot: QtBot) -> ReviewDialog:
    """The claims of the tiny model on them."""
    window = opened(tone_file)
    window.actions_["correct"].trigger()
    assert window.training is not None
    dialog = window.training.review_dialog
    qtbot.waitUntil(dialog.isVisible, timeout=30_000)
    assert len(dialog._claims) > 1
    return dialog


def said(dialog: ReviewDialog) -> list[str]:
    cells = dialog.table.model()
    return [str(cells.index(row, 3).data()) for row in range(cells.rowCount())]


def plays(dialog: ReviewDialog) -> bool:
    return dialog.player.is_playing


def test_keys_alone_correct_and_all_is_written_at_once(dialog: ReviewDialog, tone_file: Path) -> None:
    margins = [claim.margin for claim in dialog._claims]
    assert margins == sorted(margins)
    first = dialog.claim
    assert first is not None
    QTest.keyClick(dialog.table, KEY.Key_Y)
    assert said(dialog)[0] == "✓ right"
    assert dialog.table.currentRow() == 1
    (kept,) = verdict_files.load(tone_file).verdicts
    assert (kept.said, kept.right, kept.claim) == (first.label, True, first.key)
    QTest.keyClick(dialog.table, KEY.Key_N)
    assert said(dialog)[1] == "✗ wrong"
    assert len(verdict_files.load(tone_file).verdicts) == 2


def test_a_label_is_picked_by_a_part_of_it(dialog: ReviewDialog, tone_file: Path) -> None:
    claim = dialog.claim
    assert claim is not None
    other = next(label for label in ("low", "middle", "high") if label != claim.label)
    QTest.keyClick(dialog.table, KEY.Key_L)
    assert dialog.label.isVisible()
    QTest.keyClicks(dialog.label, "xyz")
    QTest.keyClick(dialog.label, KEY.Key_Return)
    assert 'knows no label "xyz"' in dialog.words.text()
    dialog.label.clear()
    QTest.keyClicks(dialog.label, other[:3].upper())
    QTest.keyClick(dialog.label, KEY.Key_Return)
    assert not dialog.label.isVisible()
    (kept,) = verdict_files.load(tone_file).verdicts
    assert kept.labels == {claim.label: 0.0, other: 1.0}
    assert said(dialog)[0] == f"✗ {other}"


def test_what_was_said_can_be_taken_back(dialog: ReviewDialog, tone_file: Path) -> None:
    QTest.keyClick(dialog.table, KEY.Key_Y)
    QTest.keyClick(dialog.table, KEY.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert said(dialog)[0] == ""
    assert verdict_files.load(tone_file).verdicts == ()
    dialog.review.undo_stack.redo()
    dialog.table.setCurrentCell(0, 0)
    QTest.keyClick(dialog.table, KEY.Key_Delete)
    assert verdict_files.load(tone_file).verdicts == ()
    assert dialog.undo_button.isEnabled()


def test_arrow_goes_on_and_space_plays(dialog: ReviewDialog) -> None:
    QTest.keyClick(dialog.table, KEY.Key_Right)
    assert dialog.table.currentRow() == 1
    QTest.keyClick(dialog.table, KEY.Key_Space)
    assert plays(dialog)
    QTest.keyClick(dialog.table, KEY.Key_Space)
    assert not plays(dialog)
    dialog.reject()


def test_a_folder_that_cannot_be_written_is_told_once(
    dialog: ReviewDialog, tone_file: Path, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    write = verdict_files.write_judged  # type: ignore[attr-defined]  # where it is looked up

    def refuse(path: Path, judged: Judged) -> None:
        if path.parent == tone_file.parent:
            raise PermissionError(13, "Permission denied")
        write(path, judged)

    monkeypatch.setattr("timbrescope.core.verdict_files.write_judged", refuse)
    with qtbot.waitSignal(dialog.review.noticed) as told:
        QTest.keyClick(dialog.table, KEY.Key_Y)
    assert "corrections are kept in" in str(told.args)
    with qtbot.assertNotEmitted(dialog.review.noticed):
        QTest.keyClick(dialog.table, KEY.Key_N)
    assert len(verdict_files.load(tone_file).verdicts) == 2


def test_what_was_said_before_is_shown_again(dialog: ReviewDialog, window: MainWindow) -> None:
    QTest.keyClick(dialog.table, KEY.Key_N)
    dialog.reject()
    window.actions_["correct"].trigger()
    assert said(dialog)[0] == "✗ wrong"
    assert dialog.table.currentRow() == 1  # the first of which nothing was said
