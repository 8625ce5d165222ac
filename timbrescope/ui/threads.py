"""Work beside the window: it takes inputs, emits frozen results and knows nothing of widgets."""

import logging
import threading
from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QThread, Signal, Slot

from timbrescope.core.blocks import Source
from timbrescope.core.errors import TimbrescopeError
from timbrescope.recognition.store import ModelStore

if TYPE_CHECKING:
    from timbrescope.recognition.recogniser import Recogniser

log = logging.getLogger(__name__)

_UNTAKEN_CHUNKS = 2
_LOOK_SECONDS = 0.1


def sentence(error: BaseException) -> str:
    """Return what a user is told of an error; anything unexpected goes to the log in full."""
    if isinstance(error, TimbrescopeError):
        return str(error)
    log.error("unexpected error", exc_info=error)
    return (
        f"Something unexpected went wrong ({type(error).__name__}: {error}); the log has the details (Help > Show log)."
    )


class AnalysisThread(QThread):
    """Draws and recognises one source of sound; every signal carries ``run`` so that a stale one can be told.

    Args:
        run: number of this analysis.
        open_source: called in the thread.
        models: names.
        device: where to compute.
        hop_seconds: time between scores.
        follows_voice: whether to measure pitch and formants, given the kinds of the models.
        formant_ceiling: in Hz.
    """

    batch: int | None = None  # windows scored at a time: what suits the device
    beside = False  # whether the picture is drawn while the models still work

    opened = Signal(int, object)
    recognising = Signal(int, object)
    chunk = Signal(int, object)
    noticed = Signal(int, str)
    failed = Signal(int, str)
    completed = Signal(int)

    def __init__(
        self,
        run: int,
        open_source: Callable[[], Source],
        models: tuple[str, ...],
        device: str,
        hop_seconds: float,
        *,
        follows_voice: Callable[[Collection[str]], bool],
        formant_ceiling: float,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.run_id = run
        self._open_source = open_source
        self._models = models
        self._device = device
        self._hop_seconds = hop_seconds
        self._follows_voice = follows_voice
        self._formant_ceiling = formant_ceiling

    def run(self) -> None:
        """Work until the end of the recording or until interruption is requested."""
        try:
            self._analyse()
        except Exception as error:  # noqa: BLE001 (nothing may take the window down; the log has it)
            self.failed.emit(self.run_id, sentence(error))
        else:
            self.completed.emit(self.run_id)

    def recogniser_type(self) -> "type[Recogniser]":
        """Return what scores the windows; imports torch."""
        from timbrescope.recognition.recogniser import Recogniser

        return Recogniser

    def _analyse(self) -> None:
        source = self._open_source()
        self.opened.emit(self.run_id, source)
        from timbrescope.recognition.warm_up import import_torch

        import_torch()
        from timbrescope.recognition.device import choose_device
        from timbrescope.recognition.pipeline import analyse
        from timbrescope.recognition.voice import VoiceStream

        store = ModelStore()
        recognisers = []
        for name in self._models:
            if self.isInterruptionRequested():
                return
            try:
                device = choose_device(self._device)
                recognisers.append(
                    self.recogniser_type().load(store.find(name), device, hop_seconds=self._hop_seconds, or_finer=True)
                )
            except TimbrescopeError as error:  # the picture and the sound need no model
                self.noticed.emit(self.run_id, str(error))
        self.recognising.emit(self.run_id, tuple(recogniser.score_spec for recogniser in recognisers))
        kinds = {recogniser.spec.kind for recogniser in recognisers}
        voice = VoiceStream(self._formant_ceiling) if self._follows_voice(kinds) else None
        for chunk in analyse(source, recognisers, batch=self.batch, voice=voice, beside=self.beside):
            if self.isInterruptionRequested():
                return
            if not self._wait_for_room():
                return
            self.chunk.emit(self.run_id, chunk)

    def _wait_for_room(self) -> bool:
        """Wait until the window can take another chunk; return False when it wants none any more."""
        return True


class LiveThread(AnalysisThread):
    """Does the same with sound that cannot wait."""

    batch = 1
    beside = True

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._room = threading.Semaphore(_UNTAKEN_CHUNKS)
        self.chunk.connect(self._on_taken)  # in the window's thread, after what uses it there

    @Slot()
    def _on_taken(self) -> None:
        self._room.release()

    def _wait_for_room(self) -> bool:
        """Wait, so that a window that cannot follow gets fewer and longer chunks, not ever more of them."""
        while not self._room.acquire(timeout=_LOOK_SECONDS):
            if self.isInterruptionRequested():
                return False
        return True

    def recogniser_type(self) -> "type[Recogniser]":
        """Return one that skips what it cannot keep up with."""
        from timbrescope.recognition.keeping_up import LiveRecogniser

        return LiveRecogniser


class JobThread(QThread):
    """Runs one function that reports progress in sentences."""

    progressed = Signal(str)
    failed = Signal(str)
    succeeded = Signal()

    def __init__(self, job: Callable[[Callable[[str], None]], None], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._job = job

    def run(self) -> None:
        """Do the job."""
        try:
            self._job(self.progressed.emit)
        except Exception as error:  # noqa: BLE001 (nothing may take the window down; the log has it)
            self.failed.emit(sentence(error))
        else:
            self.succeeded.emit()
