"""What the window remembers from one session to the next: its place, the last folder, the recent recordings."""

from pathlib import Path

from PySide6.QtCore import QByteArray, QSettings

from timbrescope import paths

_MAX_RECENT = 10


class Memory:
    """The file window.ini in the user's configuration folder."""

    def __init__(self) -> None:
        self._stored = QSettings(str(paths.config() / "window.ini"), QSettings.Format.IniFormat)

    @property
    def folder(self) -> Path:
        """The folder of the recording opened last."""
        return Path(str(self._stored.value("folder", str(Path.home()))))

    @property
    def recent(self) -> list[Path]:
        """The recordings opened last that still exist, newest first."""
        stored = self._stored.value("recent") or []
        names = [stored] if isinstance(stored, str) else list(stored)  # Qt writes a list of one as a text
        return [path for name in names if (path := Path(name)).exists()]

    def add_recent(self, path: Path) -> None:
        """Put a recording in front."""
        recent = [path, *(file for file in self.recent if file != path)][:_MAX_RECENT]
        self._stored.setValue("folder", str(path.parent))
        self._stored.setValue("recent", [str(file) for file in recent])

    @property
    def geometry(self) -> QByteArray | None:
        """The window's place and size as it was closed."""
        stored = self._stored.value("geometry")
        return stored if isinstance(stored, QByteArray) else None

    @geometry.setter
    def geometry(self, geometry: QByteArray) -> None:
        self._stored.setValue("geometry", geometry)
