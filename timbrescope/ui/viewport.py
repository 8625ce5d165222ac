"""What is visible: the stretch of time and of frequency, the playhead and the selection that all views share."""

from PySide6.QtCore import QObject, Signal

from timbrescope.core import picture

_MIN_SECONDS = 0.05
_MIN_BANDS = 12.0


class Viewport(QObject):
    """The visible stretch; every change keeps it inside the recording."""

    moved = Signal()
    playhead_moved = Signal()
    selection_changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.duration = 0.0
        self.start = 0.0
        self.seconds = 1.0
        self.low_band = 0.0
        self.high_band = float(picture.N_MELS)
        self.playhead = 0.0
        self.selection: tuple[float, float] | None = None
        self._whole = True

    @property
    def stop(self) -> float:
        """Right edge in seconds."""
        return self.start + self.seconds

    def reset(self) -> None:
        """Forget the last recording."""
        self.duration = self.start = self.playhead = 0.0
        self.seconds = 1.0
        self._whole = True
        self.select(None)
        self.show_all_frequencies()
        self.playhead_moved.emit()

    def set_duration(self, seconds: float) -> None:
        """Take a new length of the recording; a view of the whole goes on showing the whole."""
        if seconds == self.duration:
            return
        self.duration = seconds
        if self._whole:
            self.show_time(0.0, seconds)
        elif self.stop > seconds:
            self.show_time(self.start, self.seconds)
        else:
            self.moved.emit()

    def begin(self, seconds: float) -> None:
        """Show the first seconds of what has only begun; it goes on to show as much, not the whole."""
        self.duration = self.seconds = seconds
        self.start = self.playhead = 0.0
        self._whole = False
        self.moved.emit()
        self.playhead_moved.emit()

    def run_to(self, seconds: float) -> None:
        """Move the playhead of what still grows; the picture moves with it as soon as it reaches the right edge."""
        self.playhead = min(max(seconds, 0.0), self.duration)
        start = max(0.0, self.playhead - self.seconds)
        if not self._whole and start != self.start:
            self.start = start
            self.moved.emit()
        self.playhead_moved.emit()

    def show_time(self, start: float, seconds: float) -> None:
        """Show a stretch of time in seconds."""
        longest = max(self.duration, _MIN_SECONDS)
        self.seconds = min(max(seconds, _MIN_SECONDS), longest)
        self.start = min(max(start, 0.0), longest - self.seconds)
        self._whole = self.seconds >= longest
        self.moved.emit()

    def zoom_time(self, factor: float, around: float | None = None) -> None:
        """Show ``factor`` times less; the time ``around``, by default the playhead or the middle, stays where it is."""
        if around is None:
            around = self.playhead if self.start <= self.playhead <= self.stop else self.start + self.seconds / 2
        seconds = min(max(self.seconds / factor, _MIN_SECONDS), max(self.duration, _MIN_SECONDS))
        self.show_time(around - (around - self.start) * seconds / self.seconds, seconds)

    def pan_time(self, fraction: float) -> None:
        """Move by a fraction of what is visible; positive is later."""
        self.show_time(self.start + fraction * self.seconds, self.seconds)

    def show_bands(self, low: float, high: float) -> None:
        """Show a stretch of frequency, in bands of the picture."""
        height = min(max(high - low, _MIN_BANDS), float(picture.N_MELS))
        self.low_band = min(max(low, 0.0), picture.N_MELS - height)
        self.high_band = self.low_band + height
        self.moved.emit()

    def zoom_bands(self, factor: float, around: float | None = None) -> None:
        """Show ``factor`` times fewer bands around one, by default the middle."""
        if around is None:
            around = (self.low_band + self.high_band) / 2
        self.show_bands(around - (around - self.low_band) / factor, around + (self.high_band - around) / factor)

    def pan_bands(self, fraction: float) -> None:
        """Move by a fraction of what is visible; positive is higher."""
        by = fraction * (self.high_band - self.low_band)
        self.show_bands(self.low_band + by, self.high_band + by)

    def show_all_frequencies(self) -> None:
        """Show every band."""
        self.show_bands(0.0, float(picture.N_MELS))

    def show_everything(self) -> None:
        """Show the whole recording and every band."""
        self.show_time(0.0, self.duration)
        self.show_all_frequencies()

    def set_playhead(self, seconds: float, *, follow: bool = False) -> None:
        """Move the playhead; following, the picture moves under it as soon as it reaches the middle."""
        self.playhead = min(max(seconds, 0.0), self.duration)
        if follow and self.seconds < self.duration:
            start = min(max(self.playhead - self.seconds / 2, 0.0), self.duration - self.seconds)
            if start != self.start:
                self.start = start
                self.moved.emit()
        self.playhead_moved.emit()

    def select(self, selection: tuple[float, float] | None) -> None:
        """Mark a stretch of time for looping and export, or none."""
        if selection is not None:
            start, stop = sorted(min(max(edge, 0.0), self.duration) for edge in selection)
            selection = (start, stop) if stop - start >= _MIN_SECONDS else None
        if selection != self.selection:
            self.selection = selection
            self.selection_changed.emit()
