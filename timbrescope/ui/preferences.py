"""The settings as the window holds them: changed here, kept on disk, and told to whoever must hear of it."""

from dataclasses import replace
from typing import Any

from PySide6.QtCore import QObject, Signal, Slot

from timbrescope import paths
from timbrescope.settings import Settings, declared, is_valid


class Preferences(QObject):
    """Holds the settings; ``changed`` carries those from before and the present ones.

    Attributes:
        settings: the present ones.
    """

    changed = Signal(object, object)
    noticed = Signal(str)

    def __init__(self, settings: Settings, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.settings = settings

    @Slot(object)
    def change(self, settings: Settings) -> None:
        """Take and keep other settings."""
        before, self.settings = self.settings, settings
        try:
            settings.save(paths.config())
        except OSError as error:
            self.noticed.emit(
                f"The settings cannot be kept in {paths.config()} ({error.strerror}); they hold until you quit."
            )
        self.changed.emit(before, settings)

    def step(self, name: str, direction: int) -> None:
        """Change a setting by one of its steps, up or down, as far as it goes."""
        option = next(option for declared_name, option, _ in declared() if declared_name == name)
        value = getattr(self.settings, name) + direction * int(option.step)
        if is_valid(option, 0, value):
            self.put(name, value)

    def put(self, name: str, value: Any) -> None:
        """Give one setting a value."""
        if value != getattr(self.settings, name):
            self.change(replace(self.settings, **{name: value}))
