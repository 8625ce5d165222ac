from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QDialog, QDialogButtonBox
from pytestqt.qtbot import QtBot

from tests.audio.tagged import tagged
from tests.encoded import encode, tone
from timbrescope.audio.metadata import read_tags, sound_digest
from timbrescope.ui.main_window import MainWindow
from timbrescope.ui.tag_dialog import TagDialog, ask_for_tags, proposed

FOUND = {"genre": ("Jazz",), "mood": (), "instruments": ("piano", "flute"), "comment": ("heard it",)}
GENRE, MOOD, INSTRUMENTS, COMMENT = range(4)


@pytest.fixture
def song(tmp_path: Path) -> Path:
    return tagged(tmp_path / "song.mp3")


@pytest.fixture
def dialog(song: Path, qtbot: QtBot) -> TagDialog:
    dialog = TagDialog(song, read_tags(song), FOUND)
    qtbot.addWidget(dialog)
    return dialog


def text(dialog: TagDialog, row: int, column: int) -> str:
    item = dialog.table.item(row, column)
    assert item is not None
    return item.text()


def change(dialog: TagDialog, row: int, value: str) -> None:
    item = dialog.table.item(row, 2)
    assert item is not None
    item.setText(value)


def press(dialog: TagDialog, qtbot: QtBot, name: str) -> None:
    button = getattr(dialog, f"{name}_button")
    button.click()
    qtbot.waitUntil(lambda: dialog.table.isEnabled() and dialog.write_button.isEnabled(), timeout=120_000)


def test_old_and_new_values_are_shown_and_what_is_better_is_ticked(dialog: TagDialog) -> None:
    assert [text(dialog, row, 0) for row in range(4)] == ["Genre", "Mood", "Instruments", "Comment"]
    assert text(dialog, GENRE, 1) == "Rock; Something of its own"
    assert text(dialog, INSTRUMENTS, 2) == "piano; flute"
    assert dialog.ticked == {"genre": ("Jazz",), "instruments": ("piano", "flute")}
    assert not dialog.undo_button.isEnabled()
    assert dialog.table.accessibleName()


def test_only_what_is_ticked_is_written_and_undo_puts_it_back(dialog: TagDialog, song: Path, qtbot: QtBot) -> None:
    before, sound = read_tags(song), sound_digest(song)
    change(dialog, MOOD, " Happy;calm ; ")
    genre = dialog.table.item(GENRE, 0)
    assert genre is not None
    genre.setCheckState(Qt.CheckState.Unchecked)
    press(dialog, qtbot, "write")
    assert "new values" in dialog.outcome.text()
    after = read_tags(song)
    assert after.shown["genre"] == before.shown["genre"]
    assert after.values["mood"] == ("Happy", "calm")
    assert after.values["instruments"] == ("piano", "flute")
    assert after.values["comment"] == ()
    assert text(dialog, MOOD, 1) == "Happy; calm"
    assert sound_digest(song) == sound
    press(dialog, qtbot, "undo")
    assert "back" in dialog.outcome.text()
    assert read_tags(song) == before
    assert not dialog.undo_button.isEnabled()


def test_what_goes_wrong_is_one_sentence_in_the_dialog(dialog: TagDialog, song: Path, qtbot: QtBot) -> None:
    song.chmod(0o444)
    press(dialog, qtbot, "write")
    assert dialog.outcome.text().startswith("song.mp3 is write-protected")
    for row in range(4):
        item = dialog.table.item(row, 0)
        assert item is not None
        item.setCheckState(Qt.CheckState.Unchecked)
    press(dialog, qtbot, "write")
    assert "nothing is written" in dialog.outcome.text()


def test_closing_waits_for_the_write(dialog: TagDialog, song: Path) -> None:
    dialog.write_button.click()
    dialog.reject()
    assert read_tags(song).values["genre"] == ("Jazz",)
    assert list(song.parent.glob(".*.part")) == []


def test_the_dialog_works_by_keyboard(dialog: TagDialog, song: Path, qtbot: QtBot) -> None:
    dialog.show()
    qtbot.waitExposed(dialog)
    dialog.table.setFocus()
    dialog.table.setCurrentCell(COMMENT, 0)
    qtbot.keyClick(dialog.table, Qt.Key.Key_Space)
    assert dialog.ticked["comment"] == ("heard it",)
    close = dialog.buttons.button(QDialogButtonBox.StandardButton.Close)
    qtbot.keyClick(close, Qt.Key.Key_Escape)
    assert not dialog.isVisible()
    assert not any(read_tags(song).values["comment"])


def test_the_menu_offers_what_the_analysis_has_found(
    opened: Callable[[Path], MainWindow], tone_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = opened(tone_file)
    shown: list[QDialog] = []

    def show(dialog: TagDialog) -> None:
        shown.append(dialog)

    monkeypatch.setattr(TagDialog, "exec", show)
    window.actions_["tags"].trigger()
    (dialog,) = shown
    assert tone_file.name in dialog.windowTitle()
    found = proposed(window.session.timeline)
    assert set(found) == set(FOUND)
    QApplication.processEvents()


def test_a_format_without_tags_is_told_in_the_window(opened: Callable[[Path], MainWindow], tmp_path: Path) -> None:
    window = opened(encode(tmp_path / "a.webm", tone(1.2, 48_000), 48_000))
    said: list[str] = []
    ask_for_tags(window.session, said.append, window)
    assert len(said) == 1
    assert "a.webm has a format whose tags" in said[0]
