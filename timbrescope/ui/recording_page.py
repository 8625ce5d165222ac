"""The open recording: overview, spectrogram and lanes over one time axis, meters and changes beside them."""

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QLabel, QScrollBar, QSplitter, QStyle, QVBoxLayout, QWidget

from timbrescope.core.clock import clock
from timbrescope.settings import Settings
from timbrescope.ui.annotation import Annotation
from timbrescope.ui.event_log import EventLog
from timbrescope.ui.findings import Findings
from timbrescope.ui.phonemes_heard import PhonemesHeard
from timbrescope.ui.session import Session
from timbrescope.ui.side_panel import SidePanel
from timbrescope.ui.theme import Theme
from timbrescope.ui.viewport import Viewport
from timbrescope.ui.views.base import LEFT_WIDTH
from timbrescope.ui.views.changes_list import ChangesList
from timbrescope.ui.views.colour_bar import ColourBar
from timbrescope.ui.views.event_list import EventList
from timbrescope.ui.views.lanes import LanesView
from timbrescope.ui.views.meters import MetersView
from timbrescope.ui.views.segment_lanes import SegmentLanes
from timbrescope.ui.views.spectrogram import AXIS_WIDTH, SpectrogramView
from timbrescope.ui.views.summary_line import SummaryLine
from timbrescope.ui.views.voice_view import VoiceView
from timbrescope.ui.views.waveform import OverviewView

_SCROLL_STEPS = 10_000
_SIDE_WIDTH = LEFT_WIDTH - AXIS_WIDTH


class RecordingPage(QWidget):
    """Everything that shows the open recording."""

    sought = Signal(float)
    pointed = Signal(str)
    gain_stepped = Signal(int)
    range_stepped = Signal(int)

    def __init__(self, session: Session, viewport: Viewport, theme: Theme, settings: Settings) -> None:
        super().__init__()
        self._session = session
        self._viewport = viewport
        self.overview = OverviewView(session, viewport, theme)
        self.heard = PhonemesHeard(session, self)
        self.spectrogram = SpectrogramView(session, self.heard, viewport, theme, settings)
        self.lanes = LanesView(session, viewport, theme, settings)
        self.meters = MetersView(session, viewport, theme, settings)
        self.findings = Findings(session, self)
        self.summary = SummaryLine(self.findings)  # the window's tool bar has room for it
        self.changes = ChangesList(self.findings, viewport)
        self.event_log = EventLog(session, self)
        self.events = EventList(self.event_log, viewport, theme)
        self.annotation = Annotation(self)
        self.segments = SegmentLanes(self.heard, self.annotation, viewport, theme)
        self.voice = VoiceView(session, viewport, self.heard, self.annotation, theme)
        self.side = SidePanel(self.meters, self.changes, self.events, self.voice)
        self.colour_bar = ColourBar(theme, settings)
        self.colour_bar.setFixedWidth(_SIDE_WIDTH)
        self.position = QLabel()
        self.position.setFixedWidth(_SIDE_WIDTH)
        self.position.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.position.setAccessibleName("Playhead")
        self._scroll_bar = QScrollBar(Qt.Orientation.Horizontal)
        self._scroll_bar.setAccessibleName("Visible stretch of time")

        margin = self.style().pixelMetric(QStyle.PixelMetric.PM_ScrollBarExtent)  # of the lanes' scroll bar
        self._splitter = QSplitter(Qt.Orientation.Vertical)
        self._splitter.setChildrenCollapsible(False)
        sound = _column(_row(self.colour_bar, self.spectrogram, margin), _row(None, self.segments, margin))
        self._splitter.addWidget(sound)
        self._splitter.addWidget(self.lanes)
        self._splitter.setStretchFactor(0, 3)
        self._splitter.setStretchFactor(1, 2)
        left = QVBoxLayout()
        left.setSpacing(0)
        left.addWidget(_row(self.position, self.overview, margin))
        left.addWidget(self._splitter, 1)
        left.addWidget(self._scroll_bar)
        body = QHBoxLayout(self)
        body.setContentsMargins(0, 0, 0, 0)
        body.setSpacing(0)
        body.addLayout(left, 1)
        body.addWidget(self.side)

        self._connect()
        self._fit_scroll_bar()
        self._show_position()

    def _connect(self) -> None:
        for view in (self.overview, self.spectrogram, self.segments, self.lanes.plot):
            view.sought.connect(self.sought)
            view.pointed.connect(self.pointed)
        self.side.sought.connect(self.sought)
        self.colour_bar.gain_stepped.connect(self.gain_stepped)
        self.colour_bar.range_stepped.connect(self.range_stepped)
        self._viewport.playhead_moved.connect(self._show_position)
        self._viewport.moved.connect(self._show_position)
        self._scroll_bar.valueChanged.connect(self._scroll)

    def set_theme(self, theme: Theme) -> None:
        """Take other colours."""
        for part in (self.overview, self.spectrogram, self.segments, self.lanes, self.colour_bar):
            part.set_theme(theme)
        for panel in (self.meters, self.events, self.voice):
            panel.set_theme(theme)

    def set_settings(self, settings: Settings) -> None:
        """Take other settings of the picture, the lanes and the meters."""
        self.lanes.set_settings(settings)
        self.spectrogram.set_settings(settings)
        self.colour_bar.set_settings(settings)
        self.meters.set_settings(settings)
        self.event_log.set_settings()

    def tick(self) -> None:
        """Redraw what changed."""
        self.overview.tick()
        self.spectrogram.tick()
        self.segments.tick()
        self.lanes.tick()
        self.voice.tick()

    @Slot()
    def slow_tick(self) -> None:
        """Refresh what is read rather than watched."""
        self._fit_scroll_bar()
        self.overview.slow_tick()
        self.spectrogram.slow_tick()
        self.lanes.slow_tick()
        self.meters.slow_tick()
        self.changes.slow_tick()
        self.events.slow_tick()
        self.voice.slow_tick()
        if self._session.timeline.seconds or not self._session.is_analysing:  # else nobody knows yet
            self.side.show_voice(shown=self.voice.has_something)

    @Slot()
    def _show_position(self) -> None:
        now = self._viewport.playhead
        duration = self._viewport.duration if self._session.sitting is None else self._session.timeline.seconds
        text = f"<b>{clock(now, 0.1)}</b><br><small>{clock(duration, 0.1)}</small>"
        if text != self.position.text():  # far less often than the playhead moves
            self.position.setText(text)

    def _fit_scroll_bar(self) -> None:
        viewport = self._viewport
        scale = _SCROLL_STEPS / max(viewport.duration, 1e-6)
        page = min(_SCROLL_STEPS, round(viewport.seconds * scale))
        self._scroll_bar.blockSignals(True)
        self._scroll_bar.setRange(0, _SCROLL_STEPS - page)
        self._scroll_bar.setPageStep(page)
        self._scroll_bar.setSingleStep(max(1, page // 10))
        self._scroll_bar.setValue(round(viewport.start * scale))
        self._scroll_bar.blockSignals(False)

    @Slot(int)
    def _scroll(self, value: int) -> None:
        self._viewport.show_time(value / _SCROLL_STEPS * self._viewport.duration, self._viewport.seconds)


def _column(upper: QWidget, lower: QWidget) -> QWidget:
    column = QWidget()
    layout = QVBoxLayout(column)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(0)
    layout.addWidget(upper, 1)
    layout.addWidget(lower)
    return column


def _row(side: QWidget | None, view: QWidget, margin: int) -> QWidget:
    row = QWidget()
    layout = QHBoxLayout(row)
    layout.setContentsMargins(0, 0, margin, 0)
    layout.setSpacing(0)
    if side is not None:
        layout.addWidget(side)
    layout.addWidget(view, 1)
    return row
