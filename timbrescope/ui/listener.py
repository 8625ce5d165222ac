"""What the buttons Listen and Record do."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from PySide6.QtCore import QObject, Signal, Slot

from timbrescope import paths
from timbrescope.audio import devices
from timbrescope.audio.live import LiveInput
from timbrescope.audio.sitting import Recording, Sitting, dated
from timbrescope.core.attempt import Attempt
from timbrescope.core.clock import clock
from timbrescope.core.errors import AudioError, TimbrescopeError
from timbrescope.settings import Settings
from timbrescope.ui.session import Session
from timbrescope.ui.threads import JobThread

log = logging.getLogger(__name__)

BLOCK_SECONDS = 0.02  # of sound, which the picture shows as soon as it is there
KEPT = 3
"""How many sittings that were not recorded are kept."""


class State(Enum):
    """What is going on."""

    IDLE = "idle"
    OPENING = "opening"
    LISTENING = "listening"
    ENDING = "ending"


@dataclass(frozen=True, slots=True)
class Ended:
    """What there is when a take or a sitting has ended.

    Attributes:
        takes: finished by this end, the oldest first.
        problem: why recording has stopped by itself, where it has.
        kept: the sound of the whole sitting, where it was kept.
        abandoned: something else has been opened in its place.
    """

    takes: tuple[Path, ...]
    problem: str | None
    kept: Path | None = None
    abandoned: bool = False


class Listener(QObject):
    """Opens an input, hands it to the session, records it and finishes its files; nothing here waits.

    ``failed`` says why an input could not be opened; the session is as it was then. ``take_ended`` carries an ``Ended``
    while listening goes on, ``ended`` one when it does not.
    """

    changed = Signal()
    failed = Signal(str)
    noticed = Signal(str)
    take_ended = Signal(object)
    ended = Signal(object)

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._attempt: Attempt[Sitting] | None = None
        self._jobs: dict[JobThread, Callable[[], None]] = {}  # and what follows
        self._again = False  # listen as soon as all is finished
        self._record_at_once = False
        self._told_full = False
        self.state = State.IDLE
        self.sitting: Sitting | None = None
        session.opening.connect(self._on_opening)
        session.finished.connect(self._on_end)
        session.failed.connect(self._on_end)

    @property
    def recording(self) -> Recording | None:
        """The take that is being recorded."""
        return None if self.sitting is None else self.sitting.take

    @property
    def is_loading(self) -> bool:
        """Whether sound comes that waits for the models."""
        return self.sitting is not None and self._session.timeline.seconds == 0

    def listen(self) -> None:
        """Open the chosen input; it replaces what is open as soon as it is there."""
        if self.state is State.IDLE:
            settings = self._session.settings
            self._attempt = Attempt(lambda: open_sitting(settings), Sitting.close)
            self._set_state(State.OPENING)

    def stop(self) -> None:
        """Listen no more; what has been heard stays."""
        if self._attempt is not None:
            self._attempt.abandon()
            self._attempt, self._record_at_once = None, False
            self._set_state(State.IDLE)
        elif self.sitting is not None and self.state is State.LISTENING:
            self._set_state(State.ENDING)
            self.sitting.stop()

    def toggle(self) -> None:
        """Listen, or listen no more."""
        if self.state is State.IDLE:
            self.listen()
        else:
            self.stop()

    def listen_again(self) -> None:
        """Take the input that has been chosen meanwhile, if any is listened to."""
        if self.state is State.LISTENING:
            self._again = True
            self.leave()
        elif self.state is State.OPENING:
            self.stop()
            self.listen()

    def toggle_recording(self) -> None:
        """Begin a take, or finish it; where nothing is listened to, listen and record from the first second."""
        if self.state is State.IDLE:
            self._record_at_once = True
            self.listen()
        elif self.recording is None:
            self.record()
        else:
            self.stop_recording()

    def record(self) -> None:
        """Begin a take, with the ten seconds before."""
        if self.sitting is None or self.state is not State.LISTENING or self.recording is not None:
            return
        settings = self._session.settings
        try:
            self.sitting.record(take_folder(settings), f".{settings.take_format}", 60 * settings.roll_minutes or None)
        except AudioError as error:
            self.noticed.emit(str(error))
        self.changed.emit()

    def stop_recording(self) -> None:
        """Finish the take; listening goes on."""
        if self.sitting is None or (take := self.sitting.take) is None or self.state is not State.LISTENING:
            return
        self.sitting.take = None
        take.detach()
        takes: list[Path] = []
        self._do(lambda: takes.extend(take.finish()), lambda: self.take_ended.emit(Ended(tuple(takes), take.problem)))
        self.changed.emit()

    def tick(self) -> None:
        """Look whether the input has been opened, and whether a recording has stopped by itself."""
        if self._attempt is not None and self._attempt.is_over:
            attempt, self._attempt = self._attempt, None
            try:
                self.sitting = attempt.result()
            except TimbrescopeError as error:
                self._record_at_once = False
                self._set_state(State.IDLE)
                self.failed.emit(str(error))
                return
            if self.sitting.kept_problem is not None:
                self.noticed.emit(self.sitting.kept_problem)
            self._told_full = False
            self._session.hear(self.sitting)
            self._set_state(State.LISTENING)
            if self._record_at_once:
                self._record_at_once = False
                self.record()
        if self.recording is not None and self.recording.problem is not None:
            self.stop_recording()
        kept = None if self.sitting is None else self.sitting.kept
        if kept is not None and kept.is_full and not self._told_full:
            self._told_full = True
            if self.recording is None:
                self.noticed.emit(
                    f"Sound that is not recorded is kept for {clock(kept.seconds)}, which are over; press Record to "
                    "keep what follows."
                )

    def wait(self) -> None:
        """Wait until all files are finished."""
        for job in tuple(self._jobs):
            job.wait()

    def _set_state(self, state: State) -> None:
        self.state = state
        self.changed.emit()

    @Slot(object)
    def _on_opening(self, path: Path | None) -> None:
        if path is not None:  # a file is opened in place of the input
            self.leave()

    def leave(self) -> None:
        """Finish everything because something else takes the place of the input."""
        if self._attempt is not None:
            self.stop()
        self._finish(abandoned=True)

    @Slot()
    def _on_end(self) -> None:
        self._finish(abandoned=False)

    def _finish(self, *, abandoned: bool) -> None:
        """Finish the files of the sitting beside the window."""
        if self.sitting is None:
            return
        sitting, self.sitting = self.sitting, None
        takes: list[Path] = []
        kept: list[Path] = []

        def finish() -> None:
            sitting.input.close()
            if sitting.take is not None:
                takes.extend(sitting.take.finish())
            if sitting.kept is not None:
                kept.extend(sitting.kept.finish())

        def tell() -> None:
            self._set_state(State.IDLE)
            problem = None if sitting.take is None else sitting.take.problem
            self.ended.emit(Ended(tuple(takes), problem, kept[0] if kept else None, abandoned))
            if self._again:
                self._again = False
                self.listen()

        self._set_state(State.ENDING)
        self._do(finish, tell)

    def _do(self, work: Callable[[], None], then: Callable[[], None]) -> None:
        """Work beside the window, then go on in its thread."""
        job = JobThread(lambda _say: work(), self)
        job.failed.connect(self.noticed)
        job.finished.connect(self._on_job_done)
        self._jobs[job] = then
        job.start()

    @Slot()
    def _on_job_done(self) -> None:
        for job in [job for job in self._jobs if job.isFinished()]:
            then = self._jobs.pop(job)
            job.deleteLater()
            then()


def take_folder(settings: Settings) -> Path:
    """Return where takes go."""
    return Path(settings.take_folder).expanduser() if settings.take_folder else paths.takes()


def open_sitting(settings: Settings) -> Sitting:
    """Open and start the chosen input; where it is not there, look for new ones first.

    Raises:
        AudioError: it cannot be opened.
    """
    name, channel = settings.input_device or None, settings.input_channel or None
    try:
        source = LiveInput(name, channel, block_seconds=BLOCK_SECONDS)
    except AudioError:
        if not devices.rescan():
            raise
        source = LiveInput(name, channel, block_seconds=BLOCK_SECONDS)
    kept = None
    if settings.keep_minutes:
        kept = dated(paths.unsaved(), "Heard", ".flac")
        _forget_old(kept.parent)
    sitting = Sitting(source, kept, 60 * settings.keep_minutes)
    try:
        sitting.start()
    except AudioError:
        sitting.close()
        raise
    return sitting


def _forget_old(folder: Path) -> None:
    """Delete all but the newest sittings; the one that begins is one of those kept."""
    for path in sorted(folder.glob("Heard *.flac"))[: -(KEPT - 1)]:
        try:
            path.unlink()
        except OSError as error:
            log.warning("%s cannot be deleted: %s", path, error)
