"""The recordings opened last, in the menu and on the start page."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QWidget

from timbrescope.ui.memory import Memory
from timbrescope.ui.start_page import StartPage


class RecentFiles:
    """Keeps the menu and the start page in step with what the window remembers.

    Args:
        action: that gets the menu.
        open_file: what choosing one does.

    Attributes:
        menu: lists them, newest first.
    """

    def __init__(
        self, memory: Memory, start_page: StartPage, action: QAction, open_file: Callable[[Path], None], parent: QWidget
    ) -> None:
        self._memory = memory
        self._start_page = start_page
        self._action = action
        self._open_file = open_file
        self.menu = QMenu(parent)
        action.setMenu(self.menu)
        self.show_files()

    def add(self, path: Path) -> None:
        """Put a recording in front."""
        self._memory.add_recent(path)
        self.show_files()

    def show_files(self) -> None:
        """List those that still exist."""
        files = self._memory.recent
        self._start_page.set_recent(files)
        self.menu.clear()
        for file in files:
            self.menu.addAction(file.name, partial(self._open_file, file)).setToolTip(str(file))
        self._action.setEnabled(bool(files))
