"""Playback as the window sees it: play, pause, seek and loop, with the playhead on the shared viewport."""

from PySide6.QtCore import QObject, Signal, Slot

from timbrescope.audio.file import AudioFile
from timbrescope.audio.player import Player
from timbrescope.ui.now import Now
from timbrescope.ui.viewport import Viewport


class Transport(QObject):
    """Drives the playhead from the audio clock; without a sound device from the wall clock; live from what is heard."""

    playing_changed = Signal(bool)
    noticed = Signal(str)

    def __init__(self, viewport: Viewport, now: Now, *, volume: float, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._viewport = viewport
        self._now = now
        self._volume = volume
        self._player: Player | None = None
        self._said = ""
        self._was_playing = False
        self.follow = True
        self.loop = False
        viewport.selection_changed.connect(self._apply_loop)

    @property
    def is_playing(self) -> bool:
        """Whether the playhead moves."""
        return self._player is not None and self._player.is_playing

    def load(self, file: AudioFile) -> None:
        """Take another recording, at its start, paused."""
        self.unload()
        self._player = Player(file)
        self._player.set_volume(self._volume)

    def unload(self) -> None:
        """Let go of the recording."""
        if self._player is not None:
            self._player.close()
            self._player = None
        self._show_state()

    def set_volume(self, volume: float) -> None:
        """Set the loudness, 0 to 1."""
        self._volume = volume
        if self._player is not None:
            self._player.set_volume(volume)

    @Slot()
    def toggle(self) -> None:
        """Play, or pause; at the end play from the start again; live, let the picture stand or follow again."""
        if self._player is None:
            if self._now.is_live:
                self._now.toggle()
            return
        if self._player.is_playing:
            self._player.pause()
        else:
            start = self._viewport.playhead
            if self.loop and self._viewport.selection is not None:
                low, high = self._viewport.selection
                start = start if low <= start < high else low
            elif start >= self._viewport.duration - 0.02:
                start = 0.0
            self._player.play(start)
        self._show_state()

    @Slot(float)
    def seek(self, seconds: float) -> None:
        """Move the playhead, playing or not."""
        seconds = min(max(seconds, 0.0), self._viewport.duration)
        self._now.look_back()
        if self._player is not None:
            self._player.seek(seconds)
        self._viewport.set_playhead(seconds)
        if not self._viewport.start <= seconds <= self._viewport.stop:
            self._viewport.show_time(seconds - self._viewport.seconds / 2, self._viewport.seconds)

    def skip(self, seconds: float) -> None:
        """Move the playhead by some seconds."""
        self.seek(self._viewport.playhead + seconds)

    def set_loop(self, loop: bool) -> None:  # noqa: FBT001 (a Qt slot gets its state by position)
        """Repeat the selection, or stop repeating."""
        self.loop = loop
        self._apply_loop()

    def tick(self) -> None:
        """Bring the playhead to where the sound is."""
        self._now.tick()
        if self._player is None:
            return
        if self._player.is_playing:
            self._viewport.set_playhead(self._player.position(), follow=self.follow)
        elif self._was_playing:
            if self._player.finished:
                self._viewport.set_playhead(self._viewport.duration, follow=self.follow)
            self._show_state()
        notice = self._player.notice or ""
        if notice != self._said:
            self._said = notice
            if notice:
                self.noticed.emit(notice)

    def _show_state(self) -> None:
        if self._was_playing != self.is_playing:
            self._was_playing = self.is_playing
            self.playing_changed.emit(self._was_playing)

    @Slot()
    def _apply_loop(self) -> None:
        if self._player is not None:
            self._player.set_loop(self._viewport.selection if self.loop else None)
