"""The open document: one recording or live input, its timeline and the analysis that fills it. Only it writes both."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal, Slot

from timbrescope.audio.file import AudioFile
from timbrescope.audio.sitting import Sitting
from timbrescope.core.blocks import Source
from timbrescope.core.timeline import Chunk, ScoreSpec, Timeline
from timbrescope.settings import Settings
from timbrescope.ui.threads import AnalysisThread, LiveThread


class Session(QObject):
    """Opens recordings and gathers what the analysis finds; views read ``timeline`` when ``changed`` says so.

    ``opening`` carries the path of a recording, or None for a live input. A live input has no file until it has ended
    and a file with its sound is adopted.

    Attributes:
        path: of the open recording.
        file: the open recording, once it is open.
        sitting: the live input, while it is listened to.
        timeline: what is known of it so far.
    """

    opening = Signal(object)
    opened = Signal(object)
    recognising = Signal()
    changed = Signal()
    noticed = Signal(str)
    failed = Signal(str)
    finished = Signal()

    def __init__(self, settings: Settings, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.settings = settings
        self.path: Path | None = None
        self.file: AudioFile | None = None
        self.sitting: Sitting | None = None
        self.timeline = Timeline()
        self._run = 0
        self._threads: set[AnalysisThread] = set()

    @property
    def is_analysing(self) -> bool:
        """Whether the open recording is still being read."""
        return any(thread.run_id == self._run for thread in self._threads)

    def open(self, path: Path) -> None:
        """Leave the present recording, its analysis included, and start on another."""
        self._abandon()
        self.path = path
        thread = self._thread(AnalysisThread, partial(AudioFile, path))
        thread.opened.connect(self._on_opened)
        self.opening.emit(path)
        thread.start()

    def hear(self, sitting: Sitting) -> None:
        """Leave the present recording and go on with a live input, which has been started."""
        self._abandon()
        self.sitting = sitting
        thread = self._thread(LiveThread, lambda: sitting)
        self.opening.emit(None)
        thread.start()

    def adopt(self, path: Path) -> None:
        """Take a file as the sound of what has been listened to; the timeline stays.

        Raises:
            AudioError: it cannot be read.
        """
        self.file = AudioFile(path)
        self.path = path
        self.opened.emit(self.file)

    def _thread(self, kind: type[AnalysisThread], open_source: Callable[[], Source]) -> AnalysisThread:
        self._replace_timeline(Timeline())
        settings = self.settings
        thread = kind(
            self._run,
            open_source,
            settings.models,
            settings.device,
            settings.update_seconds,
            follows_voice=settings.follows_voice,
            formant_ceiling=settings.formant_ceiling,
            parent=self,
        )
        thread.recognising.connect(self._on_recognising)
        thread.chunk.connect(self._on_chunk)
        thread.noticed.connect(self._on_noticed)
        thread.failed.connect(self._on_failed)
        thread.completed.connect(self._on_completed)
        thread.finished.connect(self._on_thread_finished)
        self._threads.add(thread)
        return thread

    def analyse_again(self) -> None:
        """Read the open recording once more, with other models or settings."""
        if self.path is not None:
            self.open(self.path)
        elif self.sitting is not None:
            self.noticed.emit("Other models and settings of recognition are used when you listen again.")

    def close(self) -> None:
        """Stop everything and wait for it; no thread is left behind."""
        self._abandon()
        for thread in tuple(self._threads):
            thread.wait()
        self._threads.clear()
        self._replace_timeline(Timeline())

    def _abandon(self) -> None:
        self._run += 1
        self.path = self.file = None
        self._leave_sitting()
        for thread in self._threads:
            thread.requestInterruption()

    def _leave_sitting(self) -> None:
        if self.sitting is not None:
            self.sitting.stop()
            self.sitting = None

    def _replace_timeline(self, timeline: Timeline) -> None:
        self.timeline.close()
        self.timeline = timeline

    @Slot(int, object)
    def _on_opened(self, run: int, file: AudioFile) -> None:
        if run == self._run:
            self.file = file
            self.opened.emit(file)

    @Slot(int, object)
    def _on_recognising(self, run: int, specs: tuple[ScoreSpec, ...]) -> None:
        if run == self._run:
            self._replace_timeline(Timeline(specs))
            self.recognising.emit()

    @Slot(int, object)
    def _on_chunk(self, run: int, chunk: Chunk) -> None:
        if run != self._run:
            return
        self.timeline.append(chunk)
        for notice in chunk.notices:
            self.noticed.emit(notice)
        self.changed.emit()

    @Slot(int, str)
    def _on_noticed(self, run: int, sentence: str) -> None:
        if run == self._run:
            self.noticed.emit(sentence)

    @Slot(int, str)
    def _on_failed(self, run: int, sentence: str) -> None:
        if run == self._run:
            self._leave_sitting()
            self.failed.emit(sentence)

    @Slot(int)
    def _on_completed(self, run: int) -> None:
        if run == self._run:
            self._leave_sitting()
            self.finished.emit()

    @Slot()
    def _on_thread_finished(self) -> None:
        for thread in [thread for thread in self._threads if thread.isFinished()]:
            self._threads.discard(thread)
            thread.deleteLater()
