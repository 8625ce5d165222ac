"""What an empty window offers: a place to drop a file, an input to listen to, the recent recordings and the demo."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QMenu,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from timbrescope.ui.theme import Theme

_WIDTH = 560
_MARGIN = 36


class StartPage(QWidget):
    """Shown while no recording is open."""

    open_asked = Signal()
    listen_asked = Signal()
    mend_asked = Signal()
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
        self.listen_button = QPushButton("Listen to a microphone")
        self.listen_button.setToolTip("Show what an input hears while it sounds")
        self.input_button = QPushButton("Input")
        self.input_button.setToolTip("Choose the sound input and its channel")
        self.listen_button.clicked.connect(self.listen_asked)
        listen_row = QHBoxLayout()
        listen_row.addWidget(self.listen_button, 1)
        listen_row.addWidget(self.input_button)
        open_button.clicked.connect(self.open_asked)
        demo_button.clicked.connect(self.demo_asked)
        inside = QVBoxLayout(self._drop_target)
        inside.setContentsMargins(_MARGIN, 32, _MARGIN, 32)
        inside.setSpacing(14)
        for label in (title, formats, self.error):
            label.setAlignment(Qt.AlignmentFlag.AlignCenter)
        for widget in (title, formats, open_button, demo_button, self.error):
            inside.addWidget(widget)
        inside.insertLayout(inside.indexOf(demo_button), listen_row)

        self._unfinished = self._make_unfinished()

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
        for item in (self._unfinished, self._drop_target, self._recent_title, self._recent):
            stack.addWidget(item)
        layout = QVBoxLayout(self)
        layout.addStretch(2)
        layout.addWidget(column, 0, Qt.AlignmentFlag.AlignHCenter)
        layout.addStretch(3)
        column.setMinimumWidth(_WIDTH)
        self.set_theme(theme)

    def _make_unfinished(self) -> QFrame:
        frame = QFrame()
        frame.setObjectName("unfinished")
        self.unfinished_text = QLabel(wordWrap=True)
        mend = QPushButton("Recover")
        mend.setToolTip("Make whole what was recorded, and open it")
        mend.clicked.connect(self.mend_asked)
        row = QHBoxLayout(frame)
        row.setContentsMargins(14, 8, 8, 8)
        row.addWidget(self.unfinished_text, 1)
        row.addWidget(mend)
        frame.hide()
        return frame

    def set_theme(self, theme: Theme) -> None:
        """Take other colours."""
        self._drop_target.setStyleSheet(
            f"#drop {{ border: 2px dashed {theme.muted}; border-radius: 10px; background: {theme.panel}; }}"
            f"#drop QLabel {{ color: {theme.muted}; }}"
            f"#drop #title {{ color: {theme.text}; font-size: 20pt; }}"
            f"#drop #error {{ color: {theme.warning}; }}"
            "QPushButton { padding: 7px; min-height: 1.4em; }"
        )
        self._unfinished.setStyleSheet(
            f"#unfinished {{ background: {theme.panel}; border-left: 4px solid {theme.warning}; }}"
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

    def set_inputs(self, menu: QMenu) -> None:
        """Let the user choose the input here too."""
        self.input_button.setMenu(menu)

    def show_unfinished(self, takes: Sequence[Path]) -> None:
        """Offer to recover takes that were not finished."""
        if len(takes) == 1:
            text = f"{takes[0].with_suffix('').name} was not finished: the program or the computer stopped meanwhile."
        else:
            text = f"{len(takes)} recordings were not finished: the program or the computer stopped meanwhile."
        self.unfinished_text.setText(text)
        self.unfinished_text.setToolTip("\n".join(map(str, takes)))
        self._unfinished.setVisible(bool(takes))

    def show_error(self, sentence: str) -> None:
        """Say why a recording could not be opened."""
        self.error.setText(sentence)
        # A layout asks a wrapped text for its height too late and would squeeze the buttons.
        self.error.setMinimumHeight(max(0, self.error.heightForWidth(_WIDTH - 2 * _MARGIN - 24)))
        self.error.setVisible(bool(sentence))

    def _choose(self, item: QListWidgetItem) -> None:
        self.recent_chosen.emit(item.data(Qt.ItemDataRole.UserRole))
