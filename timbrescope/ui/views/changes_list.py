"""What changes in the recording, as a list: a click or Enter goes there."""

from PySide6.QtCore import QEvent, QModelIndex, Qt, Signal, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QLabel, QTableWidget, QTableWidgetItem, QVBoxLayout, QWidget

from timbrescope.core.changes import Change
from timbrescope.core.clock import clock
from timbrescope.ui.findings import Findings
from timbrescope.ui.viewport import Viewport
from timbrescope.ui.views.time_table import dress, takes_key


class _Table(QTableWidget):
    """Times and words; while it has the focus, the keys that scroll a list do so and do not move the picture."""

    def __init__(self) -> None:
        super().__init__(0, 2)
        dress(self, "What changes")
        self.setWordWrap(True)

    def event(self, event: QEvent) -> bool:
        """Keep the keys of the list from the window's shortcuts."""
        return takes_key(event) or super().event(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Break the words anew."""
        super().resizeEvent(event)
        self.resizeRowsToContents()


class ChangesList(QWidget):
    """The changes in the order of time; the one that the playhead has reached last is bold."""

    sought = Signal(float)

    def __init__(self, findings: Findings, viewport: Viewport) -> None:
        super().__init__()
        self._findings = findings
        self._viewport = viewport
        self._reached: int | None = None
        self.table = _Table()
        self.message = QLabel(wordWrap=True)
        self.message.setContentsMargins(12, 12, 12, 12)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 6, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.message)
        layout.addWidget(self.table, 1)
        self.table.clicked.connect(self._go)
        self.table.activated.connect(self._go)
        findings.changed.connect(self._show_changes)
        self._show_changes()

    def slow_tick(self) -> None:
        """Mark the change that the playhead has reached."""
        now = self._viewport.playhead
        before = [row for row, change in enumerate(self._findings.changes) if change.seconds <= now + 1e-3]
        reached = before[-1] if before else None
        if reached == self._reached:
            return
        for row, bold in ((self._reached, False), (reached, True)):
            if row is None:
                continue
            for column in range(2):
                if (item := self.table.item(row, column)) is not None:
                    font = item.font()
                    font.setBold(bold)
                    item.setFont(font)
            self.table.resizeRowToContents(row)
        self._reached = reached

    def take_keys(self) -> None:
        """Let the keys move through the list, from the change that the playhead has reached."""
        self.table.setFocus()
        if self._reached is not None:
            self.table.selectRow(self._reached)

    @Slot()
    def _show_changes(self) -> None:
        found = self._findings.changes
        self._reached = None
        self.table.setRowCount(len(found))
        for row, change in enumerate(found):
            time = QTableWidgetItem(clock(change.seconds))
            time.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignTop)
            words = QTableWidgetItem(_words(change))
            words.setToolTip(_spoken(change))
            words.setData(Qt.ItemDataRole.AccessibleTextRole, f"{clock(change.seconds)}: {_spoken(change)}")
            words.setTextAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
            self.table.setItem(row, 0, time)
            self.table.setItem(row, 1, words)
        self.table.resizeRowsToContents()
        self.table.setVisible(bool(found))
        nothing = "Nothing that is certain enough enters or leaves." if self._findings.is_complete else ""
        self.message.setText(nothing or "What enters and leaves is listed when the analysis is done.")
        self.message.setVisible(not found)
        self.slow_tick()

    @Slot(QModelIndex)
    def _go(self, index: QModelIndex) -> None:
        seconds = self._findings.changes[index.row()].seconds
        self.sought.emit(seconds)
        view = self._viewport
        if not view.start <= seconds <= view.stop:
            view.show_time(seconds - view.seconds / 4, view.seconds)


def _words(change: Change) -> str:
    signed = (("+", change.entered), ("–", change.left))
    return "\n".join(f"{sign} {', '.join(labels)}" for sign, labels in signed if labels)


def _spoken(change: Change) -> str:
    verbs = (("enter", change.entered), ("leave", change.left))
    return "; ".join(f"{', '.join(labels)} {verb}{'s' * (len(labels) == 1)}" for verb, labels in verbs if labels)
