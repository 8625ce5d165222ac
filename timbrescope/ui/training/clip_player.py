"""Pieces of recordings, heard one at a time."""

from pathlib import Path
from typing import Final

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from timbrescope.audio.player import Player
from timbrescope.core.errors import AudioError

_LOOK_MS: Final = 20
_MOST_SECONDS: Final = 30.0  # of a piece that goes to the end of a long recording


class ClipPlayer(QObject):
    """Plays a piece; ``noticed`` carries why nothing is heard, ``changed`` whether something plays now."""

    noticed = Signal(str)
    changed = Signal(bool)

    def __init__(self, volume: float = 1.0, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._player: Player | None = None
        self._path: Path | None = None
        self._volume = volume
        self._end = 0.0
        self._said: str | None = None
        self._timer = QTimer(self, interval=_LOOK_MS)
        self._timer.timeout.connect(self._look)

    @property
    def is_playing(self) -> bool:
        """Whether a piece is heard."""
        return self._timer.isActive()

    def play(self, path: Path, start: float, end: float | None) -> None:
        """Play a piece of a recording in place of what is heard."""
        self.stop()
        if path != self._path or self._player is None:
            self.close()
            try:
                self._player = Player(path)
            except AudioError as error:
                self.noticed.emit(str(error))
                return
            self._path = path
        self._end = start + _MOST_SECONDS if end is None else end
        self._player.set_volume(self._volume)
        self._player.play(start)
        self._timer.start()
        self.changed.emit(True)

    def toggle(self, path: Path, start: float, end: float | None) -> None:
        """Play a piece, or stop what is heard."""
        if self.is_playing:
            self.stop()
        else:
            self.play(path, start, end)

    def stop(self) -> None:
        """Fall silent."""
        if self._timer.isActive():
            self._timer.stop()
            if self._player is not None:
                self._player.pause()
            self.changed.emit(False)

    def close(self) -> None:
        """Let go of the recording and the sound card."""
        self.stop()
        if self._player is not None:
            self._player.close()
            self._player, self._path = None, None

    @Slot()
    def _look(self) -> None:
        """Stop where the piece ends."""
        player = self._player
        if player is None or not player.is_playing or player.position() >= self._end:
            self.stop()
        if player is not None and player.notice and player.notice != self._said:
            self._said = player.notice
            self.noticed.emit(player.notice)
