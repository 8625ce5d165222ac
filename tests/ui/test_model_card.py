from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QPushButton
from pytestqt.qtbot import QtBot

from tests.tiny import SPEC
from tests.ui.instruments import INSTRUMENTS, LABELS, install
from timbrescope import paths
from timbrescope.recognition.spec import FrontEnd, ModelSpec
from timbrescope.recognition.store import ModelStore, StoredModel
from timbrescope.ui.main_window import MainWindow
from timbrescope.ui.model_card import ModelCard, report_of


def card(spec: ModelSpec, qtbot: QtBot) -> ModelCard:
    stored = StoredModel(spec.name, spec.title, spec.kind, "installed", Path("/models/tiny.safetensors"), 3_200_000)
    dialog = ModelCard(stored, spec)
    qtbot.addWidget(dialog)
    return dialog


def test_the_card_tells_everything_that_the_description_says(qtbot: QtBot) -> None:
    dialog = card(INSTRUMENTS, qtbot)
    text = dialog.text.toPlainText()
    for expected in (
        *LABELS, "Tiny instruments", "Thirteen instruments.", "Limits: it does not listen.", "mean average precision",
        "0.812", "13 labels", "tests-tiny", "1.28 s", "24 mel bands", "16,000 Hz", "0 to 8,000 Hz", "3.2 MB", "MIT",
        "A. Uthor: On <tiny> models. 2020.", "/models/tiny.safetensors",
    ):  # fmt: skip
        assert expected in text, expected
    assert '<a href="https://example.org/tiny">' in dialog.text.toHtml()
    assert dialog.text.textInteractionFlags() & Qt.TextInteractionFlag.TextSelectableByMouse
    assert dialog.text.textInteractionFlags() & Qt.TextInteractionFlag.TextSelectableByKeyboard


def test_what_is_empty_has_no_heading(qtbot: QtBot) -> None:
    dialog = card(replace(SPEC, title="", licence=""), qtbot)
    text = dialog.text.toPlainText()
    assert text.startswith("tiny\n")
    for heading in ("Measured", "Source", "Citation", "Licence"):
        assert heading not in text


@pytest.mark.parametrize(
    ("front_end", "expected"),
    [
        (FrontEnd(22_050, 1, 1, 0, representation="waveform"), "the waveform at 22,050 Hz"),
        (FrontEnd(16_000, 512, 256, 0, representation="stft", compression="decibel"), "257 frequency bins"),
    ],
)
def test_every_kind_of_input_has_words(front_end: FrontEnd, expected: str, qtbot: QtBot) -> None:
    dialog = card(replace(SPEC, front_end=front_end), qtbot)
    assert expected in dialog.text.toPlainText()


def test_long_words_do_not_reach_beyond_the_edge(qtbot: QtBot) -> None:
    dialog = card(replace(INSTRUMENTS, citation="word " * 300, labels=("label",) * 200), qtbot)
    dialog.show()
    qtbot.waitExposed(dialog)
    assert dialog.text.horizontalScrollBar().maximum() == 0
    assert dialog.width() <= 1280
    assert dialog.height() <= 800


def test_the_menu_opens_the_card_of_each_installed_model(window: MainWindow, monkeypatch: pytest.MonkeyPatch) -> None:
    install(["cello"])
    shown: list[str] = []
    monkeypatch.setattr(ModelCard, "exec", lambda dialog: shown.append(dialog.windowTitle()))
    menu = window.models_menu
    menu.aboutToShow.emit()
    for action in menu.about.actions():
        action.trigger()
    installed = [model.title for model in ModelStore().models() if model.installed]
    assert sorted(shown) == sorted(installed)
    assert {"Tiny instruments", "Tiny"} <= set(shown)
    menu.aboutToShow.emit()
    assert len(menu.about.actions()) == len(installed)


def test_a_model_of_ones_own_offers_the_report_of_its_training(qtbot: QtBot) -> None:
    stored = StoredModel("mine", "Mine", "sounds", "installed", Path("mine.safetensors"), 1000)
    spec = replace(INSTRUMENTS, name="mine", figures={"held-out accuracy": 0.9})
    assert report_of(stored, spec) is None
    folder = paths.trained() / "mine-quick"
    folder.mkdir(parents=True)
    (folder / "evaluation.json").write_text("{}")
    assert report_of(stored, spec) == folder
    assert report_of(stored, replace(spec, figures={})) is None  # it has been corrected since
    assert report_of(replace(stored, origin="bundled"), spec) is None
    dialog = ModelCard(stored, spec)
    qtbot.addWidget(dialog)
    (button,) = [one for one in dialog.findChildren(QPushButton) if "Report" in one.text()]
    with qtbot.waitSignal(dialog.report_asked):
        button.click()


def test_a_model_that_has_gone_meanwhile_is_explained(window: MainWindow) -> None:
    model = next(model for model in ModelStore().models() if model.name == "tiny")
    (paths.models() / "tiny.safetensors").unlink()
    window.models_menu.show_card(model)
    QApplication.processEvents()
    assert "tiny.safetensors" in window.notice.text.text()
