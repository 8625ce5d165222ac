"""The review of what a recording's models claim: claims, what a person says of them, and undo; written at once."""

from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QUndoCommand, QUndoStack

from timbrescope.core import verdict_files
from timbrescope.core.claims import Claim, claims
from timbrescope.core.timeline import Timeline
from timbrescope.core.verdicts import Judged, Verdict, VerdictError, now, with_verdict, without_claim

Verdicts = tuple[Verdict, ...]


class Review(QObject):
    """The claims of one recording, the most doubtful first, and the verdicts on them.

    ``changed`` says that a verdict has, ``noticed`` carries a sentence for the user.

    Attributes:
        recording: it is of; None before there is one.
        claims: of all its models.
        undo_stack: of verdicts.
    """

    changed = Signal()
    noticed = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.recording: Path | None = None
        self.claims: tuple[Claim, ...] = ()
        self.undo_stack = QUndoStack(self)
        self._judged = Judged("", "")
        self._labels: dict[str, tuple[str, ...]] = {}
        self._told_place = False

    def begin(self, recording: Path, timeline: Timeline) -> None:
        """Take the claims of a recording that has been analysed, and what was said of it before.

        Raises:
            VerdictError: what was said before cannot be read.
        """
        self._judged = verdict_files.load(recording)
        self.recording = recording
        found: list[Claim] = []
        for name, spec in timeline.score_specs.items():
            found += claims(spec, timeline.scores[name].read(0, len(timeline.scores[name])), timeline.seconds)
        self.claims = tuple(sorted(found, key=lambda claim: claim.margin))
        self._labels = {name: spec.labels for name, spec in timeline.score_specs.items()}
        self.undo_stack.clear()
        self.changed.emit()

    @property
    def verdicts(self) -> Verdicts:
        """What was said of the recording."""
        return self._judged.verdicts

    def labels_of(self, model: str) -> tuple[str, ...]:
        """Return the labels that a model can say."""
        return self._labels.get(model, ())

    def verdict_on(self, claim: Claim) -> Verdict | None:
        """Return what was said of a claim."""
        return next((one for one in self.verdicts if one.claim == claim.key), None)

    def judge(self, claim: Claim, *, right: bool, label: str = "") -> None:
        """Say that a claim is right or wrong, and what is there instead, in a step that can be undone."""
        one = Verdict(
            claim.start,
            claim.end,
            claim.model,
            claim.label,
            round(claim.score, 4),
            right=right,
            label=label,
            time=now(),
        )
        words = f"{'Confirm' if right else 'Relabel' if label else 'Reject'} {claim.label}"
        self.undo_stack.push(_Judge(words, self, self.verdicts, with_verdict(self.verdicts, one)))

    def withdraw(self, claim: Claim) -> None:
        """Say nothing of a claim any more, in a step that can be undone."""
        if self.verdict_on(claim) is not None:
            after = without_claim(self.verdicts, claim.key)
            self.undo_stack.push(_Judge(f"Withdraw {claim.label}", self, self.verdicts, after))

    def put(self, verdicts: Verdicts) -> None:
        """Take verdicts and write them at once; where that fails, a notice says so and they stay for this session."""
        self._judged = replace(self._judged, verdicts=verdicts)
        if self.recording is not None:
            try:
                place = verdict_files.save(self.recording, self._judged)
            except VerdictError as error:
                self.noticed.emit(str(error))
            else:
                self._tell_place(place)
        self.changed.emit()

    def _tell_place(self, place: Path) -> None:
        """Say once that the recording's folder cannot be written."""
        if self.recording is None or place.parent == self.recording.parent or self._told_place:
            return
        self._told_place = True
        self.noticed.emit(f"{self.recording.parent} cannot be written, so corrections are kept in {place.parent}.")


class _Judge(QUndoCommand):
    def __init__(self, text: str, review: Review, before: Verdicts, after: Verdicts) -> None:
        super().__init__(text)
        self._review = review
        self._before = before
        self._after = after

    def undo(self) -> None:
        self._review.put(self._before)

    def redo(self) -> None:
        self._review.put(self._after)
