"""The clock that paints: sixty times a second, thirty where that keeps the computer too busy."""

import time
from collections.abc import Callable

from PySide6.QtCore import QObject, Qt, QTimer, Slot

FAST_MS, SLOW_MS = 16, 33
_BUSY, _IDLE = 0.75, 0.3  # share of the fast clock's time that painting takes
_FORGETTING = 0.05


class DisplayClock(QObject):
    """Calls a function again and again.

    Args:
        paint: what to call.
        clock: seconds that only grow.
    """

    def __init__(
        self, paint: Callable[[], None], parent: QObject, *, clock: Callable[[], float] = time.perf_counter
    ) -> None:
        super().__init__(parent)
        self._paint = paint
        self._clock = clock
        self._share = self._began = 0.0
        self._timer = QTimer(self, interval=FAST_MS, timerType=Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._tick)

    @property
    def interval_ms(self) -> int:
        """Time between two paints."""
        return self._timer.interval()

    def start(self) -> None:
        """Begin to paint."""
        self._timer.start()

    def stop(self) -> None:
        """Paint no more."""
        self._timer.stop()

    @Slot()
    def _tick(self) -> None:
        self._began = self._clock()
        self._paint()
        QTimer.singleShot(0, self, self._on_painted)  # Qt draws what has changed before it comes to this

    @Slot()
    def _on_painted(self) -> None:
        self.measure(self._clock() - self._began)

    def measure(self, seconds: float) -> None:
        """Take note of how long a paint took."""
        self._share += _FORGETTING * (1000 * seconds / FAST_MS - self._share)
        wanted = SLOW_MS if self._share > _BUSY else FAST_MS if self._share < _IDLE else self._timer.interval()
        if wanted != self._timer.interval():
            self._timer.setInterval(wanted)
