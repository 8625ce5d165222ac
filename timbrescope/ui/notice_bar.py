"""A line above the views for what the user should know, with a way on."""

from collections import deque
from collections.abc import Callable
from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QToolButton

from timbrescope.ui.theme import Theme

_EARLIER: Final = 5  # notices that the tool tip has


class NoticeBar(QFrame):
    """Shows the newest notice until it is dismissed; the ones before it stand in its tool tip."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("notice")
        self.text = QLabel()
        self.text.setWordWrap(True)
        self.text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.button = QPushButton()
        dismiss = QToolButton(autoRaise=True)
        dismiss.setText("✕")
        dismiss.setAccessibleName("Dismiss")
        dismiss.clicked.connect(self.dismiss)
        self.button.clicked.connect(self._act)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(12, 4, 6, 4)
        layout.addWidget(self.text, 1)
        layout.addWidget(self.button)
        layout.addWidget(dismiss)
        self._action: Callable[[], None] | None = None
        self._earlier: deque[str] = deque(maxlen=_EARLIER)
        self.hide()
        self.set_theme(theme)

    def set_theme(self, theme: Theme) -> None:
        """Take other colours."""
        self.setStyleSheet(
            f"#notice {{ background: {theme.panel}; border-left: 4px solid {theme.warning}; }}"
            f"QLabel {{ color: {theme.text}; }}"
        )

    def show_notice(self, sentence: str, button: str = "", action: Callable[[], None] | None = None) -> None:
        """Show a sentence, and a button where something can be done about it."""
        if not self.isHidden() and self.text.text() != sentence:
            self._earlier.append(self.text.text())
        self.text.setText(sentence)
        self.text.setToolTip("\n".join(self._earlier))
        self._action = action
        self.button.setText(button)
        self.button.setVisible(bool(button))
        self.show()

    def dismiss(self) -> None:
        """Hide it and forget what it said."""
        self._earlier.clear()
        self.hide()

    def _act(self) -> None:
        if self._action is not None:
            self._action()
