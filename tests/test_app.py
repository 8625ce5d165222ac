import logging
import sys

import pytest
from pytestqt.qtbot import QtBot

from timbrescope.app import catch_everything
from timbrescope.settings import Settings
from timbrescope.ui.main_window import MainWindow


def test_an_error_nobody_foresaw_is_logged_shown_once_and_survived(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    window = MainWindow(Settings())
    qtbot.addWidget(window)
    window.show()
    catch_everything(window)
    error = ZeroDivisionError("a bug")
    with caplog.at_level(logging.ERROR):
        sys.excepthook(type(error), error, None)
        window.notice.dismiss()
        sys.excepthook(type(error), error, None)
    assert not window.notice.isVisible()
    assert sum("unexpected" in record.message for record in caplog.records) == 2
    other = KeyError("another")
    sys.excepthook(type(other), other, None)
    assert "KeyError" in window.notice.text.text()
    assert window.isVisible()
    window.close()
