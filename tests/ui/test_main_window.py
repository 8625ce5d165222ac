import os
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent, QWheelEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.conftest import sine
from tests.encoded import SUFFIXES, encode
from tests.ui.conftest import RATE
from timbrescope import paths
from timbrescope.core import picture
from timbrescope.settings import Settings
from timbrescope.ui.main_window import MainWindow

Opened = Callable[[Path], MainWindow]


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_every_format_opens_and_is_recognised(suffix: str, tmp_path: Path, opened: Opened) -> None:
    rate = 48_000
    window = opened(encode(tmp_path / f"höre mich {suffix[1:]}{suffix}", sine(1000.0, 2.5, rate), rate))
    assert window.viewport.duration == pytest.approx(2.5, abs=0.15)
    frames = window.session.timeline.mel.read(100, 200)
    assert abs(np.median(frames.argmax(axis=1)) + 0.5 - float(picture.band_of(1000.0))) < 1.5
    assert len(window.session.timeline.scores["tiny"]) >= 2
    assert not window.status.progress.isVisible()
    assert "höre mich" in window.windowTitle()


def test_the_window_starts_empty_and_usable(window: MainWindow) -> None:
    assert window.stack.currentWidget() is window.start_page
    assert not window.actions_["play"].isEnabled()
    assert window.actions_["open"].isEnabled()


def test_a_sine_is_a_bright_line_in_the_picture_and_a_click_a_column(opened: Opened, tone_file: Path) -> None:
    window = opened(tone_file)
    view = window.page.spectrogram
    image = view.grab().toImage()

    def brightness(seconds: float, hz: float) -> float:
        point = view.point_of(seconds, float(picture.band_of(hz)))
        ratio = image.devicePixelRatio()
        return float(image.pixelColor(int(point.x() * ratio), int(point.y() * ratio)).lightnessF())

    assert all(brightness(t, 440.0) > 0.5 for t in (0.4, 1.0, 2.6))
    assert all(brightness(t, hz) < 0.2 for t in (0.4, 1.0, 2.6) for hz in (900.0, 3000.0, 9000.0))
    assert all(brightness(2.0, hz) > 0.3 for hz in (900.0, 3000.0, 9000.0))


def test_the_readout_names_what_lies_under_the_pointer(opened: Opened, tone_file: Path) -> None:
    view = opened(tone_file).page.spectrogram
    words = view.describe(1.0, float(picture.band_of(440.0)))
    assert "440 Hz" in words
    assert "A4" in words
    level = float(words.split()[-2])
    assert level == pytest.approx(20 * np.log10(0.3), abs=1.5)


def test_the_time_axes_are_aligned(opened: Opened, tone_file: Path) -> None:
    page = opened(tone_file).page
    edges = []
    for view in (page.overview, page.spectrogram, page.lanes.plot):
        area = view.area
        edges.append((view.mapTo(page, area.topLeft()).x(), view.mapTo(page, area.topRight()).x()))
    assert np.ptp([left for left, _ in edges]) <= 1
    assert np.ptp([right for _, right in edges]) <= 1


def test_clicking_seeks_and_dragging_selects(opened: Opened, tone_file: Path, qtbot: QtBot) -> None:
    window = opened(tone_file)
    view = window.page.spectrogram

    def at(seconds: float) -> QPoint:
        return view.point_of(seconds, 100.0).toPoint()

    qtbot.mouseClick(view, Qt.MouseButton.LeftButton, pos=at(1.5))
    qtbot.waitUntil(lambda: abs(window.viewport.playhead - 1.5) < 0.02, timeout=120_000)
    qtbot.mousePress(view, Qt.MouseButton.LeftButton, pos=at(0.5))
    for seconds in np.linspace(0.6, 1.2, 6):
        qtbot.mouseMove(view, at(float(seconds)))
        qtbot.wait(20)
    qtbot.mouseRelease(view, Qt.MouseButton.LeftButton, pos=at(1.2))
    assert window.viewport.selection == pytest.approx((0.5, 1.2), abs=0.05)


def test_the_wheel_zooms_around_the_pointer(opened: Opened, tone_file: Path) -> None:
    window = opened(tone_file)
    view, viewport = window.page.spectrogram, window.viewport
    point = view.point_of(1.0, 100.0)

    def turn(modifiers: Qt.KeyboardModifier) -> None:
        event = QWheelEvent(
            point, view.mapToGlobal(point), QPoint(), QPoint(0, 240),
            Qt.MouseButton.NoButton, modifiers, Qt.ScrollPhase.NoScrollPhase, False,
        )  # fmt: skip
        QApplication.sendEvent(view, event)

    turn(Qt.KeyboardModifier.NoModifier)
    assert viewport.seconds < 2.5
    assert viewport.start < 1.0 < viewport.stop
    turn(Qt.KeyboardModifier.ControlModifier)
    assert viewport.high_band - viewport.low_band < picture.N_MELS
    before = viewport.start
    turn(Qt.KeyboardModifier.ShiftModifier)
    assert viewport.start < before or before == 0


def test_keys_play_skip_and_zoom(opened: Opened, tone_file: Path, qtbot: QtBot) -> None:
    window = opened(tone_file)
    window.activateWindow()
    qtbot.keyClick(window, Qt.Key.Key_Plus)
    assert window.viewport.seconds < 3.0
    qtbot.keyClick(window, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: window.viewport.playhead > 0.3, timeout=120_000)
    qtbot.keyClick(window, Qt.Key.Key_Space)
    stopped = window.viewport.playhead
    qtbot.wait(200)
    assert window.viewport.playhead == stopped
    qtbot.keyClick(window, Qt.Key.Key_Home)
    assert window.viewport.playhead == 0.0
    qtbot.keyClick(window, Qt.Key.Key_Right)
    assert window.viewport.playhead == pytest.approx(window.viewport.duration)


def test_playing_ends_at_the_end_and_starts_again_from_the_start(opened: Opened, tone_file: Path, qtbot: QtBot) -> None:
    window = opened(tone_file)
    window.transport.seek(2.6)
    window.transport.toggle()
    qtbot.waitUntil(lambda: not window.transport.is_playing, timeout=120_000)
    qtbot.waitUntil(lambda: window.viewport.playhead == pytest.approx(window.viewport.duration), timeout=120_000)
    window.transport.toggle()
    qtbot.waitUntil(lambda: 0.05 < window.viewport.playhead < 1.5, timeout=120_000)
    window.transport.toggle()


def test_following_scrolls_the_picture_under_the_playhead(opened: Opened, tone_file: Path, qtbot: QtBot) -> None:
    window = opened(tone_file)
    window.viewport.show_time(0.0, 1.0)
    window.transport.toggle()
    qtbot.waitUntil(lambda: window.viewport.start > 0.5, timeout=120_000)
    assert window.viewport.start <= window.viewport.playhead <= window.viewport.stop
    window.transport.toggle()


def test_a_looped_selection_comes_round(opened: Opened, tone_file: Path, qtbot: QtBot) -> None:
    window = opened(tone_file)
    window.viewport.select((0.5, 0.9))
    window.actions_["loop"].trigger()
    window.transport.toggle()
    seen: list[float] = []

    def came_round() -> bool:
        seen.append(window.viewport.playhead)
        return any(later < earlier for earlier, later in pairwise(seen))

    qtbot.waitUntil(came_round, timeout=120_000)
    window.transport.toggle()
    assert min(now for now in seen if now > 0) >= 0.4  # at first the playhead still lies at the start
    assert max(seen) <= 1.0


def test_lanes_are_sorted_and_filtered(opened: Opened, tone_file: Path) -> None:
    window = opened(tone_file)
    lanes, timeline = window.page.lanes, window.session.timeline
    order = [row.label for row in lanes.rows]
    clip = dict(zip(("low", "middle", "high"), timeline.clip_scores("tiny"), strict=True))
    assert order == sorted(clip, key=lambda label: -clip[label])
    lanes.order.setCurrentIndex(lanes.order.findData("alphabet"))
    assert [row.label for row in lanes.rows] == ["high", "low", "middle"]
    lanes.filter.setText("MID")
    assert [row.label for row in lanes.rows] == ["middle"]
    lanes.filter.setText("nothing like this")
    assert "nothing like this" in lanes.message.text()


def test_meters_tell_the_strongest_labels(opened: Opened, tone_file: Path, qtbot: QtBot) -> None:
    window = opened(tone_file)
    qtbot.waitUntil(lambda: window.page.meters.accessibleDescription().startswith("Now: "), timeout=120_000)
    strongest = window.page.lanes.rows[0].label
    assert strongest in window.page.meters.accessibleDescription().split(",")[0]


def test_an_unreadable_file_is_explained_where_one_looks(window: MainWindow, tmp_path: Path, qtbot: QtBot) -> None:
    path = tmp_path / "notes.wav"
    path.write_text("these are words, not sound" * 50)
    with qtbot.waitSignal(window.session.failed, timeout=120_000):
        window.open_file(path)
    assert window.stack.currentWidget() is window.start_page
    assert "notes.wav" in window.start_page.error.text()
    assert window.start_page.error.isVisible()
    window.start_page.show_error("")


def test_opening_another_file_leaves_nothing_of_the_first(opened: Opened, tmp_path: Path, tone_file: Path) -> None:
    long = encode(tmp_path / "long.flac", np.tile(sine(5000.0, 30.0, 22_050), 6), 22_050)
    window = opened(tone_file)
    window.open_file(long)
    QApplication.processEvents()
    window = opened(tone_file)
    assert window.viewport.duration == pytest.approx(3.0, abs=0.01)
    assert len(window.session.timeline.mel) in (300, 301)
    assert window.session.timeline.mel.read(0, 301)[:, int(picture.band_of(5000.0))][:190].max() < 100


def test_closing_while_analysing_ends_the_threads(window: MainWindow, tmp_path: Path, qtbot: QtBot) -> None:
    path = encode(tmp_path / "long.flac", np.tile(sine(300.0, 30.0, 22_050), 10), 22_050)
    window.open_file(path)
    qtbot.waitUntil(lambda: window.session.timeline.seconds > 0, timeout=120_000)
    window.close()
    assert not window.session.is_analysing


def test_dropping_a_file_opens_it(window: MainWindow, tone_file: Path, qtbot: QtBot) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(tone_file))])
    event = QDropEvent(
        QPointF(100, 100), Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    )
    with qtbot.waitSignal(window.session.finished, timeout=120_000):
        window.dropEvent(event)
    assert window.session.path == tone_file


def test_opened_files_are_remembered(opened: Opened, tone_file: Path, settings: Settings, qtbot: QtBot) -> None:
    opened(tone_file).close()
    again = MainWindow(settings)
    qtbot.addWidget(again)
    assert [action.text() for action in again.recent.menu.actions()] == [tone_file.name]
    again.close()


def test_changed_settings_are_kept_and_seen(opened: Opened, tone_file: Path, qtbot: QtBot) -> None:
    window = opened(tone_file)
    before = window.page.spectrogram.grab().toImage()
    window.preferences.change(replace(window.preferences.settings, colour_map="viridis", theme="light"))
    qtbot.waitUntil(lambda: window.page.spectrogram.grab().toImage() != before, timeout=120_000)
    assert Settings.load(paths.config()).colour_map == "viridis"
    with qtbot.waitSignal(window.session.finished, timeout=120_000):
        window.preferences.change(replace(window.preferences.settings, update_seconds=0.25))
    assert window.session.timeline.score_specs["tiny"].hop_seconds == pytest.approx(0.256, abs=0.01)


def test_without_its_model_the_window_shows_and_offers_it(window: MainWindow, tone_file: Path, qtbot: QtBot) -> None:
    window.preferences.change(replace(window.preferences.settings, models=("musicnn-mtt",)))
    with qtbot.waitSignal(window.session.finished, timeout=120_000):
        window.open_file(tone_file)
    assert len(window.session.timeline.mel) > 0
    notice = window.notice
    assert "musicnn-mtt" in notice.text.text()
    assert notice.button.text() == "Install"


def test_every_shortcut_is_used_once(window: MainWindow) -> None:
    keys = [key.toString() for action in window.actions_.all() for key in action.shortcuts()]
    assert len(keys) == len(set(keys))


def test_frames_of_another_size_do_not_stop_at_the_edge(opened: Opened, tmp_path: Path) -> None:
    window = opened(encode(tmp_path / "short.wav", sine(440.0, 0.05, RATE), RATE))
    assert window.viewport.duration == pytest.approx(0.05, abs=0.01)
    assert "filled up with silence" in window.notice.text.text()


def test_a_silent_recording_is_called_one(opened: Opened, tmp_path: Path) -> None:
    window = opened(encode(tmp_path / "still.wav", np.zeros(2 * RATE, np.float32), RATE))
    assert "nothing but silence" in window.notice.text.text()


def test_a_truncated_recording_shows_what_there_is_and_says_so(
    window: MainWindow, tmp_path: Path, qtbot: QtBot
) -> None:
    path = encode(tmp_path / "cut.wav", sine(440.0, 4.0, RATE), RATE)
    os.truncate(path, path.stat().st_size // 2)
    with qtbot.waitSignal(window.session.failed, timeout=120_000):
        window.open_file(path)
    assert window.stack.currentWidget() is window.page
    assert "ends early" in window.notice.text.text()
    assert window.viewport.duration == pytest.approx(2.0, abs=0.05)


def test_a_closed_recording_leaves_the_start_page_and_can_be_opened_again(
    opened: Opened, tone_file: Path, qtbot: QtBot
) -> None:
    window = opened(tone_file)
    window.actions_["close"].trigger()
    assert window.stack.currentWidget() is window.start_page
    qtbot.wait(500)  # a few beats of both clocks
    opened(tone_file)
    assert window.stack.currentWidget() is window.page
    assert window.page.lanes.rows


def test_a_device_that_is_not_there_is_not_taken_for_a_missing_model(
    window: MainWindow, tone_file: Path, qtbot: QtBot
) -> None:
    if torch.cuda.is_available():
        pytest.skip("this machine has one")
    window.preferences.change(replace(window.preferences.settings, device="cuda"))
    with qtbot.waitSignal(window.session.finished, timeout=120_000):
        window.open_file(tone_file)
    assert "cuda" in window.notice.text.text()
    assert len(window.session.timeline.mel) > 0
