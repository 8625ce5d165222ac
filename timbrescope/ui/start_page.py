"""What an empty window offers: a place to drop a file, the recent ones and the demo."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QLabel, QListWidget, QListWidgetItem, QPushButton, QVBoxLayout, QWidget

from timbrescope.ui.theme import Theme

_WIDTH = 560
_MARGIN = 36


class StartPage(QWidget):
    """Shown while no recording is open."""

    open_asked = Signal()
    demo_asked = Signal()
    recent_chosen = Signal(object)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._drop_target = QFrame()
        self._drop_target.setObjectName("drop")
        title = QLabel("Drop a recording here")
        title.setObjectName("title")
        formats = QLabel("WAV, AIFF, FLAC, OGG, Opus, MP3, M4A, WMA, or the sound of a video")
        self.error = QLabel()
        self.error.setObjectName("error")
        self.error.setWordWrap(True)
        self.error.hide()
        open_button = QPushButton("Open a recording…")
        demo_button = QPushButton("Try the demo recording")
        open_button.clicked.connect(self.open_asked)
        demo_button.clicked.connect(self.demo_asked)
        inside = QVBoxLayout(self._drop_target)
        inside.setContentsMargins(_MARGIN, 32, _MARGIN, 32)
        inside.setSpacing(14)
        for label in (title, formats, self.error):
            label.setAlignment(Qt.AlignmentFlag.AlignCenter)
        for widget in (title, formats, open_button, demo_button, self.error):
            inside.addWidget(widget)

        self._recent_title = QLabel("Recent recordings")
        self._recent = QListWidget()
        self._recent.setAccessibleName("Recent recordings")
        self._recent.setUniformItemSizes(True)
        self._recent.itemActivated.connect(self._choose)
        self._recent.itemClicked.connect(self._choose)

        column = QWidget()
        column.setMaximumWidth(_WIDTH)
        stack = QVBoxLayout(column)
        stack.setSpacing(10)
        for item in (self._drop_target, self._recent_title, self._recent):
            stack.addWidget(item)
        layout = QVBoxLayout(self)
        layout.addStretch(2)
        layout.addWidget(column, 0, Qt.AlignmentFlag.AlignHCenter)
        layout.addStretch(3)
        column.setMinimumWidth(_WIDTH)
        self.set_theme(theme)

    def set_theme(self, theme: Theme) -> None:
        """Take other colours."""
        self._drop_target.setStyleSheet(
            f"#drop {{ border: 2px dashed {theme.muted}; border-radius: 10px; background: {theme.panel}; }}"
            f"#drop QLabel {{ color: {theme.muted}; }}"
            f"#drop #title {{ color: {theme.text}; font-size: 20pt; }}"
            f"#drop #error {{ color: {theme.warning}; }}"
            "QPushButton { padding: 7px; min-height: 1.4em; }"
        )

    def set_recent(self, files: Sequence[Path]) -> None:
        """List the recordings opened last."""
        self._recent.clear()
        for file in files:
            item = QListWidgetItem(f"{file.name}   —   {file.parent}")
            item.setData(Qt.ItemDataRole.UserRole, file)
            item.setToolTip(str(file))
            self._recent.addItem(item)
        row = self._recent.sizeHintForRow(0) if files else 0
        self._recent.setFixedHeight(row * min(len(files), 6) + 2 * self._recent.frameWidth() + 2)
        self._recent_title.setVisible(bool(files))
        self._recent.setVisible(bool(files))

    def show_error(self, sentence: str) -> None:
        """Say why a recording could not be opened."""
        self.error.setText(sentence)
        # A layout asks a wrapped text for its height too late and would squeeze the buttons.
        self.error.setMinimumHeight(max(0, self.error.heightForWidth(_WIDTH - 2 * _MARGIN - 24)))
        self.error.setVisible(bool(sentence))

    def _choose(self, item: QListWidgetItem) -> None:
        self.recent_chosen.emit(item.data(Qt.ItemDataRole.UserRole))
