"""How much there is of each class."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHeaderView, QTableWidget, QTableWidgetItem

_COLUMNS: Final = ("Class", "Clips", "Minutes")
_ALIGN_NUMBER = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


class ClassTable(QTableWidget):
    """A row a class: its name, its clips, their minutes."""

    def __init__(self) -> None:
        super().__init__(0, len(_COLUMNS))
        self.setHorizontalHeaderLabels(_COLUMNS)
        self.verticalHeader().hide()
        self.setShowGrid(False)
        self.setAlternatingRowColors(True)
        self.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
        self.setTabKeyNavigation(False)
        header = self.horizontalHeader()
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft)
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)

    def show_classes(self, classes: Sequence[Mapping[str, Any]]) -> None:
        """Show what a check has counted."""
        self.setRowCount(len(classes))
        for row, one in enumerate(classes):
            for column, text in enumerate((one["label"], f"{one['clips']:,}", f"{one['minutes']:.1f}")):
                item = QTableWidgetItem(text)
                if column:
                    item.setTextAlignment(_ALIGN_NUMBER)
                self.setItem(row, column, item)
