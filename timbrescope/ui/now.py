"""The playhead of a live input: it runs with what is heard until the user looks back."""

import time
from collections.abc import Callable

from PySide6.QtCore import QObject, Signal, Slot

from timbrescope.core.pacing import Pacing
from timbrescope.ui.session import Session
from timbrescope.ui.viewport import Viewport

SPAN_SECONDS = 20.0
_EDGE = 0.01  # of what is visible; so close to the end counts as the end


class Now(QObject):
    """Follows a live input, or lets the picture stand while the input goes on.

    Args:
        session: whose timeline grows.
        viewport: what moves.
        clock: seconds that only grow.
    """

    following_changed = Signal(bool)

    def __init__(
        self,
        session: Session,
        viewport: Viewport,
        parent: QObject | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._viewport = viewport
        self._clock = clock
        self._pacing = Pacing()
        self._moving = False  # by itself, not by the user
        self._seconds = 0.0  # that were visible
        self._end = 0.0  # of what is there
        self.is_live = False
        self.is_following = False
        session.changed.connect(self._arrive)
        viewport.moved.connect(self._on_moved)

    def begin(self) -> None:
        """Follow an input that has just begun."""
        self.is_live = True
        self._pacing = Pacing()
        self._end = 0.0
        self._move(lambda: self._viewport.begin(SPAN_SECONDS))
        self._set_following(following=True)

    def end(self) -> None:
        """Leave the input."""
        if self.is_live:
            self._grow()
        self.is_live = False
        self._set_following(following=False)

    def tick(self) -> None:
        """Move with the input."""
        if not self.is_live:
            return
        self._grow()
        now = self._pacing.now(self._clock())
        if self.is_following and now != self._viewport.playhead:
            self._move(lambda: self._viewport.run_to(now))

    def look_back(self) -> None:
        """Let the picture stand; the input goes on."""
        if self.is_live:
            self._set_following(following=False)

    def back_to_now(self) -> None:
        """Follow again."""
        if self.is_live:
            self._set_following(following=True)
            self._grow()
            self._move(lambda: self._viewport.run_to(self._pacing.now(self._clock())))

    def toggle(self) -> None:
        """Let the picture stand, or follow again."""
        if self.is_following:
            self.look_back()
        else:
            self.back_to_now()

    def _move(self, move: Callable[[], None]) -> None:
        self._moving = True
        try:
            move()
        finally:
            self._moving = False
        self._seconds = self._viewport.seconds

    def _set_following(self, *, following: bool) -> None:
        if following != self.is_following:
            self.is_following = following
            self.following_changed.emit(following)

    @Slot()
    def _arrive(self) -> None:
        if self.is_live:
            self._end = self._session.timeline.mel.end_seconds
            self._pacing.arrive(self._clock(), self._end)

    def _grow(self) -> None:
        """Let the viewport know how much there is; sound arrives too often to move all views with each portion."""
        if self._end > self._viewport.duration:
            self._move(lambda: self._viewport.set_duration(self._end))

    @Slot()
    def _on_moved(self) -> None:
        """Tell a user who scrolls back from one who zooms, and one who has come back to the end."""
        viewport = self._viewport
        if self._moving or not self.is_live:
            return
        zoomed = viewport.seconds != self._seconds
        self._seconds = viewport.seconds
        if not zoomed:
            end = min(self._pacing.now(self._clock()), viewport.duration)
            self._set_following(following=viewport.stop >= end - _EDGE * viewport.seconds)
