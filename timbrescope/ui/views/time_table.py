"""What all lists over time have in common: their looks, and the keys that move in them."""

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView

_STYLE = """
QTableView { background: palette(window); border: 0; }
QTableView::item { padding: 4px 3px; }
QTableView::item:selected { background: palette(highlight); color: palette(highlighted-text); }
"""
_KEYS = (Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_PageUp, Qt.Key.Key_PageDown)


def dress(table: QTableView, name: str) -> None:
    """Make a table look like a plain list of rows, of which one can be chosen.

    Args:
        table: to change.
        name: for those who cannot see it.
    """
    table.setAccessibleName(name)
    table.setShowGrid(False)
    table.setStyleSheet(_STYLE)
    table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
    table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    table.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
    table.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    table.setTabKeyNavigation(False)
    table.horizontalHeader().hide()
    table.verticalHeader().hide()
    table.horizontalHeader().setResizeContentsPrecision(0)  # of what is in sight: there are more rows by the minute
    table.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
    table.horizontalHeader().setSectionResizeMode(1, QHeaderView.ResizeMode.Stretch)


def takes_key(event: QEvent) -> bool:
    """Keep the keys that move in a list with the focus from the window's shortcuts, which would move the picture."""
    if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and event.key() in _KEYS:
        event.accept()
        return True
    return False
