"""Each label that enters or leaves, as a list: a click or Enter goes there."""

from PySide6.QtCore import QEvent, QModelIndex, QSize, Signal, Slot
from PySide6.QtWidgets import QLabel, QPushButton, QTableView, QVBoxLayout, QWidget

from timbrescope.core.events import Event
from timbrescope.ui.event_log import EventLog
from timbrescope.ui.theme import Theme
from timbrescope.ui.viewport import Viewport
from timbrescope.ui.views.event_rows import EventRows
from timbrescope.ui.views.time_table import dress, takes_key

_MARGIN = 12
_MARK = 10


class _Table(QTableView):
    """While it has the focus, the keys that scroll a list do so and do not move the picture."""

    def event(self, event: QEvent) -> bool:
        """Keep the keys of the list from the window's shortcuts."""
        return takes_key(event) or super().event(event)


class EventList(QWidget):
    """The events as they come; while the end is in sight the list moves with them.

    ``sought`` carries where to go, ``export_asked`` that the list is wanted as a file.
    """

    sought = Signal(float)
    export_asked = Signal()

    def __init__(self, log: EventLog, viewport: Viewport, theme: Theme) -> None:
        super().__init__()
        self._log = log
        self._viewport = viewport
        self._follows = False  # the end, as soon as it is seen
        self.rows = EventRows(theme)
        self.table = _Table()
        self.table.setModel(self.rows)
        dress(self.table, "Events")
        self.table.setWordWrap(False)
        self.table.setIconSize(QSize(_MARK, _MARK))
        self.message = QLabel(wordWrap=True)
        self.message.setContentsMargins(_MARGIN, _MARGIN, _MARGIN, _MARGIN)
        self.export = QPushButton("&Export…")
        self.export.setToolTip("Save the events as a table (CSV), as JSON, or as labels for Audacity")
        self.export.clicked.connect(self.export_asked)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 6, 0, 6)
        layout.setSpacing(6)
        layout.addWidget(self.message)
        layout.addWidget(self.table, 1)
        layout.addWidget(self.export)
        self.table.clicked.connect(self._go)
        self.table.activated.connect(self._go)
        log.begun.connect(self._begin)
        log.told.connect(self._add)
        log.completed.connect(self._show_state)
        self._begin()

    def set_theme(self, theme: Theme) -> None:
        """Take other colours."""
        self.rows.set_theme(theme)

    def slow_tick(self) -> None:
        """Mark the row that the playhead has reached, and keep it in sight unless somebody looks elsewhere."""
        if not self.isVisible():
            return
        if self._follows:
            self._follows = False
            self.table.scrollToBottom()
        if self.rows.mark(self.rows.reached(self._viewport.playhead) - 1) and not (
            self._log.is_live or self.underMouse()
        ):
            self.table.scrollTo(self.rows.index(max(self.rows.marked, 0), 0))

    def take_keys(self) -> None:
        """Let the keys move through the list, from the row that the playhead has reached."""
        self.table.setFocus()
        if reached := self.rows.reached(self._viewport.playhead):
            self.table.selectRow(reached - 1)

    @Slot()
    def _begin(self) -> None:
        self.rows.clear()
        self._show_state()

    @Slot(list)
    def _add(self, told: list[Event]) -> None:
        bar = self.table.verticalScrollBar()
        at_end = bar.value() >= bar.maximum()  # before there is more
        for event in told:
            self.rows.add(event)
        self._show_state()
        if at_end and self._log.is_live:
            self._follows = not self.isVisible()
            if self.isVisible():  # a hidden list would be laid out in vain
                self.table.scrollToBottom()

    @Slot()
    def _show_state(self) -> None:
        there = self.rows.rowCount() > 0
        nothing = "Nothing that is certain enough enters or leaves."
        waiting = "What enters and leaves is listed here as soon as it is recognised."
        self.message.setText(nothing if self._log.is_complete else waiting)
        self.message.setVisible(not there)
        self.table.setVisible(there)
        self.export.setEnabled(there)

    @Slot(QModelIndex)
    def _go(self, index: QModelIndex) -> None:
        seconds = self.rows.at(index.row()).seconds
        self.sought.emit(seconds)
        view = self._viewport
        if not view.start <= seconds <= view.stop:
            view.show_time(seconds - view.seconds / 4, view.seconds)
