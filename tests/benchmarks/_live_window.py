"""The window that ``live`` measures, in a process of its own: it listens, records and notes what it paints and when."""

import json
import os
import resource
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEventLoop, QTimer
from PySide6.QtGui import QPaintEvent
from PySide6.QtWidgets import QApplication

from timbrescope import paths
from timbrescope.settings import Settings
from timbrescope.ui.listener import State
from timbrescope.ui.main_window import MainWindow
from timbrescope.ui.views.base import TimeView

_BEAT_MS = 10
_MEMORY_MS = 2000
_MODELS = 7  # at most
_SETTLING_SECONDS = 5.0
_PATIENCE_SECONDS = 1800


class Notes:
    """Rows of numbers in memory that is taken at the start, so that measuring does not look like a leak."""

    def __init__(self, rows: int, columns: int) -> None:
        self._rows = np.full((rows, columns), np.nan)
        self._count = 0

    def add(self, *row: float) -> None:
        """Note one row; what has no room is left out."""
        if self._count < len(self._rows):
            self._rows[self._count] = row
            self._count += 1

    @property
    def all(self) -> NDArray[np.float64]:
        """The rows so far."""
        return self._rows[: self._count]


def memory_mb() -> float:
    """Return how much memory of its own the process holds, in MB."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * resource.getpagesize() / 1e6


def turns() -> NDArray[np.float64]:
    """Return for how many seconds the first thread, which paints, has run and has waited for a core to run on."""
    running, waiting, _ = Path(f"/proc/self/task/{os.getpid()}/schedstat").read_text(encoding="ascii").split()
    return np.array([int(running), int(waiting)]) / 1e9


class Observer:
    """Notes when the views of a window have been painted and what they showed, how often it is idle, and its memory."""

    def __init__(self, window: MainWindow, seconds: float) -> None:
        self.pictures = Notes(int(70 * seconds) + 1000, 2)
        self.lanes = Notes(int(70 * seconds) + 1000, 1 + _MODELS)
        self.beats = Notes(int(110 * seconds) + 1000, 1)
        self.memory = Notes(int(seconds) + 100, 3)
        self._window = window
        self._drawn_to = 0.0
        self._rows = [0] * _MODELS
        page = window.page
        _follow(page.spectrogram, self._on_picture_drawn, lambda: self.pictures.add(time.monotonic(), self._drawn_to))
        _follow(page.lanes.plot, self._on_lanes_drawn, lambda: self.lanes.add(time.monotonic(), *self._rows))
        beat, look = QTimer(window, interval=_BEAT_MS), QTimer(window, interval=_MEMORY_MS)
        beat.timeout.connect(lambda: self.beats.add(time.monotonic()))
        look.timeout.connect(lambda: self.memory.add(time.monotonic(), memory_mb(), os.getloadavg()[0]))
        self._timers = beat, look

    def begin(self) -> None:
        """Note beats and memory from now on."""
        for timer in self._timers:
            timer.start()

    def end(self) -> None:
        """Note them no more."""
        for timer in self._timers:
            timer.stop()

    def _on_picture_drawn(self) -> None:
        self._drawn_to = min(self._window.viewport.stop, self._window.session.timeline.mel.end_seconds)

    def _on_lanes_drawn(self) -> None:
        rows = [len(track) for track in self._window.session.timeline.scores.values()]
        self._rows = (rows + [0] * _MODELS)[:_MODELS]


def _follow(view: TimeView, drawn: Callable[[], None], painted: Callable[[], None]) -> None:
    """Call back after each redraw of a view, and after each paint, which follows it sooner or later."""
    redraw, kind = view.redraw, type(view)
    paint = kind.paintEvent

    def redraw_and_tell() -> None:
        redraw()
        drawn()

    def paint_and_tell(self: TimeView, event: QPaintEvent) -> None:
        paint(self, event)
        if self is view:
            painted()

    setattr(view, "redraw", redraw_and_tell)  # noqa: B010 - a method, which mypy lets nobody assign
    setattr(kind, "paintEvent", paint_and_tell)  # noqa: B010 - the same; Qt calls the class's


def main(seconds: float, size: str, folder: Path) -> None:
    """Listen and record for some seconds, then let the take be analysed; write what was noted into the folder."""
    application = QApplication([])
    settings = replace(Settings.load(paths.config()), take_folder=str(folder / "takes"), remember=False)
    window = MainWindow(settings)
    window.resize(*map(int, size.split("x")))
    observer, listener, session = Observer(window, seconds), window.live.listener, window.session
    window.show()
    window.actions_["record"].trigger()
    _wait(lambda: listener.recording is not None and session.timeline.seconds > 0)
    _stay(_SETTLING_SECONDS)
    begun, used, had = time.monotonic(), time.process_time(), turns()
    observer.begin()
    _stay(seconds)
    span, used = time.monotonic() - begun, time.process_time() - used
    ran, waited = ((turns() - had) / span).tolist()
    observer.end()

    sitting = listener.sitting
    if sitting is None:
        raise RuntimeError("the input has not stayed open")
    live = {name: track.read(0, len(track)) for name, track in session.timeline.scores.items()}
    specs = dict(session.timeline.score_specs)
    print("listened", flush=True)
    window.actions_["listen"].trigger()
    _wait(lambda: listener.state is State.IDLE and session.file is not None and not session.is_analysing)
    differences = {
        name: float(np.abs(rows - session.timeline.scores[name].read(0, len(rows))).max(initial=0.0))
        for name, rows in live.items()
    }
    np.savez(
        folder / "notes.npz",
        pictures=observer.pictures.all, lanes=observer.lanes.all, beats=observer.beats.all, memory=observer.memory.all,
    )  # fmt: skip
    print(json.dumps({
        "take": str(session.path), "begun": begun, "span": span, "cpu": used / span, "ran": ran, "waited": waited,
        "dropouts": sitting.input.dropouts, "lost_seconds": sitting.input.lost_seconds, "differences": differences,
        "rows": {name: len(rows) for name, rows in live.items()},
        "hops": {name: spec.hop_seconds for name, spec in specs.items()},
        "windows": {name: spec.window_seconds for name, spec in specs.items()},
    }), flush=True)  # fmt: skip
    window.close()
    application.processEvents()


def _stay(seconds: float) -> None:
    """Let the window live for a while, as its own loop does."""
    loop = QEventLoop()
    QTimer.singleShot(round(1000 * seconds), loop.quit)
    loop.exec()


def _wait(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError("the window did not come to it")
        _stay(0.1)


if __name__ == "__main__":
    main(float(sys.argv[1]), sys.argv[2], Path(sys.argv[3]))
