"""A picture that is drawn bit by bit while sound comes in is the one that is drawn at once."""

from collections.abc import Iterator

import numpy as np
import pytest
from PySide6.QtCore import QPointF
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtWidgets import QScrollBar
from pytestqt.qtbot import QtBot

from timbrescope.core import picture
from timbrescope.core.timeline import Chunk, ScoreSpec, Timeline
from timbrescope.core.voice import COLUMNS, F0
from timbrescope.settings import Settings
from timbrescope.ui.annotation import Annotation
from timbrescope.ui.phonemes_heard import PhonemesHeard
from timbrescope.ui.session import Session
from timbrescope.ui.theme import DARK
from timbrescope.ui.viewport import Viewport
from timbrescope.ui.views.base import TimeView
from timbrescope.ui.views.lane_plot import LanePlot
from timbrescope.ui.views.lane_rows import MODEL, arrange
from timbrescope.ui.views.scrolling import Pixels, ScrollingImage, packed
from timbrescope.ui.views.segment_lanes import SegmentLanes
from timbrescope.ui.views.spectrogram import SpectrogramView

SPECS = (
    ScoreSpec("a", "instruments", ("cello", "piano", "drums"), 0.5, 1.0),
    ScoreSpec("b", "tags", ("female", "rock", "woman"), 0.25, 3.0),
    ScoreSpec("c", "phonemes", ("sil", "a", "o", "s"), 0.01, 0.01),
)
WIDTH, HEIGHT = 700, 160

pytestmark = pytest.mark.usefixtures("qapp")


class Listening(Session):
    """A session that hears what the test appends."""

    is_analysing = True  # there is no thread


@pytest.fixture
def session() -> Iterator[Session]:
    session = Listening(Settings())
    session.timeline = Timeline(SPECS)
    yield session
    session.close()


@pytest.fixture
def heard(session: Session) -> PhonemesHeard:
    heard = PhonemesHeard(session)
    session.recognising.emit()
    return heard


def hear(session: Session, heard: PhonemesHeard, end: float) -> None:
    """Let all be known up to a second: the picture at once, the rest as late as it is."""
    timeline = session.timeline
    frames = np.arange(len(timeline.mel), int(end / picture.HOP_SECONDS))
    mel = (97 * frames[:, None] + 31 * np.arange(picture.N_MELS)) % 256
    rows = np.arange(len(timeline.voice), max(len(timeline.voice), int((end - 0.3) / picture.HOP_SECONDS)))
    voice = np.zeros((len(rows), COLUMNS), np.float32)
    voice[:, F0] = np.where(rows // 70 % 3 == 2, 0, 220 + rows % 90)
    scores = {}
    for spec in SPECS:
        first = len(timeline.scores[spec.name])
        index = np.arange(first, max(first, int((end - spec.window_seconds) / spec.hop_seconds)))[:, None]
        label = np.arange(len(spec.labels))
        wave = 0.5 + 0.5 * np.sin(index * 0.7 + 2 * label)
        sounds = np.where(index // 23 * 5 % len(spec.labels) == label, 0.9, 0.03)
        scores[spec.name] = (sounds if spec.kind == "phonemes" else wave).astype(np.float32)
    silence = np.zeros((len(frames), 2), np.int16)
    timeline.append(Chunk(end, silence, mel.astype(np.uint8), np.ones(len(frames), np.float32), scores, voice=voice))
    session.changed.emit()
    heard.tick()


def view_of(kind: str, session: Session, heard: PhonemesHeard, viewport: Viewport, qtbot: QtBot) -> TimeView:
    view: TimeView
    if kind == "spectrogram":
        view = SpectrogramView(session, heard, viewport, DARK, Settings())
    elif kind == "segments":
        view = SegmentLanes(heard, Annotation(), viewport, DARK)
    else:
        bar = QScrollBar()
        qtbot.addWidget(bar)
        plot = LanePlot(session, viewport, DARK, bar)
        plot.set_lines(arrange(session.timeline, "", MODEL))
        view = plot
    qtbot.addWidget(view)
    view.resize(WIDTH, view.maximumHeight() if kind == "segments" else HEIGHT)
    return view


def picture_of(view: TimeView) -> QImage:
    view.redraw()
    return view.grab().toImage()


@pytest.mark.parametrize(("visible", "portion", "end"), [(3.0, 0.13, 6.0), (20.0, 0.9, 50.0), (41.7, 2.3, 90.0)])
@pytest.mark.parametrize("kind", ["spectrogram", "lanes", "segments"])
def test_bit_by_bit_is_at_once(
    kind: str, visible: float, portion: float, end: float, session: Session, heard: PhonemesHeard, qtbot: QtBot
) -> None:
    viewport = Viewport()
    viewport.begin(visible)
    view = view_of(kind, session, heard, viewport, qtbot)
    for number, now in enumerate(np.arange(portion, end, portion)):
        hear(session, heard, float(now))
        viewport.set_duration(max(visible, float(now)))
        viewport.run_to(float(now) - 0.01)
        view.redraw()
        if number % 10 == 9:
            other = view_of(kind, session, heard, viewport, qtbot)
            slow = view, other
            for one in slow:
                if isinstance(one, SpectrogramView):
                    one.slow_tick()  # the names of notes are found now and then
            assert picture_of(view) == picture_of(other)


def fill(first: int, stop: int) -> Pixels:
    numbers = np.arange(first, stop, dtype=np.uint32)
    return np.repeat((0xFF000000 | numbers)[None], 3, axis=0)


def test_only_what_is_new_or_not_settled_is_drawn() -> None:
    image = ScrollingImage()
    assert image.show(0, (3, 100), 60, "key", fill)
    assert image.columns_drawn == 100
    assert image.show(7, (3, 100), 80, "key", fill)
    assert image.columns_drawn == 100 + 47  # from 60 to 107
    assert image.show(7, (3, 100), 107, "key", fill)
    assert not image.show(7, (3, 100), 107, "key", fill)
    assert image.columns_drawn == 147 + 27
    np.testing.assert_array_equal(image.visible, fill(7, 107))
    assert image.show(0, (3, 100), 107, "key", fill)  # back
    assert image.columns_drawn == 174 + 7
    np.testing.assert_array_equal(image.visible, fill(0, 100))
    assert image.show(0, (3, 100), 107, "another key", fill)
    assert image.columns_drawn == 181 + 100


def test_what_is_drawn_over_goes_on_across_the_edge_of_the_image() -> None:
    def line(painter: QPainter, _first: int, _stop: int) -> None:
        painter.fillRect(95, 1, 10, 1, QColor("#ff0000"))

    image = ScrollingImage()
    for first in range(0, 60, 7):
        image.show(first, (3, 100), first + 100, "key", fill, line)
    wanted = fill(56, 156)
    wanted[1, 95 - 56 : 105 - 56] = packed("#ff0000")
    np.testing.assert_array_equal(image.visible, wanted)
    shown = QImage(100, 3, QImage.Format.Format_RGB32)
    painter = QPainter(shown)
    image.draw(painter, QPointF(0, 0), 1.0)
    painter.end()
    assert [shown.pixel(x, 1) for x in range(100)] == wanted[1].tolist()
