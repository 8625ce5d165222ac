"""What was taken for what: a count in each cell, in the colour of its share of the row."""

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import QModelIndex, QRect, QSize, Qt, Signal, Slot
from PySide6.QtGui import QColor, QFont, QPainter, QResizeEvent
from PySide6.QtWidgets import QHeaderView, QTableWidget, QTableWidgetItem

from timbrescope.ui.theme import Theme

_LONGEST_NAME: Final = 130
_LARGEST: Final = 72  # side of a cell, in pixels
_MARGIN: Final = 6
_DEEPEST: Final = 0.65  # so that the count on it can be read


class _Upright(QHeaderView):
    """Names of columns that stand upright, so that many of them have room."""

    def __init__(self) -> None:
        super().__init__(Qt.Orientation.Horizontal)

    def sizeHint(self) -> QSize:
        model = self.model()
        names = [str(model.headerData(i, self.orientation()) or "") for i in range(self.count())]
        longest = max((self.fontMetrics().horizontalAdvance(name) for name in names), default=0)
        return QSize(super().sizeHint().width(), min(longest + 4, _LONGEST_NAME) + 2 * _MARGIN)

    def paintSection(self, painter: QPainter, rect: QRect, logical: int) -> None:
        name = str(self.model().headerData(logical, self.orientation()) or "")
        painter.save()
        painter.setPen(self.palette().text().color())
        painter.translate(rect.left(), rect.bottom())
        painter.rotate(-90)
        room = QRect(_MARGIN, 0, rect.height() - 2 * _MARGIN, rect.width())
        text = self.fontMetrics().elidedText(name, Qt.TextElideMode.ElideRight, room.width())
        painter.drawText(room, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, text)
        painter.restore()


class ConfusionTable(QTableWidget):
    """True labels down, found ones across; the arrow keys and a click choose a cell.

    Args:
        theme: the colours.
        is_small: for a glance while a model learns.
    """

    cell_chosen = Signal(int, int)

    def __init__(self, theme: Theme, *, is_small: bool = False) -> None:
        super().__init__()
        self._theme = theme
        self._is_small = is_small
        self._shown: tuple[tuple[str, ...], tuple[str, ...], tuple[tuple[int, ...], ...]] = ((), (), ())
        self.setAccessibleName("What was taken for what")
        self.setToolTip("True labels down, found ones across; the colour is the share of the row")
        self.setHorizontalHeader(_Upright())
        self.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
        self.setSelectionMode(QTableWidget.SelectionMode.SingleSelection)
        self.setTabKeyNavigation(False)
        self.setCornerButtonEnabled(False)
        self.verticalHeader().setDefaultAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        for header in (self.horizontalHeader(), self.verticalHeader()):
            header.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
            header.setHighlightSections(True)
        if is_small:
            self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            self.setSelectionMode(QTableWidget.SelectionMode.NoSelection)
            font = QFont(self.font())
            font.setPointSizeF(max(7.0, 0.85 * font.pointSizeF()))
            self.setFont(font)
        self.currentCellChanged.connect(self._on_current)
        self.clicked.connect(self._on_clicked)

    def show_counts(
        self, labels: Sequence[str], columns: Sequence[str], counts: Sequence[Sequence[int]], *, choose: bool = False
    ) -> None:
        """Show how often each label (down) was taken for what stands across; ``choose`` picks the largest mistake."""
        self._shown = tuple(labels), tuple(columns), tuple(tuple(row) for row in counts)
        is_square = tuple(labels) == tuple(columns)
        self.blockSignals(True)
        self.setRowCount(len(labels))
        self.setColumnCount(len(columns))
        self.setVerticalHeaderLabels([f"{self._short(label)} " for label in labels])
        self.setHorizontalHeaderLabels(list(columns))
        for row, (label, line) in enumerate(zip(labels, counts, strict=True)):
            whole = max(1, sum(line[:2]) if not is_square else sum(line))
            for column, count in enumerate(line):
                right = row == column if is_square else column == 0
                self.setItem(row, column, self._cell(label, columns[column], count, count / whole, right=right))
        self.blockSignals(False)
        self.horizontalHeader().updateGeometry()
        self.updateGeometries()
        self._fit()
        if choose and counts:
            wrong = [
                (count, row, column)
                for row, line in enumerate(counts)
                for column, count in enumerate(line)
                if (row != column if is_square else column)
            ]
            _, row, column = max(wrong, key=lambda one: one[0]) if wrong else (0, 0, 0)
            self.setCurrentCell(row, column)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Let the cells grow with the room that there is."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """Make cells as large as all of them fit, between what a count needs and what looks well."""
        labels, columns, counts = self._shown
        if not labels:
            return
        metrics = self.fontMetrics()
        widest = max((len(f"{count:,}") for row in counts for count in row), default=1)
        low = metrics.height() + (4 if self._is_small else 10)
        width = max(low, metrics.horizontalAdvance("0" * widest) + 10)
        room = self.maximumViewportSize()  # without scroll bars, which come only where cells cannot shrink
        side = min(_LARGEST, room.width() // len(columns))
        self.horizontalHeader().setDefaultSectionSize(max(width, side))
        self.verticalHeader().setDefaultSectionSize(max(low, min(side, room.height() // len(labels))))

    def set_theme(self, theme: Theme) -> None:
        """Take other colours."""
        self._theme = theme
        cell = self.currentRow(), self.currentColumn()
        self.show_counts(*self._shown)
        if cell[0] >= 0:
            self.setCurrentCell(*cell)

    def _cell(self, label: str, column: str, count: int, share: float, *, right: bool) -> QTableWidgetItem:
        item = QTableWidgetItem(f"{count:,}" if count else "·")
        item.setTextAlignment(Qt.AlignmentFlag.AlignCenter)
        strength = min(1.0, share) if right else min(1.0, share) ** 0.5  # few mistakes can be seen as well
        full = self._theme.good if right else self._theme.warning
        item.setBackground(_mixed(QColor(self._theme.base), QColor(full), _DEEPEST * strength))
        item.setForeground(QColor(self._theme.text if count else self._theme.muted))
        words = f"{label}: {count:,} × {column} ({share:.0%})"
        item.setToolTip(words)
        item.setData(Qt.ItemDataRole.AccessibleTextRole, words)
        return item

    def _short(self, label: str) -> str:
        return self.fontMetrics().elidedText(label, Qt.TextElideMode.ElideRight, _LONGEST_NAME)

    @Slot(int, int, int, int)
    def _on_current(self, row: int, column: int, _before: int, _then: int) -> None:
        if row >= 0 and column >= 0:
            self.cell_chosen.emit(row, column)

    @Slot(QModelIndex)
    def _on_clicked(self, index: QModelIndex) -> None:
        self.cell_chosen.emit(index.row(), index.column())


def _mixed(first: QColor, second: QColor, part: float) -> QColor:
    """Return a colour between two, so much of it from the second."""
    pairs = ((first.red(), second.red()), (first.green(), second.green()), (first.blue(), second.blue()))
    return QColor(*(round(a + (b - a) * part) for a, b in pairs))
