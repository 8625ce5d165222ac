from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from tests.ui.training.sound_map import copy_map, write_map
from timbrescope.core.relabelled import read_relabelled, relabelled_file
from timbrescope.ui.theme import DARK, LIGHT
from timbrescope.ui.training.clip_player import ClipPlayer
from timbrescope.ui.training.map_data import Projection, read_map
from timbrescope.ui.training.map_panel import MISTAKES, NO_LABEL, class_looks
from timbrescope.ui.training.process import TrainingProcess
from timbrescope.ui.training.timbre_map import TimbreMapDialog
from timbrescope.ui.views.scatter import Scatter
from training.sources import read_collection

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return write_map(tmp_path_factory.mktemp("map"))


@pytest.fixture
def played(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, float]]:
    """What would be heard."""
    heard: list[tuple[str, float]] = []
    monkeypatch.setattr(ClipPlayer, "play", lambda _self, path, start, _end: heard.append((path.name, start)))
    return heard


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[list[str]]:
    """The commands that would be started, while none is."""
    monkeypatch.setenv("TIMBRESCOPE_CACHE", str(tmp_path / "cache"))
    commands: list[list[str]] = []
    monkeypatch.setattr(TrainingProcess, "start", lambda _self, arguments: commands.append(list(arguments)))
    return commands


@pytest.fixture
def dialog(
    made: tuple[Path, Path], started: list[list[str]], played: list[tuple[str, float]], qtbot: QtBot
) -> Iterator[TimbreMapDialog]:
    """A dialog with a map of four low, four middle and four high sounds."""
    data, file = made
    dialog = TimbreMapDialog(DARK)
    qtbot.addWidget(dialog)
    dialog.show()
    qtbot.waitExposed(dialog)
    dialog.set_folder(data)
    assert dialog.map is None  # nothing was made yet
    copy_map(file, Path(started[0][3]))
    dialog.process.succeeded.emit()
    qtbot.wait(50)  # until it is painted
    assert not played
    yield dialog
    dialog.end()
    relabelled_file(data).unlink(missing_ok=True)


def at(scatter: Scatter, place: Sequence[float]) -> QPoint:
    """Return where a place is in the widget."""
    return QPoint(scatter.mapFromScene(scatter.box.mapViewToScene(QPointF(*place))))


def drag(qtbot: QtBot, scatter: Scatter, corners: list[tuple[float, float]], keys: Qt.KeyboardModifier) -> None:
    places = [at(scatter, corner) for corner in corners]
    QTest.mousePress(scatter.viewport(), LEFT, keys, places[0])
    for place in [*places[1:], places[0]]:
        qtbot.wait(20)  # more often than 100 times a second pyqtgraph does not look
        QTest.mouseMove(scatter.viewport(), place)
    QTest.mouseRelease(scatter.viewport(), LEFT, keys, places[0])


def around(dialog: TimbreMapDialog, label: str) -> list[tuple[float, float]]:
    """Return the corners of a box around the points of a class."""
    assert dialog.map is not None
    chosen = [number for number, point in enumerate(dialog.map.points) if point.labels == (label,)]
    (left, low), (right, high) = dialog.map.places[chosen].min(axis=0), dialog.map.places[chosen].max(axis=0)
    edge = 0.02
    return [
        (float(left - edge), float(low - edge)), (float(right + edge), float(low - edge)),
        (float(right + edge), float(high + edge)), (float(left - edge), float(high + edge)),
    ]  # fmt: skip


def test_a_click_is_heard_and_two_open(dialog: TimbreMapDialog, played: list[tuple[str, float]], qtbot: QtBot) -> None:
    assert dialog.map is not None
    number = 5
    point = dialog.map.points[number]
    place = at(dialog.scatter, dialog.map.places[number].tolist())
    qtbot.mouseClick(dialog.scatter.viewport(), LEFT, pos=place)
    assert played == [(point.path.name, 0.0)]
    assert dialog.scatter.current == number
    assert point.path.name in dialog.panel.about.text()
    with qtbot.waitSignal(dialog.open_asked) as asked:
        qtbot.mouseDClick(dialog.scatter.viewport(), LEFT, pos=place)
        qtbot.mouseRelease(dialog.scatter.viewport(), LEFT, pos=place)
    assert asked.args == [point.path]


def test_keys_go_from_point_to_point(dialog: TimbreMapDialog, played: list[tuple[str, float]], qtbot: QtBot) -> None:
    assert dialog.map is not None
    scatter = dialog.scatter
    qtbot.keyClick(scatter, Qt.Key.Key_Left)
    x = [float(scatter.places[scatter.current, 0])]
    for _ in range(20):
        qtbot.keyClick(scatter, Qt.Key.Key_Left)
        x.append(float(scatter.places[scatter.current, 0]))
    assert x == sorted(x, reverse=True)
    assert x[-1] == pytest.approx(scatter.places[:, 0].min())
    count = len(played)
    qtbot.keyClick(scatter, Qt.Key.Key_Space)
    assert played[count:] == played[count - 1 : count]
    with qtbot.waitSignal(dialog.open_asked):
        qtbot.keyClick(scatter, Qt.Key.Key_Return)


def test_a_lasso_catches_what_lies_in_it_and_shift_catches_more(dialog: TimbreMapDialog, qtbot: QtBot) -> None:
    assert dialog.map is not None
    none, shift = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ShiftModifier
    corners = around(dialog, "low")
    drag(qtbot, dialog.scatter, corners, none)
    inside = [
        number
        for number, (x, y) in enumerate(dialog.map.places.tolist())
        if corners[0][0] < x < corners[2][0] and corners[0][1] < y < corners[2][1]
    ]
    assert dialog.scatter.selected.tolist() == inside
    assert len(inside) >= 4
    drag(qtbot, dialog.scatter, around(dialog, "high"), shift)
    assert set(inside) < set(dialog.scatter.selected.tolist())
    assert dialog.panel.caught.text() == f"{len(dialog.scatter.selected)} caught"


def test_labels_are_given_anew_and_taken_back(dialog: TimbreMapDialog, made: tuple[Path, Path], qtbot: QtBot) -> None:
    data, _ = made
    panel = dialog.panel
    panel.key.itemClicked.emit(panel.key.item(0))
    assert len(dialog.scatter.selected) == 4
    assert not panel.give.isEnabled()
    panel.label.setCurrentText("treble")
    panel.give.click()
    assert sorted({label for item in read_collection(data).items for label in item.labels}) == [
        "low",
        "middle",
        "treble",
    ]
    assert "treble  (4)" in [panel.key.item(row).text() for row in range(panel.key.count())]
    dialog.scatter.select(np.array([0]))
    dialog._show_caught()
    panel.label.setCurrentText("low")
    panel.give.click()
    assert len(read_relabelled(data)) == 4
    qtbot.keyClick(dialog, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert set(read_relabelled(data).values()) == {("treble",)}
    panel.undo.click()
    assert not relabelled_file(data).exists()
    assert read_collection(data).labels == ("high", "low", "middle")
    assert [point.labels for point in dialog.labels.points] == [point.labels for point in read_map(dialog._file).points]
    panel.redo.click()
    assert set(read_relabelled(data).values()) == {("treble",)}
    with qtbot.waitSignal(dialog.relabelled) as told:
        dialog.reject()
    assert told.args == [data]


def test_what_cannot_be_written_is_told_and_changes_nothing(dialog: TimbreMapDialog, made: tuple[Path, Path]) -> None:
    before = list(dialog.labels.points)
    relabelled_file(made[0]).write_text("nonsense\nwithout columns\n")
    dialog.labels.give([0, 1], ("treble",))
    assert relabelled_file(made[0]).name in dialog.words.text()
    assert dialog.labels.points == before
    relabelled_file(made[0]).unlink()
    dialog.labels.give([0, 1], ("tre;ble",))
    assert "tre;ble" in dialog.words.text()
    assert dialog.labels.points == before
    assert not dialog.labels.undo_stack.canUndo()


def test_mistakes_have_a_colour_of_their_own(dialog: TimbreMapDialog) -> None:
    dialog.panel.colour.setCurrentText(MISTAKES)
    assert [dialog.panel.key.item(0).text()] == ["Not judged  (12)"]
    dialog.set_theme(LIGHT)


def test_a_map_that_was_made_is_there_at_once(
    dialog: TimbreMapDialog, made: tuple[Path, Path], started: list[list[str]], qtbot: QtBot
) -> None:
    other = TimbreMapDialog(DARK)
    qtbot.addWidget(other)
    other.set_folder(made[0], "timbre-encoder")
    assert other.labels.points == dialog.labels.points != []
    assert started[-1][-2:] == ["--model", "timbre-encoder"]
    other.set_folder(made[0] / "nowhere")
    assert other.labels.points == []
    assert "There is no folder" in other.words.text()


def test_classes_look_different() -> None:
    names = [f"class {number}" for number in range(30)]
    for theme in (DARK, LIGHT):
        looks = class_looks(names, theme)
        assert len({looks[name] for name in names}) == 30
        assert looks[NO_LABEL][0] == theme.muted


def test_a_sound_of_the_map_lies_where_it_is(made: tuple[Path, Path]) -> None:
    of = read_map(made[1])
    projection = Projection(of)
    for vector, place in zip(of.vectors.astype(np.float32), of.places, strict=True):
        assert np.linalg.norm(np.array(projection.place(vector)) - place) < 0.5


def test_ten_thousand_points_are_shown_and_caught(qtbot: QtBot, rng: np.random.Generator) -> None:
    scatter = Scatter(DARK)
    qtbot.addWidget(scatter)
    scatter.resize(600, 600)
    scatter.show()
    qtbot.waitExposed(scatter)
    scatter.set_points(rng.uniform(-1, 1, (10_000, 2)).astype(np.float32))
    scatter.set_looks(["#ff0000", "#00ff00"] * 5000, ["o", "s"] * 5000)
    qtbot.wait(50)  # until it is painted
    caught: list[np.ndarray] = []
    scatter.caught.connect(lambda numbers, _added: caught.append(numbers))
    drag(qtbot, scatter, [(-1.04, -1.04), (0.0, -1.04), (0.0, 1.04), (-1.04, 1.04)], Qt.KeyboardModifier.NoModifier)
    wanted = np.flatnonzero(scatter.places[:, 0] < 0)
    assert len(np.setxor1d(caught[0], wanted)) < 100  # a pixel is not a place
