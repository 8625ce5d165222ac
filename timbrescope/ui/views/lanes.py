"""Lanes with what sorts and filters them."""

import time

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QLineEdit, QScrollBar, QVBoxLayout, QWidget

from timbrescope.settings import Settings
from timbrescope.ui.session import Session
from timbrescope.ui.theme import Theme
from timbrescope.ui.viewport import Viewport
from timbrescope.ui.views.base import LEFT_WIDTH
from timbrescope.ui.views.lane_plot import LanePlot
from timbrescope.ui.views.lane_rows import ALPHABET, MODEL, STRONGEST, Row, arrange

SORT_SECONDS = 2.0


class LanesView(QWidget):
    """The lanes with what sorts and filters them."""

    def __init__(self, session: Session, viewport: Viewport, theme: Theme, settings: Settings) -> None:
        super().__init__()
        self._session = session
        self._all_tags = settings.all_tags
        title = QLabel("Lanes")
        title.setFixedWidth(LEFT_WIDTH)
        title.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        title.setContentsMargins(0, 0, 8, 0)
        self.filter = QLineEdit(placeholderText="Filter labels", clearButtonEnabled=True)
        self.filter.setAccessibleName("Filter labels")
        self.filter.setMaximumWidth(220)
        self.filter.setFocusPolicy(Qt.FocusPolicy.ClickFocus)  # so that the space bar plays
        self.order = QComboBox()
        self.order.setAccessibleName("Order of the lanes")
        for text, order in (("Strongest first", STRONGEST), ("A to Z", ALPHABET), ("As in the model", MODEL)):
            self.order.addItem(text, order)
        self.message = QLabel()
        self.message.setSizePolicy(self.message.sizePolicy().Policy.Ignored, self.message.sizePolicy().Policy.Fixed)
        self._scroll_bar = QScrollBar(Qt.Orientation.Vertical)
        self.plot = LanePlot(session, viewport, theme, self._scroll_bar)

        bar = QHBoxLayout()
        bar.setContentsMargins(0, 2, 4, 2)
        for widget in (title, self.filter, self.order):
            bar.addWidget(widget)
        bar.addWidget(self.message, 1)
        body = QHBoxLayout()
        body.setSpacing(0)
        body.addWidget(self.plot, 1)
        body.addWidget(self._scroll_bar)
        policy = self._scroll_bar.sizePolicy()
        policy.setRetainSizeWhenHidden(True)  # so that the time axis keeps its place under the spectrogram's
        self._scroll_bar.setSizePolicy(policy)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(bar)
        layout.addLayout(body, 1)

        self._order_is_old = True
        self._sorted_at = 0.0
        self.filter.textChanged.connect(self.sort)
        self.order.currentIndexChanged.connect(self.sort)
        session.recognising.connect(self.sort)
        session.opening.connect(self.sort)
        session.changed.connect(self._mark_order)
        session.finished.connect(self.sort)

    @property
    def rows(self) -> list[Row]:
        """Return the lanes from top to bottom, without the headings."""
        return [line for line in self.plot.lines if isinstance(line, Row)]

    def set_theme(self, theme: Theme) -> None:
        """Take other colours."""
        self.plot.set_theme(theme)

    def set_settings(self, settings: Settings) -> None:
        """Take another choice of lanes."""
        if settings.all_tags != self._all_tags:
            self._all_tags = settings.all_tags
            self.sort()

    def tick(self) -> None:
        """Redraw what changed."""
        self._fit_scroll_bar()
        self.plot.tick()

    def slow_tick(self) -> None:
        """Bring the rows into order again, seldom enough to be read while the analysis goes on."""
        if self._order_is_old and time.monotonic() - self._sorted_at >= SORT_SECONDS:
            self.sort()

    @Slot()
    def _mark_order(self) -> None:
        self._order_is_old = self.order.currentData() == STRONGEST

    @Slot()
    def sort(self) -> None:
        """Choose and order the rows."""
        self._order_is_old = False
        self._sorted_at = time.monotonic()
        wanted = self.filter.text().strip()
        timeline = self._session.timeline
        lines = arrange(timeline, wanted, self.order.currentData(), all_tags=self._all_tags)
        if wanted and not lines and timeline.score_specs:
            self.message.setText(f"No label contains “{wanted}”.")
        elif self.message.text().startswith("No label"):
            self.message.clear()
        self.plot.set_lines(lines)
        self._fit_scroll_bar()

    def _fit_scroll_bar(self) -> None:
        visible = self.plot.rows_visible()
        lines = len(self.plot.lines)
        self._scroll_bar.setPageStep(visible)
        self._scroll_bar.setMaximum(max(0, lines - visible))
        self._scroll_bar.setVisible(lines > visible)
