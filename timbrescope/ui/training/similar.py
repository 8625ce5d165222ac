"""Recordings that sound like one: found in a folder, heard, and opened."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from PySide6.QtCore import QEvent, QModelIndex, Qt, Signal, Slot
from PySide6.QtGui import QHideEvent, QKeyEvent
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QGridLayout,
    QHeaderView,
    QLabel,
    QLineEdit,
    QProgressBar,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from timbrescope.audio.file import SUFFIXES
from timbrescope.core.clock import clock
from timbrescope.ui.folder_field import FolderField
from timbrescope.ui.training.clip_player import ClipPlayer
from timbrescope.ui.training.process import TrainingProcess
from timbrescope.ui.views.time_table import dress

_SIZE: Final = (860, 560)
_COUNT: Final = 50
_COLUMNS: Final = ("Likeness", "Recording", "From")
_HINT: Final = "The first search in a folder listens to all of it; after that, only to what is new."
_NUMBER: Final = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


class _Found(QTableWidget):
    """``heard`` and ``opened`` carry a row."""

    heard = Signal(int)
    opened = Signal(int)

    def __init__(self) -> None:
        super().__init__(0, len(_COLUMNS))

    def event(self, event: QEvent) -> bool:
        """Keep Space from the search that Qt has on keys."""
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Play with Space, open with Enter, or move."""
        key = Qt.Key(event.key())
        if key == Qt.Key.Key_Space:
            self.heard.emit(self.currentRow())
        elif key in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            self.opened.emit(self.currentRow())
        else:
            super().keyPressEvent(event)


class SimilarDialog(QDialog):
    """Searches a folder for what sounds like a recording; ``open_asked`` carries one that was found."""

    open_asked = Signal(object)

    def __init__(self, parent: QWidget | None = None, *, volume: float = 1.0) -> None:
        super().__init__(parent)
        self.setWindowTitle("Find similar sounds")
        self._found: list[Mapping[str, Any]] = []
        self.process = TrainingProcess(self)
        self.player = ClipPlayer(volume, self)
        self.query = QLineEdit(clearButtonEnabled=True)
        self.choose = QPushButton("C&hoose…")
        self.folder = FolderField()
        self.table = _Found()
        self.words = QLabel(_HINT, wordWrap=True)
        self.progress = QProgressBar()
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        role = QDialogButtonBox.ButtonRole.ActionRole
        self.search_button = self.buttons.addButton("&Search", role)
        self.stop_button = self.buttons.addButton("S&top", role)
        self._lay_out()
        self._describe()
        self._connect()
        self._show_state()

    def _describe(self) -> None:
        dress(self.table, "Similar recordings")
        self.table.setHorizontalHeaderLabels(_COLUMNS)
        self.table.setTextElideMode(Qt.TextElideMode.ElideLeft)
        header = self.table.horizontalHeader()
        header.show()
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.Stretch)
        for widget, name, tip in (
            (self.query, "Recording", "The sound to look for"),
            (self.choose, "Choose a recording", "Look for a recording"),
            (self.table, "Similar recordings", "Click or Space: hear. Double click or Enter: open."),
            (self.progress, "Progress", "How many recordings have been heard"),
            (self.words, "What goes on", ""),
            (self.search_button, "Search", "Search the folder and all folders in it"),
            (self.stop_button, "Stop", "Stop; what has been heard is kept"),
        ):
            widget.setAccessibleName(name)
            widget.setToolTip(tip)
        self.folder.line.setToolTip("Where to search, with all folders in it")
        for button in self.findChildren(QPushButton):
            button.setAutoDefault(False)  # Enter in the fields is not meant for them

    def _lay_out(self) -> None:
        form = QGridLayout()
        for row, (title, field) in enumerate((("&Like", self.query), ("&In", self.folder))):
            label = QLabel(title)
            label.setBuddy(field)
            form.addWidget(label, row, 0)
            form.addWidget(field, row, 1, 1, 1 if field is self.query else 2)
        form.addWidget(self.choose, 0, 2)
        form.setColumnStretch(1, 1)
        layout = QVBoxLayout(self)
        layout.addLayout(form)
        layout.addWidget(self.table, 1)
        layout.addWidget(self.words)
        layout.addWidget(self.progress)
        layout.addWidget(self.buttons)
        self.resize(*_SIZE)

    def _connect(self) -> None:
        self.choose.clicked.connect(self._choose)
        self.query.textChanged.connect(self._show_state)
        self.query.returnPressed.connect(self.search)
        self.folder.line.textChanged.connect(self._show_state)
        self.folder.line.returnPressed.connect(self.search)
        self.search_button.clicked.connect(self.search)
        self.stop_button.clicked.connect(self.process.stop)
        self.buttons.rejected.connect(self.reject)
        self.process.told.connect(self._on_told)
        self.process.succeeded.connect(self._show_state)
        self.process.stopped.connect(self._on_stopped)
        self.process.failed.connect(self._say)
        self.player.noticed.connect(self._say)
        self.table.clicked.connect(self._on_click)
        self.table.doubleClicked.connect(self._on_double_click)
        self.table.heard.connect(self._hear)
        self.table.opened.connect(self._open)

    def look_for(self, recording: Path) -> None:
        """Take another recording to look for."""
        self.query.setText(str(recording))

    @Slot()
    def _choose(self) -> None:
        patterns = " ".join(f"*{suffix}" for suffix in sorted(SUFFIXES))
        chosen, _ = QFileDialog.getOpenFileName(
            self, "Recording", self.query.text(), f"Recordings ({patterns});;All files (*)"
        )
        if chosen:
            self.query.setText(chosen)

    @Slot()
    def search(self) -> None:
        """Search the folder."""
        query, folder = self.query.text().strip(), self.folder.line.text().strip()
        if not query or not folder or self.process.is_running:
            return
        self.player.close()
        self.table.setRowCount(0)
        self._found = []
        self.process.start(["similar", query, folder, "--count", str(_COUNT), "--progress", "json"])
        self.progress.setRange(0, 0)
        self._say("The recordings are being heard…")

    @Slot(object)
    def _on_told(self, event: Mapping[str, Any]) -> None:
        if event["event"] == "checking":
            self.progress.setRange(0, event["total"])
            self.progress.setValue(event["done"])
        elif event["event"] == "similar":
            self._show_found(event)

    def _show_found(self, event: Mapping[str, Any]) -> None:
        self._found = event["similar"]
        self.table.setRowCount(len(self._found))
        folder = Path(self.folder.line.text().strip())
        for row, one in enumerate(self._found):
            path = Path(one["file"])
            name = str(path.relative_to(folder)) if path.is_relative_to(folder) else str(path)
            for column, text in enumerate((f"{one['similarity']:.2f}", name, clock(one["seconds"], 0.1))):
                item = QTableWidgetItem(text)
                item.setToolTip(str(path))
                if column != 1:
                    item.setTextAlignment(_NUMBER)
                self.table.setItem(row, column, item)
        if self._found:
            self.table.setCurrentCell(0, 0)
            self.table.setFocus()
        problems = event["problems"]
        left_out = f" {len(problems)} could not be used: {problems[0]}" if problems else ""
        self._say(f"{len(self._found)} recordings, the most similar first.{left_out}")

    @Slot()
    def _on_stopped(self) -> None:
        self._say("Stopped. What has been heard is kept for the next time.")

    @Slot(str)
    def _say(self, sentence: str) -> None:
        self.words.setText(sentence)
        self._show_state()

    @Slot()
    def _show_state(self) -> None:
        running = self.process.is_running
        self.progress.setVisible(running)
        self.stop_button.setVisible(running)
        self.search_button.setVisible(not running)
        self.search_button.setEnabled(bool(self.query.text().strip() and self.folder.line.text().strip()))

    @Slot(QModelIndex)
    def _on_click(self, index: QModelIndex) -> None:
        self._hear(index.row())

    @Slot(QModelIndex)
    def _on_double_click(self, index: QModelIndex) -> None:
        self._open(index.row())

    @Slot(int)
    def _hear(self, row: int) -> None:
        if 0 <= row < len(self._found):
            one = self._found[row]
            self.player.play(Path(one["file"]), one["seconds"], None)

    @Slot(int)
    def _open(self, row: int) -> None:
        if 0 <= row < len(self._found):
            self.player.close()
            self.open_asked.emit(Path(self._found[row]["file"]))

    def hideEvent(self, event: QHideEvent) -> None:
        """Fall silent."""
        self.player.close()
        super().hideEvent(event)

    def end(self) -> None:
        """End what runs."""
        self.process.kill()
        self.player.close()
