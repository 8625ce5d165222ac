"""The tool bar: what is used most, and what is open."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QMenu, QToolBar, QToolButton, QWidget

from timbrescope.ui.actions import Actions

_GROUPS = (("open",), ("listen", "record"), ("start", "play", "loop", "follow"), ("zoom-in", "zoom-out", "zoom-all"))


class MainBar(QToolBar):
    """Buttons, the name of what is open, and beside it what it is in words."""

    def __init__(self, actions: Actions, inputs: QMenu, summary: QWidget) -> None:
        super().__init__("Main")
        self.setObjectName("main")
        self.setMovable(False)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.PreventContextMenu)
        for group in _GROUPS:
            for name in group:
                self.addAction(actions[name])
            self.addSeparator()
        listen = self.widgetForAction(actions["listen"])
        if isinstance(listen, QToolButton):
            listen.setMenu(inputs)
            listen.setPopupMode(QToolButton.ToolButtonPopupMode.MenuButtonPopup)
        self.title = QLabel()
        self.title.setContentsMargins(8, 0, 8, 0)
        self.addWidget(self.title)
        self.addWidget(summary)
