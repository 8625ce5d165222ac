"""Keeps what was found in a recording when its analysis has ended, beside the window."""

from collections.abc import Callable

import numpy as np
from PySide6.QtCore import QObject, Slot

from timbrescope.core import history
from timbrescope.core.noteworthy import Heard
from timbrescope.ui.session import Session
from timbrescope.ui.threads import JobThread


class HistoryWriter(QObject):
    """Writes the user's history after each analysis of a session, unless the settings say otherwise."""

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._jobs: set[JobThread] = set()
        session.finished.connect(self._keep)

    def wait(self) -> None:
        """Wait until all is written."""
        for job in tuple(self._jobs):
            job.wait()

    @Slot()
    def _keep(self) -> None:
        path, timeline = self._session.path, self._session.timeline
        if path is None or not self._session.settings.remember or timeline.is_silent:
            return
        heard = [
            Heard(spec, np.asarray(track.read(0, len(track)), np.float32), timeline.clip_scores(spec.name))
            for spec, track in ((spec, timeline.scores[spec.name]) for spec in timeline.score_specs.values())
        ]
        seconds = timeline.seconds

        def write(_say: Callable[[str], None]) -> None:
            history.keep(path, heard, seconds)

        job = JobThread(write, self)
        job.finished.connect(self._on_written)
        self._jobs.add(job)
        job.start()

    @Slot()
    def _on_written(self) -> None:
        for job in [job for job in self._jobs if job.isFinished()]:
            self._jobs.discard(job)
            job.deleteLater()
