"""How good a model is: figures, what was taken for what, and the clips behind it, to be heard."""

from html import escape
from pathlib import Path
from typing import Final

from PySide6.QtCore import Qt, QUrl, Slot
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QHeaderView,
    QLabel,
    QPushButton,
    QSplitter,
    QTableWidget,
    QTableWidgetItem,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from timbrescope.ui.theme import Theme
from timbrescope.ui.training.clip_list import ClipList
from timbrescope.ui.training.clip_player import ClipPlayer
from timbrescope.ui.training.evaluation import EVALUATION, Evaluation, read_evaluation
from timbrescope.ui.views.confusion_table import ConfusionTable
from timbrescope.ui.views.time_table import dress

_SIZE: Final = (1160, 720)
_COLUMNS: Final = ("Class", "Clips", "Precision", "Recall", "F1")
_CARE: Final = "Do not trust these figures before you have read this:"
_PAGE: Final = "report.html"
_NUMBER: Final = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


class ReportDialog(QDialog):
    """Figures above; below them the classes, the confusion matrix and the clips of its chosen cell.

    Args:
        folder: that a training has written.
        theme: the colours.
        parent: of the dialog.

    Raises:
        ModelError: the folder holds no report.
    """

    def __init__(self, folder: Path, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._folder = folder
        self._theme = theme
        self.evaluation = read_evaluation(folder / EVALUATION)
        self.setWindowTitle(f"Report of {self.evaluation.title}")
        self.player = ClipPlayer(parent=self)
        self.player.noticed.connect(self._say)
        self.figures = QLabel(wordWrap=True, textFormat=Qt.TextFormat.RichText)
        self.figures.setAccessibleName("Figures")
        self.figures.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.classes = QTableWidget(0, len(_COLUMNS))
        self.matrix = ConfusionTable(theme)
        self.matrix.cell_chosen.connect(self._show_cell)
        self.matrix.activated.connect(self._hear_cell)
        self.of_cell = ClipList(self.player, "Clips of the chosen cell", "There are none to hear.")
        self.surest = ClipList(self.player, "Sure and wrong", "It is wrong about none.")
        self.words = QLabel(
            "Choose a cell by a click or the arrow keys; Enter plays its first clip, Space stops it or plays another.",
            wordWrap=True,
        )
        self.words.setEnabled(False)
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        page = self.buttons.addButton("Open as a &page", QDialogButtonBox.ButtonRole.ActionRole)
        page.setToolTip("See all figures and curves in the browser, to print or pass on")
        page.setEnabled((folder / _PAGE).is_file())
        page.clicked.connect(self._open_page)
        self.buttons.rejected.connect(self.reject)
        for button in self.buttons.findChildren(QPushButton):
            button.setAutoDefault(False)
        self._lay_out()
        self._show(self.evaluation)
        self.matrix.setFocus()

    def _lay_out(self) -> None:
        dress(self.classes, "Classes")
        self.classes.setToolTip("How well each class is found")
        self.classes.setHorizontalHeaderLabels(_COLUMNS)
        header = self.classes.horizontalHeader()
        header.show()
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        clips = QTabWidget()
        clips.addTab(self.of_cell, "&Chosen cell")
        clips.addTab(self.surest, "&Sure and wrong")
        self.clips = clips
        parts = QSplitter()
        for part, width in ((self.classes, 330), (self.matrix, 370), (clips, 440)):
            parts.addWidget(part)
            parts.setStretchFactor(parts.count() - 1, width)
        parts.setSizes([330, 370, 440])
        layout = QVBoxLayout(self)
        layout.addWidget(self.figures)
        layout.addWidget(parts, 1)
        layout.addWidget(self.words)
        layout.addWidget(self.buttons)
        self.resize(*_SIZE)

    def _show(self, evaluation: Evaluation) -> None:
        self.figures.setText(report_html(evaluation, self._theme))
        self.classes.setRowCount(len(evaluation.classes))
        for row, one in enumerate(evaluation.classes):
            numbers = (_figure(value) for value in (one.precision, one.recall, one.f1))
            for column, text in enumerate((one.label, f"{one.positives:,}", *numbers)):
                item = QTableWidgetItem(text)
                if column:
                    item.setTextAlignment(_NUMBER)
                self.classes.setItem(row, column, item)
        labels = [one.label for one in evaluation.classes]
        self.surest.show_clips("The mistakes that the model is surest of.", evaluation.mistakes)
        self.matrix.show_counts(labels, evaluation.columns, evaluation.confusion, choose=True)

    @Slot(int, int)
    def _show_cell(self, row: int, column: int) -> None:
        count = self.evaluation.confusion[row][column]
        label, column_name = self.evaluation.classes[row].label, self.evaluation.columns[column]
        if self.evaluation.is_single:
            heading = f"{label}, found rightly" if row == column else f"{label}, taken for {column_name}"
        else:
            heading = f"{label}: {column_name.lower()}"
        shown = self.evaluation.clips_of(row, column)
        some = f", the surest {len(shown)}" if 0 < len(shown) < count else ""
        self.of_cell.show_clips(f"{heading}: {count:,} {'clip' if count == 1 else 'clips'}{some}.", shown)
        self.clips.setCurrentWidget(self.of_cell)

    @Slot()
    def _hear_cell(self) -> None:
        """Play the first clip of the chosen cell."""
        if self.of_cell.clips:
            self.of_cell.table.setFocus()
            self.of_cell.play()

    @Slot(str)
    def _say(self, sentence: str) -> None:
        self.words.setText(sentence)

    @Slot()
    def _open_page(self) -> None:
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._folder / _PAGE)))

    def set_theme(self, theme: Theme) -> None:
        """Take other colours."""
        self._theme = theme
        self.figures.setText(report_html(self.evaluation, theme))
        self.matrix.set_theme(theme)

    def done(self, result: int) -> None:
        """Fall silent and close."""
        self.player.close()
        super().done(result)


def report_html(evaluation: Evaluation, theme: Theme) -> str:
    """Return the figures of the whole, under what makes them doubtful."""
    doubtful = ""
    if evaluation.doubts:
        listed = "".join(f"<li>{escape(one)}</li>" for one in evaluation.doubts)
        doubtful = f'<p><b style="color: {theme.warning}">{_CARE}</b></p><ul>{listed}</ul>'
    cells = [(name, f"{value:.3f}", _interval(low, high)) for name, (value, low, high) in evaluation.figures.items()]
    if evaluation.calibration is not None:
        cells.append(("Calibration error", f"{evaluation.calibration:.3f}", ""))
    rows = [
        "".join(f'<td style="padding-right: 26px">{wrap.format(escape(cell[part]))}</td>' for cell in cells)
        for part, wrap in enumerate((f'<span style="color: {theme.muted}">{{}}</span>', "<b>{}</b>", "{}"))
    ]
    clips, groups = evaluation.rows, evaluation.groups
    on = f"{clips:,} {'clip' if clips == 1 else 'clips'} of {groups:,} {'recording' if groups == 1 else 'recordings'}"
    table = "".join(f"<tr>{row}</tr>" for row in rows)
    return f"{doubtful}<p>On {on} or groups of them that it had not heard:</p><table>{table}</table>"


def _interval(low: float | None, high: float | None) -> str:
    return "" if low is None or high is None else f"{low:.2f} – {high:.2f}"


def _figure(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"
