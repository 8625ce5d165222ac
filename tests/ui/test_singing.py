"""Phonemes, annotations and a voice in a real window."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from tests.conftest import sine
from tests.encoded import encode
from tests.tiny import SPEC, Tiny
from timbrescope import paths
from timbrescope.core.segment_files import read_tiers
from timbrescope.core.segments import Segment
from timbrescope.core.voice import F0
from timbrescope.recognition.checkpoint import save_checkpoint
from timbrescope.settings import Settings
from timbrescope.ui.align_dialog import PHONES, AlignDialog
from timbrescope.ui.annotation_editor import typed_label
from timbrescope.ui.main_window import MainWindow
from training.sources.annotations import read_annotated

RATE = 16_000
PHONEMES = replace(
    SPEC, name="phonemes", kind="phonemes", labels=("o", "a", "s"), window_frames=2, hop_frames=1, activation="softmax"
)
"""Takes low sounds for o, those in the middle for a and high ones for s."""

Opened = Callable[[Path], MainWindow]


@pytest.fixture
def settings(settings: Settings) -> Settings:
    weights = Tiny(3, 24).state_dict()
    weights["linear.weight"] = weights["linear.weight"] * 4
    save_checkpoint(paths.models() / "phonemes.safetensors", PHONEMES, weights)
    return replace(settings, models=("phonemes",))


@pytest.fixture
def song(tmp_path: Path) -> Path:
    """An o of a second, an s of half a one, an o of a second."""
    low, high = sine(220.0, 1.0, RATE), sine(6000.0, 0.5, RATE)
    return encode(tmp_path / "song.wav", np.concatenate([low, high, low]), RATE)


@pytest.fixture
def sung(opened: Opened, song: Path, qtbot: QtBot) -> MainWindow:
    window = opened(song)
    qtbot.waitUntil(lambda: len(window.page.heard.segments) >= 3, timeout=30_000)
    return window


def labels(window: MainWindow) -> list[str]:
    return [one.label for one in window.page.annotation.segments]


def test_what_is_heard_grows_into_segments_and_a_lane(sung: MainWindow) -> None:
    heard = sung.page.heard.segments
    assert [one.label for one in heard] == ["o", "s", "o"]
    assert [one.start for one in heard] == pytest.approx([0.0, 1.0, 1.5], abs=0.04)
    assert all(one.score and one.score > 0.5 for one in heard)
    assert sung.page.segments.isVisible()
    words = sung.page.segments.describe(1.2, 0.5)
    assert " s " in words
    assert "ms" in words


def test_a_voice_is_followed_beside_a_model_of_phonemes(sung: MainWindow, qtbot: QtBot) -> None:
    rows = sung.session.timeline.voice.read(0, 250)
    assert len(rows) == pytest.approx(250, abs=1)
    assert np.median(rows[20:80, F0]) == pytest.approx(220, rel=0.02)
    sung.transport.seek(0.5)
    sung.actions_["voice"].trigger()
    qtbot.waitUntil(lambda: "A3" in sung.page.voice.accessibleDescription(), timeout=10_000)
    assert "A3" in sung.page.spectrogram.describe(0.5, 40.0)
    assert sung.page.voice.segment is not None
    assert sung.page.voice.segment.label == "o"


def test_without_phonemes_there_is_no_lane_and_no_tab(window: MainWindow, song: Path, qtbot: QtBot) -> None:
    window.preferences.put("models", ("tiny",))
    with qtbot.waitSignal(window.session.finished, timeout=30_000):
        window.open_file(song)
    window.page.slow_tick()
    assert not window.page.segments.isVisible()
    assert not window.page.side.isTabVisible(window.page.side.indexOf(window.page.voice))
    assert len(window.session.timeline.voice) == 0
    assert not window.actions_["segment-split"].isEnabled()
    with qtbot.waitSignal(window.session.finished, timeout=30_000):
        window.actions_["voice"].trigger()
    assert len(window.session.timeline.voice) > 0
    assert window.page.side.currentWidget() is window.page.voice


def test_corrections_by_keys_are_saved_and_can_be_learnt_from(
    sung: MainWindow, song: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    act = sung.actions_
    act["annotation-correct"].trigger()
    sung.transport.seek(0.0)
    act["segment-next"].trigger()
    act["segment-next"].trigger()
    assert sung.page.annotation.selected == 1
    assert sung.viewport.playhead == pytest.approx(1.0, abs=0.04)
    sung.singing.editor.relabel(typed_label("S"))
    sung.transport.seek(1.25)
    act["segment-split"].trigger()
    assert labels(sung) == ["o", "ʃ", "ʃ", "o"]
    act["undo"].trigger()
    act["undo"].trigger()
    assert labels(sung) == ["o", "s", "o"]
    act["redo"].trigger()
    sung.transport.seek(1.1)
    act["segment-start"].trigger()
    act["segment-previous"].trigger()
    act["segment-delete"].trigger()
    assert [(one.label, round(one.start, 2)) for one in sung.page.annotation.segments[:1]] == [("ʃ", 1.1)]
    target = song.with_suffix(".TextGrid")
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(target), "Praat TextGrid (*.TextGrid)"))
    act["annotation-save"].trigger()
    assert not sung.page.annotation.is_dirty
    (item,) = read_annotated(song.parent).items
    assert [one.label for one in item.segments] == ["sil", "ʃ", "o"]


def test_a_boundary_is_dragged_with_the_mouse(sung: MainWindow, qtbot: QtBot) -> None:
    sung.actions_["annotation-correct"].trigger()
    qtbot.wait(100)
    view = sung.page.segments
    before = sung.page.annotation.segments

    def at(seconds: float) -> QPoint:
        return view.point_of(seconds, 1.5).toPoint()

    qtbot.mousePress(view, Qt.MouseButton.LeftButton, pos=at(before[0].end))
    for seconds in np.linspace(before[0].end, 0.8, 6):
        qtbot.mouseMove(view, at(float(seconds)))
        qtbot.wait(20)
    qtbot.mouseRelease(view, Qt.MouseButton.LeftButton, pos=at(0.8))
    after = sung.page.annotation.segments
    assert after[0].end == after[1].start == pytest.approx(0.8, abs=0.02)
    assert sung.viewport.selection is None
    sung.page.annotation.undo_stack.undo()
    assert sung.page.annotation.segments == before


def test_a_label_is_typed_over_its_segment_and_tab_goes_on(sung: MainWindow, qtbot: QtBot) -> None:
    sung.actions_["annotation-correct"].trigger()
    qtbot.wait(100)
    view = sung.page.segments
    point = view.point_of(0.5, 1.5).toPoint()
    qtbot.mouseDClick(view, Qt.MouseButton.LeftButton, pos=point)
    field = sung.singing.editor.field
    if not field.isVisible():  # some platforms send no click before a double click
        sung.page.annotation.select(0, 0)
        sung.actions_["segment-label"].trigger()
    assert field.isVisible()
    field.setText("S")
    qtbot.keyClick(field, Qt.Key.Key_Tab)
    assert labels(sung) == ["ʃ", "s", "o"]
    assert sung.page.annotation.selected == 1
    field.setText("z")
    qtbot.keyClick(field, Qt.Key.Key_Return)
    assert labels(sung) == ["ʃ", "z", "o"]
    assert not field.isVisible()


def test_a_segment_plays_and_stops_at_its_end(sung: MainWindow, qtbot: QtBot) -> None:
    sung.actions_["annotation-correct"].trigger()
    sung.page.annotation.select(0, 1)
    sung.actions_["segment-play"].trigger()
    assert sung.transport.is_playing
    qtbot.waitUntil(lambda: not sung.transport.is_playing, timeout=20_000)
    assert sung.viewport.playhead >= sung.page.annotation.segments[1].end - 0.01


def test_what_is_heard_is_exported_in_each_format(
    sung: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for kind, suffix in (("Praat TextGrid (*.TextGrid)", ".TextGrid"), ("HTK labels (*.lab)", ".lab")):
        monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_, kind=kind: (str(tmp_path / "out"), kind))
        sung.actions_["phonemes-export"].trigger()
        (tier,) = read_tiers(tmp_path / f"out{suffix}")
        assert [one.label for one in tier.segments] == ["o", "s", "o"]


def test_lyrics_become_words_and_phones(sung: MainWindow, qtbot: QtBot) -> None:
    spec, track = PHONEMES, sung.session.timeline.scores["phonemes"]
    assert sung.page.heard.spec is not None
    dialog = AlignDialog(track.read(0, len(track)), sung.page.heard.spec, sung)
    dialog.aligned.connect(sung.singing._on_aligned)
    dialog.language.setCurrentText(PHONES)
    dialog.text.setPlainText("ʃ")
    dialog._align()
    qtbot.waitUntil(lambda: "no label" in dialog.message.text(), timeout=10_000)
    dialog.text.setPlainText("o s | o")
    with qtbot.waitSignal(dialog.aligned, timeout=20_000):
        dialog._align()
    words, phones = sung.page.annotation.tiers
    assert [one.label for one in words.segments] == ["os", "o"]
    assert [one.label for one in phones.segments] == ["o", "s", "o"]
    assert words.segments[1].start == pytest.approx(1.5, abs=0.05)
    assert spec.labels == sung.page.heard.spec.labels


def test_a_file_that_is_no_annotation_is_told(sung: MainWindow, tmp_path: Path) -> None:
    path = tmp_path / "bad.TextGrid"
    path.write_text("no")
    sung.singing.open_annotation(path)
    assert "bad.TextGrid" in sung.notice.text.text()
    assert not sung.page.annotation.is_open


def test_an_opened_annotation_is_shown_below_what_is_heard(sung: MainWindow, tmp_path: Path) -> None:
    path = tmp_path / "marks.txt"
    path.write_text("0\t1\to\n1.2\t1.4\ts\n")
    sung.singing.open_annotation(path)
    assert [lane.title for lane in sung.page.segments.lanes] == ["Phonemes", "phones"]
    assert sung.page.annotation.segments[1] == Segment(1.2, 1.4, "s")
    assert not sung.page.annotation.is_dirty
