"""Beside a map of sounds: what the colours mean, and new labels for what is caught."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

import pyqtgraph as pg
from PySide6.QtCore import QSize, Qt, Signal, Slot
from PySide6.QtGui import QIcon, QPainter, QPixmap, QUndoStack
from PySide6.QtWidgets import (
    QComboBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from timbrescope.ui.theme import Theme
from timbrescope.ui.training.map_data import Point
from timbrescope.ui.views.scatter import CROSS, SYMBOLS

CLASSES: Final = "Class"
MISTAKES: Final = "Mistakes of the model"
NO_LABEL: Final = "No label"
RIGHT, WRONG, UNKNOWN = "Right", "Wrong", "Not judged"
_WIDTH: Final = 280
_ICON: Final = 16

Look = tuple[str, str]
"""Colour and symbol."""


def class_looks(labels: Sequence[str], theme: Theme) -> dict[str, Look]:
    """Return how the points of each class look: where colours run out, another shape."""
    colours = list(theme.families.values())
    looks = {
        label: (colours[number % len(colours)], SYMBOLS[number // len(colours) % len(SYMBOLS)])
        for number, label in enumerate(labels)
    }
    return looks | {NO_LABEL: (theme.muted, SYMBOLS[0])}


def mistake_looks(theme: Theme) -> dict[str, Look]:
    """Return how points look about which a model is right, wrong, or not asked."""
    return {WRONG: (theme.alarm, CROSS), RIGHT: (theme.good, "o"), UNKNOWN: (theme.muted, "o")}


def judged(point: Point) -> str:
    """Return whether a model is right about a point, in a word."""
    return UNKNOWN if point.wrong is None else WRONG if point.wrong else RIGHT


class MapPanel(QWidget):
    """``recoloured`` tells that other colours are wanted, ``group_chosen`` carries a name of the key to catch.

    ``label_given`` carries a label for what is caught.
    """

    recoloured = Signal()
    group_chosen = Signal(str)
    label_given = Signal(str)

    def __init__(self, undo_stack: QUndoStack) -> None:
        super().__init__()
        self.colour = QComboBox()
        self.colour.addItems([CLASSES, MISTAKES])
        self.key = QListWidget()
        self.about = QLabel(wordWrap=True, textFormat=Qt.TextFormat.PlainText)
        self.caught = QLabel(wordWrap=True)
        self.label = QComboBox(insertPolicy=QComboBox.InsertPolicy.NoInsert)
        self.give = QPushButton("&Relabel")
        self.undo = QPushButton("&Undo")
        self.redo = QPushButton("Re&do")
        self._count = 0
        self._possible = False
        for widget, name, tip in (
            (self.colour, "Colour by", "Show classes, or where the model is mistaken"),
            (self.key, "Key", "What the colours mean; a click catches all points of one"),
            (self.label, "New label", "Label for the points that are caught; type a new one or choose"),
            (self.give, "Relabel", "Give the caught points this label; the files stay where they are"),
            (self.undo, "Undo", "Take the last change of labels back (Ctrl+Z)"),
            (self.redo, "Redo", "Change the labels again (Ctrl+Shift+Z)"),
            (self.about, "Point", ""),
            (self.caught, "Caught", ""),
        ):
            widget.setAccessibleName(name)
            widget.setToolTip(tip)
        self._lay_out()
        self.colour.currentIndexChanged.connect(self.recoloured)
        self.key.itemClicked.connect(self._on_group)
        self.key.itemActivated.connect(self._on_group)
        line = QLineEdit()
        line.returnPressed.connect(self._on_give)
        self.label.setLineEdit(line)
        self.label.editTextChanged.connect(self._show_state)
        self.give.clicked.connect(self._on_give)
        self.undo.clicked.connect(undo_stack.undo)
        self.redo.clicked.connect(undo_stack.redo)
        for button, changes in ((self.undo, undo_stack.canUndoChanged), (self.redo, undo_stack.canRedoChanged)):
            button.setEnabled(False)
            changes.connect(button.setEnabled)
        self.show_caught(0, possible=False)
        self.show_point(None)

    def _lay_out(self) -> None:
        self.setFixedWidth(_WIDTH)
        self.key.setIconSize(QSize(_ICON, _ICON))
        self.about.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.about.setMinimumHeight(5 * self.about.fontMetrics().lineSpacing())
        for button in (self.give, self.undo, self.redo):
            button.setAutoDefault(False)
        form = QFormLayout()
        form.addRow("Colour &by", self.colour)
        line = QHBoxLayout()
        line.addWidget(self.label, 1)
        line.addWidget(self.give)
        back = QHBoxLayout()
        back.addWidget(self.undo)
        back.addWidget(self.redo)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(form)
        layout.addWidget(self.key, 1)
        layout.addWidget(self.about)
        layout.addWidget(self.caught)
        layout.addLayout(line)
        layout.addLayout(back)

    def show_key(self, looks: Mapping[str, Look], groups: Sequence[str], theme: Theme) -> None:
        """Show what the colours mean and how many points of each there are."""
        counts = Counter(groups)
        self.key.clear()
        for name, look in looks.items():
            if counts[name]:
                item = QListWidgetItem(_icon(look, theme), f"{name}  ({counts[name]:,})")
                item.setData(Qt.ItemDataRole.UserRole, name)
                self.key.addItem(item)

    def show_labels(self, labels: Sequence[str]) -> None:
        """Offer labels; what is typed stays."""
        text = self.label.currentText()
        self.label.clear()
        self.label.addItems(list(labels))
        self.label.setCurrentText(text)

    def show_point(self, point: Point | None) -> None:
        """Tell of a point."""
        if point is None:
            self.about.setText("Click a point to hear it, click twice to open it. Draw around points to catch them.")
            self.about.setEnabled(False)
            return
        lines = [point.path.name, point.label or NO_LABEL]
        if point.said:
            lines.append(f"The model says {', '.join(point.said)}.")
        metrics = self.about.fontMetrics()
        self.about.setText("\n".join(metrics.elidedText(line, Qt.TextElideMode.ElideMiddle, _WIDTH) for line in lines))
        self.about.setToolTip(str(point.path))
        self.about.setEnabled(True)

    def show_caught(self, count: int, *, possible: bool) -> None:
        """Tell how many points are caught, and whether they can be given labels."""
        self._count, self._possible = count, possible
        self.caught.setText(f"{count:,} caught" if count else "Nothing is caught")
        self._show_state()

    @Slot()
    def _show_state(self) -> None:
        ready = self._possible and self._count > 0
        self.label.setEnabled(self._possible)
        self.give.setEnabled(ready and bool(self.label.currentText().strip()))

    @Slot(QListWidgetItem)
    def _on_group(self, item: QListWidgetItem) -> None:
        self.group_chosen.emit(item.data(Qt.ItemDataRole.UserRole))

    @Slot()
    def _on_give(self) -> None:
        if self.give.isEnabled():
            self.label_given.emit(self.label.currentText().strip())


def _icon(look: Look, theme: Theme) -> QIcon:
    """Return a picture of a point."""
    colour, symbol = look
    pixmap = QPixmap(_ICON, _ICON)
    pixmap.fill(theme.base)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.translate(_ICON / 2, _ICON / 2)
    pg.graphicsItems.ScatterPlotItem.drawSymbol(painter, symbol, _ICON - 5, pg.mkPen(None), pg.mkBrush(colour))
    painter.end()
    return QIcon(pixmap)
