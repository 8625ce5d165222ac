"""What the open recording is, in words, and where it changes; found anew whenever an analysis ends."""

from PySide6.QtCore import QObject, Signal, Slot

from timbrescope.core.changes import Change, changes
from timbrescope.core.labels import PHONEMES
from timbrescope.core.noteworthy import Heard
from timbrescope.core.summary import summarise
from timbrescope.ui.session import Session


class Findings(QObject):
    """Holds what is read from all scores together; ``changed`` says when to look.

    Attributes:
        summary: one line; empty where nothing stands out or nothing has been analysed to its end.
        changes: in the order of time.
        is_complete: whether there is an analysis that has ended.
    """

    changed = Signal()

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.summary = ""
        self.changes: list[Change] = []
        self.is_complete = False
        session.opening.connect(self.forget)
        session.recognising.connect(self.forget)
        session.finished.connect(self._find)
        session.failed.connect(self._find)

    @Slot()
    def forget(self) -> None:
        """Leave the recording."""
        self.summary, self.changes, self.is_complete = "", [], False
        self.changed.emit()

    @Slot()
    def _find(self) -> None:
        timeline = self._session.timeline
        heard = [
            Heard(spec, track.read(0, len(track)), timeline.clip_scores(spec.name))
            for spec, track in ((spec, timeline.scores[spec.name]) for spec in timeline.score_specs.values())
            if spec.kind != PHONEMES  # of which a long evening has hundreds of MB, and nothing that is said here
        ]
        self.summary = summarise(heard, timeline.seconds)
        self.changes = changes(heard, timeline.seconds)
        self.is_complete = True
        self.changed.emit()
