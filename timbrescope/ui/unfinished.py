"""Takes that a crash or a power cut has left unfinished: looked for at the start, mended when the user says so."""

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QObject, Signal, Slot

from timbrescope.audio.recovery import recover, unfinished_takes
from timbrescope.core.errors import AudioError
from timbrescope.ui.threads import JobThread


class UnfinishedTakes(QObject):
    """Works beside the window; ``found`` carries the takes, ``mended`` the newest file that came of them."""

    found = Signal(object)
    mended = Signal(object)
    noticed = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._job: JobThread | None = None
        self._takes: tuple[Path, ...] = ()
        self._files: list[Path] = []

    def look(self, folders: Sequence[Path]) -> None:
        """Look for takes that nobody is writing any more."""

        def look(_say: Callable[[str], None]) -> None:
            self._takes = tuple(path for folder in folders for path in unfinished_takes(folder))

        self._start(look, self._on_looked)

    @Slot()
    def mend(self) -> None:
        """Mend what was found; what cannot be mended is told and stays."""

        def mend(say: Callable[[str], None]) -> None:
            self._files = []
            for take in self._takes:
                try:
                    self._files.append(recover(take))
                except AudioError as error:
                    say(str(error))

        self._start(mend, self._on_mended)

    def wait(self) -> None:
        """Wait for what is under way."""
        if self._job is not None:
            self._job.wait()

    def _start(self, job: Callable[[Callable[[str], None]], None], then: Callable[[], None]) -> None:
        self.wait()
        self._job = JobThread(job, self)
        self._job.progressed.connect(self.noticed)
        self._job.failed.connect(self.noticed)
        self._job.succeeded.connect(then)
        self._job.start()

    @Slot()
    def _on_looked(self) -> None:
        self.found.emit(self._takes)

    @Slot()
    def _on_mended(self) -> None:
        self._takes = ()
        self.found.emit(())
        if self._files:
            self.mended.emit(self._files[-1])
            names = self._files[0].name if len(self._files) == 1 else f"{len(self._files)} recordings"
            self.noticed.emit(f"Made whole again: {names} in {self._files[-1].parent}.")
