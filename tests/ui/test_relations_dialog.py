from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QImage
from PySide6.QtSvg import QSvgRenderer
from pytestqt.qtbot import QtBot

from tests.tiny import SPEC, Tiny
from tests.ui.instruments import INSTRUMENTS, install
from timbrescope import paths
from timbrescope.core import history
from timbrescope.core.noteworthy import Heard
from timbrescope.core.timeline import ScoreSpec
from timbrescope.recognition.checkpoint import read_fingerprint, save_checkpoint
from timbrescope.settings import Settings
from timbrescope.ui.main_window import MainWindow
from timbrescope.ui.relations_dialog import RelationsDialog
from timbrescope.ui.theme import DARK

SIMILARITY, TOGETHER = range(2)
CLIPS = ((0.9, 0.9, 0.1), (0.9, 0.1, 0.1), (0.1, 0.1, 0.9))


def ready(dialog: RelationsDialog, qtbot: QtBot) -> RelationsDialog:
    qtbot.waitUntil(lambda: dialog._job is None, timeout=120_000)
    return dialog


@pytest.fixture
def dialog(_own_folders: None, tmp_path: Path, qtbot: QtBot) -> RelationsDialog:
    """A shown dialog on the tiny model, with three recordings."""
    path = paths.models() / "tiny.safetensors"
    save_checkpoint(path, SPEC, Tiny(3, 24).state_dict())
    install(["piano"])
    spec = ScoreSpec("tiny", "tags", SPEC.labels, 1.0, 1.0, fingerprint=read_fingerprint(path))
    for number, clip in enumerate(CLIPS):
        song = tmp_path / f"{number}.wav"
        song.write_bytes(b"x" * number)
        history.keep(song, [Heard(spec, np.array([clip], np.float32), np.array(clip))], 1.0)
    dialog = RelationsDialog(DARK, "tiny", remembers=True)
    qtbot.addWidget(dialog)
    dialog.show()
    qtbot.waitExposed(dialog)
    return ready(dialog, qtbot)


def point(dialog: RelationsDialog, tab: int, row: float, column: float) -> None:
    view = dialog.matrices[tab]
    view.scene().sigMouseMoved.emit(view.box.mapViewToScene(QPointF(column, row)))


def choose(dialog: RelationsDialog, model: str, qtbot: QtBot) -> None:
    names = [dialog.models.itemData(index).name for index in range(dialog.models.count())]
    dialog.models.setCurrentIndex(names.index(model))
    ready(dialog, qtbot)


def test_the_cell_under_the_pointer_is_told_in_words(dialog: RelationsDialog, qtbot: QtBot) -> None:
    for tab in (SIMILARITY, TOGETHER):
        dialog.tabs.setCurrentIndex(tab)
        qtbot.wait(20)
        point(dialog, tab, 0.5, 1.5)
        assert dialog.words.text().startswith("low and middle: similarity -0.")
        assert dialog.words.text().endswith("; together in 1 of 2 files with low")
        point(dialog, tab, 1.5, 0.5)
        assert dialog.words.text().endswith("; together in 1 of 1 file with middle")
        point(dialog, tab, 1.5, -0.5)
        assert "Point at" in dialog.words.text()
    assert "3 labels, 3 files" in dialog.about.text()


def test_a_pair_of_the_list_is_told_and_framed(dialog: RelationsDialog) -> None:
    (item,) = dialog.pairs.findItems("middle, low", Qt.MatchFlag.MatchRecursive)
    assert item.text(1) == "1 of 1"
    dialog.pairs.setCurrentItem(item)
    assert dialog.words.text().startswith("middle and low")
    assert all(view._mark.isVisible() for view in dialog.matrices)


def test_colours_follow_the_values(dialog: RelationsDialog) -> None:
    pixels = dialog.matrices[TOGETHER]._image.image
    assert pixels.shape == (3, 3, 4)
    assert (pixels[0, 0] == pixels[1, 0]).all()  # both are one
    assert (pixels[0, 0] != pixels[0, 1]).any()
    assert (pixels[2, 0] == pixels[0, 2]).all()  # both are zero


def test_each_model_shows_its_own_labels_by_family(dialog: RelationsDialog, qtbot: QtBot) -> None:
    choose(dialog, INSTRUMENTS.name, qtbot)
    assert dialog.relations is not None
    assert dialog.relations.labels[:3] == ("acoustic guitar", "electric bass", "electric guitar")
    assert dialog.pages[SIMILARITY].currentIndex() == 0
    assert dialog.pages[TOGETHER].currentIndex() == 1  # nothing was analysed with it
    assert "nothing to count" in dialog.messages[TOGETHER].text()
    choose(dialog, "tiny", qtbot)
    assert dialog.relations.labels == SPEC.labels


def test_a_model_that_went_away_is_one_sentence(dialog: RelationsDialog, qtbot: QtBot) -> None:
    (paths.models() / f"{INSTRUMENTS.name}.safetensors").unlink()
    choose(dialog, INSTRUMENTS.name, qtbot)
    assert dialog.messages[SIMILARITY].text().startswith("There is no model at")
    assert not dialog.save_button.isEnabled()


@pytest.mark.parametrize("suffix", [".png", ".svg", ".csv"])
def test_what_is_shown_can_be_saved(dialog: RelationsDialog, tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"saved{suffix}"
    dialog.save(path)
    assert dialog.words.text() == f"{path} is saved."
    if suffix == ".png":
        image = QImage(str(path))
        colours = {image.pixel(x, y) for x in range(0, image.width(), 9) for y in range(0, image.height(), 9)}
        assert image.width() == 2 * dialog.matrices[SIMILARITY].width()
        assert len(colours) > 3
    elif suffix == ".svg":
        assert QSvgRenderer(str(path)).isValid()
        assert all(label in path.read_text(encoding="utf-8") for label in SPEC.labels)
    else:
        assert len(path.read_text(encoding="utf-8").splitlines()) == 7


def test_a_place_that_cannot_be_written_is_one_sentence(dialog: RelationsDialog, tmp_path: Path) -> None:
    dialog.save(tmp_path / "no folder" / "saved.png")
    assert "choose another place" in dialog.words.text()


def test_forgetting_empties_the_counts(dialog: RelationsDialog, qtbot: QtBot) -> None:
    dialog.forget()
    ready(dialog, qtbot)
    assert dialog.relations is not None
    assert dialog.relations.files == 0
    assert dialog.pages[TOGETHER].currentIndex() == 1


def test_the_window_counts_what_it_has_analysed(
    opened: Callable[[Path], MainWindow], tone_file: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = opened(tone_file)
    window._history.wait()
    found: list[int] = []

    def show(dialog: RelationsDialog) -> None:
        ready(dialog, qtbot)
        assert dialog.relations is not None
        found.append(dialog.relations.files)
        assert not dialog.forget_button.autoDefault()  # Enter is not meant for it
        dialog.close()

    monkeypatch.setattr(RelationsDialog, "exec", show)
    window.actions_["relations"].trigger()
    assert found == [1]


def test_nothing_is_kept_when_the_settings_say_so(
    settings: Settings, opened: Callable[[Path], MainWindow], tone_file: Path
) -> None:
    assert settings.remember
    history.forget()
    window = opened(tone_file)
    window._history.wait()
    paths.history().unlink()
    window.preferences.put("remember", False)
    opened(tone_file)
    window._history.wait()
    assert not paths.history().exists()
