"""A field for a folder: its path, and a button that looks for one."""

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QLineEdit, QPushButton, QWidget


class FolderField(QWidget):
    """A line for the path with a button beside it; ``chosen`` carries a folder that was looked for."""

    chosen = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.line = QLineEdit(clearButtonEnabled=True)
        self.line.setAccessibleName("Folder")
        choose = QPushButton("Choose…")
        choose.setToolTip("Look for a folder")
        choose.clicked.connect(self._choose)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.line, 1)
        layout.addWidget(choose)
        self.setFocusProxy(self.line)

    @Slot()
    def _choose(self) -> None:
        chosen = QFileDialog.getExistingDirectory(self, "Folder", self.line.text())
        if chosen:
            self.line.setText(chosen)
            self.chosen.emit(chosen)
