"""A command of this program as a process of its own, which tells how it goes in lines of JSON."""

import json
import sys
from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import QObject, QProcess, Signal, Slot

from timbrescope.commands.interruption import STOP
from timbrescope.ui.training.priority import step_back

_INTERRUPTED: Final = 130
_WAIT_MS: Final = 5000
_KEPT: Final = 20_000  # characters of what was said last on standard error
_BROKEN_OFF: Final = "The work was broken off from outside, or there was not enough memory."


class TrainingProcess(QObject):
    """Runs one command after the other with low priority; a crash in it leaves the window as it is.

    ``told`` carries each event as a dictionary. ``succeeded``, ``stopped`` or ``failed``, with a sentence, comes last.
    """

    told = Signal(object)
    succeeded = Signal()
    stopped = Signal()
    failed = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._process: QProcess | None = None
        self._line = b""
        self._complaint = ""
        self._is_stopping = False

    @property
    def is_running(self) -> bool:
        """Whether a command is at work."""
        return self._process is not None

    def start(self, arguments: Sequence[str]) -> None:
        """Start a command of the program; what runs still is ended first."""
        self.kill()
        self._line, self._complaint, self._is_stopping = b"", "", False
        process = self._process = QProcess(self)
        process.readyReadStandardOutput.connect(self._read)
        process.readyReadStandardError.connect(self._read_complaint)
        process.started.connect(self._on_started)
        process.errorOccurred.connect(self._on_error)
        process.finished.connect(self._on_finished)
        before = [] if hasattr(sys, "frozen") else ["-m", "timbrescope"]
        process.start(sys.executable, [*before, *arguments])

    @Slot()
    def stop(self) -> None:
        """Ask the command to end when its step is done and all is saved; asked twice, it ends at once."""
        if self._process is None:
            return
        if self._is_stopping:
            self._process.kill()
            return
        self._is_stopping = True
        self._process.write(f"{STOP}\n".encode())

    def close(self) -> None:
        """End the command; what it has saved stays."""
        self.stop()
        if self._process is not None and not self._process.waitForFinished(_WAIT_MS):
            self.kill()

    def kill(self) -> None:
        """End the command at once and tell nothing more of it."""
        process, self._process = self._process, None
        if process is not None:
            process.blockSignals(True)
            process.kill()
            process.waitForFinished(_WAIT_MS)
            process.deleteLater()

    @Slot()
    def _on_started(self) -> None:
        if self._process is not None:
            step_back(self._process.processId())

    @Slot()
    def _read(self) -> None:
        if self._process is None:
            return
        *lines, self._line = (self._line + bytes(self._process.readAllStandardOutput().data())).split(b"\n")
        for line in lines:
            try:
                event = json.loads(line)
            except ValueError:
                continue  # what a library prints
            if isinstance(event, dict) and "event" in event:
                self.told.emit(event)

    @Slot()
    def _read_complaint(self) -> None:
        if self._process is not None:
            said = bytes(self._process.readAllStandardError().data()).decode(errors="replace")
            self._complaint = (self._complaint + said)[-_KEPT:]

    @Slot(QProcess.ProcessError)
    def _on_error(self, error: QProcess.ProcessError) -> None:
        if error == QProcess.ProcessError.FailedToStart:
            self._process = None
            self.failed.emit(f"{sys.executable} cannot be started; install the program again.")

    @Slot(int, QProcess.ExitStatus)
    def _on_finished(self, code: int, status: QProcess.ExitStatus) -> None:
        self._read()
        self._read_complaint()
        process, self._process = self._process, None
        if process is not None:
            process.deleteLater()
        whole = status == QProcess.ExitStatus.NormalExit
        if whole and code in (0, 1):  # 1: done, with problems that were told
            self.succeeded.emit()
        elif self._is_stopping or (whole and code == _INTERRUPTED):
            self.stopped.emit()
        else:
            self.failed.emit(self._sentence() if whole else _BROKEN_OFF)

    def _sentence(self) -> str:
        """Return the last sentence of the program on standard error."""
        name = "timbrescope: "
        said = [line.removeprefix(name) for line in self._complaint.splitlines() if line.startswith(name)]
        return said[-1] if said else _BROKEN_OFF
