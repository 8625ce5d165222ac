"""Every action of the window in one table: its name, keys, icon and where it stands in the menus."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMainWindow

from timbrescope.ui.theme import Theme, icon


@dataclass(frozen=True, slots=True)
class Command:
    """One thing the user can ask for.

    Attributes:
        name: key for looking its action up.
        text: as the menu shows it.
        keys: shortcuts.
        act: what to do; a checkable one is given its new state.
        icon: name of a file in resources/icons.
        checkable: whether it is on or off.
        tip: for the tool tip, where the text does not say it all.
    """

    name: str
    text: str
    act: Callable[..., object]
    keys: tuple[str, ...] = ()
    icon: str = ""
    checkable: bool = False
    tip: str = ""


SEPARATOR = None
MenuPlan = Sequence[tuple[str, Sequence[Command | None]]]


class Actions:
    """The window's actions by name, placed in its menu bar."""

    def __init__(self, window: QMainWindow, plan: MenuPlan, theme: Theme) -> None:
        self._actions: dict[str, QAction] = {}
        self._icons: dict[str, str] = {}
        for title, commands in plan:
            menu = window.menuBar().addMenu(title)
            menu.setToolTipsVisible(True)
            for command in commands:
                if command is SEPARATOR:
                    menu.addSeparator()
                else:
                    menu.addAction(self._make(window, command))
        self.set_theme(theme)

    def __getitem__(self, name: str) -> QAction:
        return self._actions[name]

    def all(self) -> list[QAction]:
        """Return every action in the order of the menus."""
        return list(self._actions.values())

    def by_name(self) -> list[tuple[str, QAction]]:
        """Return every action with its name."""
        return list(self._actions.items())

    def set_theme(self, theme: Theme) -> None:
        """Draw the icons in other colours."""
        for name, drawing in self._icons.items():
            self._actions[name].setIcon(icon(drawing, theme))

    def set_icon(self, name: str, drawing: str, theme: Theme) -> None:
        """Give an action another icon."""
        self._icons[name] = drawing
        self._actions[name].setIcon(icon(drawing, theme))

    def _make(self, window: QMainWindow, command: Command) -> QAction:
        action = QAction(command.text, window)
        action.setShortcuts([QKeySequence(keys) for keys in command.keys])
        action.setCheckable(command.checkable)
        keys = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
        tip = command.tip or command.text.replace("&", "").rstrip("…")
        action.setToolTip(f"{tip} ({keys})" if keys else tip)
        if command.checkable:
            action.toggled.connect(command.act)
        else:
            action.triggered.connect(lambda _checked=False, act=command.act: act())
        if command.icon:
            self._icons[command.name] = command.icon
        self._actions[command.name] = action
        return action
