"""The rows of the list of events: a label that enters or leaves in each, in the order of time."""

from bisect import bisect_right
from typing import Any, Final

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtGui import QColor, QFont

from timbrescope.core.clock import clock
from timbrescope.core.events import Event
from timbrescope.core.labels import family
from timbrescope.core.tag_groups import GROUPS, group_of
from timbrescope.ui.theme import Theme

TIME, LABEL, DURATION = range(3)
_HERE, _GONE = 255, 80  # of colours
_NOWHERE: Final = QModelIndex()
_Index = QModelIndex | QPersistentModelIndex


class EventRows(QAbstractTableModel):
    """Time, label and, of what has left, how long it was there.

    Attributes:
        marked: row that is bold; -1 for none.
    """

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._rows: list[Event] = []
        self.marked = -1

    def set_theme(self, theme: Theme) -> None:
        """Take other colours."""
        self.beginResetModel()
        self._theme = theme
        self.endResetModel()

    def clear(self) -> None:
        """Take all rows away."""
        self.beginResetModel()
        self._rows.clear()
        self.marked = -1
        self.endResetModel()

    def add(self, event: Event) -> None:
        """Add a row at its time, behind others of that time."""
        place = bisect_right(self._rows, event.seconds, key=lambda row: row.seconds)
        self.beginInsertRows(_NOWHERE, place, place)
        self._rows.insert(place, event)
        self.marked += self.marked >= place
        self.endInsertRows()

    def mark(self, row: int) -> bool:
        """Mark one row, or none with -1, and tell whether that changes anything."""
        if row == self.marked:
            return False
        before, self.marked = self.marked, row
        for changed in (before, row):
            if changed >= 0:
                self.dataChanged.emit(self.index(changed, 0), self.index(changed, DURATION))
        return True

    def at(self, row: int) -> Event:
        """Return what a row tells."""
        return self._rows[row]

    def reached(self, seconds: float) -> int:
        """Return how many rows there are up to a time."""
        return bisect_right(self._rows, seconds + 1e-3, key=lambda row: row.seconds)

    def rowCount(self, _parent: _Index = _NOWHERE) -> int:
        """Return how many there are."""
        return len(self._rows)

    def columnCount(self, _parent: _Index = _NOWHERE) -> int:
        """Return how many there are."""
        return 3

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return what a cell shows."""
        event, column = self._rows[index.row()], index.column()
        if role == Qt.ItemDataRole.DisplayRole:
            return _shown(event, column)
        if role in {Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole}:
            return spoken(event)
        if role == Qt.ItemDataRole.TextAlignmentRole:
            side = Qt.AlignmentFlag.AlignLeft if column == LABEL else Qt.AlignmentFlag.AlignRight
            return side | Qt.AlignmentFlag.AlignVCenter
        return self._look(index.row(), column, role)

    def _look(self, row: int, column: int, role: int) -> Any:
        """Return how a cell looks: what has left, times and lengths are quiet, the marked row is bold."""
        event = self._rows[row]
        if role == Qt.ItemDataRole.ForegroundRole and (column != LABEL or event.end_seconds is not None):
            return QColor(self._theme.muted)
        if role == Qt.ItemDataRole.FontRole and row == self.marked:
            return _bold()
        if role == Qt.ItemDataRole.DecorationRole and column == LABEL:
            colour = QColor(mark_colour(event, self._theme))
            colour.setAlpha(_GONE if event.end_seconds is not None else _HERE)
            return colour
        return None


def _bold() -> QFont:
    font = QFont()
    font.setBold(True)
    return font


def mark_colour(event: Event, theme: Theme) -> str:
    """Return the colour of an event's instrument or tag."""
    instrument = family(event.label)
    group = group_of(event.label) if instrument is None and event.label.casefold() in GROUPS else None
    return theme.label_colour(instrument, group) or theme.accent


def spoken(event: Event) -> str:
    """Return a row as a sentence."""
    if event.duration_seconds is None:
        return f"{clock(event.seconds, 0.1)}: {event.label} enters"
    return (
        f"{clock(event.seconds, 0.1)}: {event.label} leaves after {event.duration_seconds:.1f} s; "
        f"its highest score was {event.peak:.0%}"
    )


def _shown(event: Event, column: int) -> str:
    if column == TIME:
        return clock(event.seconds, 0.1)
    if column == LABEL:
        return f"{'+' if event.end_seconds is None else '–'} {event.label}"
    return "" if event.duration_seconds is None else _length(event.duration_seconds)


def _length(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds < 59.95 else clock(seconds)
