from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QDoubleSpinBox,
    QLabel,
    QPushButton,
    QSpinBox,
    QTableWidget,
)
from pytestqt.qtbot import QtBot

from timbrescope import __version__
from timbrescope.settings import Settings, declared
from timbrescope.ui.dialogs import AboutDialog, SettingsDialog, ShortcutsDialog
from timbrescope.ui.folder_field import FolderField
from timbrescope.ui.main_window import MainWindow


def test_every_option_with_a_group_has_a_field_with_its_value_and_help(qtbot: QtBot) -> None:
    settings = replace(Settings(), gain_db=25, follow=False, theme="light", update_seconds=2.5)
    dialog = SettingsDialog(settings)
    qtbot.addWidget(dialog)
    shown: list[Settings] = []
    dialog.applied.connect(shown.append)
    dialog.apply()
    assert shown == [settings]
    assert set(dialog.fields) == {name for name, option, _ in declared() if option.group}
    assert all(field.toolTip() and field.accessibleName() for field in dialog.fields.values())


def test_what_is_chosen_is_applied_and_defaults_come_back(qtbot: QtBot) -> None:
    dialog = SettingsDialog(Settings())
    qtbot.addWidget(dialog)
    shown: list[Settings] = []
    dialog.applied.connect(shown.append)
    theme, gain = dialog.fields["theme"], dialog.fields["gain_db"]
    follow, update = dialog.fields["follow"], dialog.fields["update_seconds"]
    assert isinstance(theme, QComboBox)
    assert isinstance(gain, QSpinBox)
    assert isinstance(follow, QCheckBox)
    assert isinstance(update, QDoubleSpinBox)
    theme.setCurrentIndex(theme.findData("dark"))
    gain.setValue(9999)
    follow.setChecked(False)
    update.setValue(0.5)
    dialog.accept()
    assert shown[0] == replace(Settings(), theme="dark", gain_db=60, follow=False, update_seconds=0.5)
    dialog.restore_defaults()
    dialog.apply()
    assert shown[1] == Settings()


def test_a_folder_is_typed_or_chosen(qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dialog = SettingsDialog(replace(Settings(), take_folder="/somewhere"))
    qtbot.addWidget(dialog)
    shown: list[Settings] = []
    dialog.applied.connect(shown.append)
    field = dialog.fields["take_folder"]
    assert isinstance(field, FolderField)
    assert field.line.text() == "/somewhere"
    monkeypatch.setattr("timbrescope.ui.folder_field.QFileDialog.getExistingDirectory", lambda *_: str(tmp_path))
    (button,) = field.findChildren(QPushButton)
    button.click()
    dialog.apply()
    assert shown[0].take_folder == str(tmp_path)
    field.line.setText(" /typed ")
    dialog.apply()
    assert shown[1].take_folder == "/typed"


def test_a_nought_that_means_never_says_so(qtbot: QtBot) -> None:
    dialog = SettingsDialog(Settings())
    qtbot.addWidget(dialog)
    roll = dialog.fields["roll_minutes"]
    assert isinstance(roll, QSpinBox)
    assert roll.text() == "Never"


def cells(dialog: QDialog) -> list[list[str]]:
    table = dialog.findChild(QTableWidget)
    assert isinstance(table, QTableWidget)
    model = table.model()
    return [
        [str(model.index(row, column).data()) for column in range(table.columnCount())]
        for row in range(table.rowCount())
    ]


def test_the_shortcuts_list_every_key_of_the_menus(window: MainWindow, qtbot: QtBot) -> None:
    dialog = ShortcutsDialog(window.actions_.all(), window)
    qtbot.addWidget(dialog)
    listed = [keys for keys, _ in cells(dialog)]
    for action in window.actions_.all():
        assert all(any(key.toString() in text for text in listed) for key in action.shortcuts())


def test_about_names_the_version_and_every_licence(qtbot: QtBot) -> None:
    dialog = AboutDialog()
    qtbot.addWidget(dialog)
    for package, version, licence in cells(dialog):
        assert version not in {"", "–"}, package
        assert licence not in {"", "–", "UNKNOWN"}, package
    assert any(__version__ in label.text() for label in dialog.findChildren(QLabel))
