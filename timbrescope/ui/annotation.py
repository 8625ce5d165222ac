"""The annotation that a person corrects: tiers of labels in time beside the open recording, with undo and autosave."""

import hashlib
import logging
from dataclasses import replace
from pathlib import Path
from typing import Final

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QUndoCommand, QUndoStack

from timbrescope import paths
from timbrescope.core.segment_files import SegmentFileError, main_tier, read_tiers, save_tiers
from timbrescope.core.segments import Segments, Tier

log = logging.getLogger(__name__)

Tiers = tuple[Tier, ...]
State = tuple[Tiers, int, int | None]
_AUTOSAVE_TICKS: Final = 10  # slow ticks, two seconds


class Annotation(QObject):
    """Tiers of which one is worked on, and in it the selected segment.

    Every edit is one command: a text, the state before and the state after. What is not saved yet is kept in the data
    folder and comes back when the recording is opened again.

    Attributes:
        tiers: all of them; empty where there is no annotation.
        active: number of the tier that is worked on.
        selected: number of its selected segment.
        path: the file it was read from or saved to last.
        undo_stack: of edits.
        recording: that it belongs to, once that has a file.
    """

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.tiers: Tiers = ()
        self.active = 0
        self.selected: int | None = None
        self.path: Path | None = None
        self.undo_stack = QUndoStack(self)
        self._never_saved = False
        self.recording: Path | None = None
        self._duration = 0.0
        self._kept: Tiers = ()
        self._ticks = 0

    @property
    def is_open(self) -> bool:
        """Whether there is an annotation."""
        return bool(self.tiers)

    @property
    def is_dirty(self) -> bool:
        """Whether it holds what no file of the user's does."""
        return self.is_open and (self._never_saved or not self.undo_stack.isClean())

    @property
    def segments(self) -> Segments:
        """The segments of the tier that is worked on."""
        return self.tiers[self.active].segments if self.is_open else ()

    def belong_to(self, recording: Path | None) -> bool:
        """Leave the present annotation for that of another recording; return whether unsaved work came back."""
        self.autosave()
        self.recording = recording
        self._put_in(())
        kept = self._kept_file()
        if kept is None or not kept.is_file():
            return False
        try:
            tiers = read_tiers(kept)
        except SegmentFileError as error:
            log.warning("unsaved annotation is lost: %s", error)
            return False
        self.show(tiers)
        return True

    def show(self, tiers: Tiers, path: Path | None = None) -> None:
        """Take tiers, of a file or new; the phones are worked on.

        Raises:
            SegmentFileError: none of them has intervals.
        """
        names = [tier.name for tier in tiers if not tier.is_points]
        if not names:
            raise SegmentFileError(f"{path.name if path else 'The annotation'} has no tier with intervals to show.")
        ordered = (*(t for t in tiers if not t.is_points), *(t for t in tiers if t.is_points))
        self._put_in(ordered, main_tier(names), path)

    def _put_in(self, tiers: Tiers, active: int = 0, path: Path | None = None) -> None:
        self.tiers, self.active, self.selected, self.path = tiers, active, None, path
        self._never_saved = bool(tiers) and path is None
        self.undo_stack.clear()
        self.changed.emit()

    def close(self) -> None:
        """Leave the annotation for good; unsaved work is deleted."""
        self._put_in(())
        self._forget_kept()

    def select(self, tier: int, segment: int | None) -> None:
        """Work on a tier and select one of its segments, or none."""
        if (tier, segment) != (self.active, self.selected):
            self.active, self.selected = tier, segment
            self.changed.emit()

    def edit(self, text: str, segments: Segments, selected: int | None) -> None:
        """Give the tier that is worked on other segments, in a step that can be undone; without a change do nothing."""
        if segments == self.segments:
            return
        tier = replace(self.tiers[self.active], segments=segments)
        tiers = (*self.tiers[: self.active], tier, *self.tiers[self.active + 1 :])
        before = self.tiers, self.active, self.selected
        self.undo_stack.push(_Edit(text, self, before, (tiers, self.active, selected)))

    def restore(self, state: State) -> None:
        """Take a state from before or after an edit."""
        self.tiers, self.active, self.selected = state
        self.changed.emit()

    def save(self, path: Path, duration: float) -> None:
        """Write it to a file of the user's.

        Raises:
            SegmentFileError: the file cannot be written.
        """
        save_tiers(path, self.tiers, duration)
        self.path, self._never_saved = path, False
        self.undo_stack.setClean()
        self._forget_kept()
        self.changed.emit()

    def slow_tick(self, duration: float) -> None:
        """Keep unsaved work every few seconds."""
        self._duration = duration
        self._ticks += 1
        if self._ticks >= _AUTOSAVE_TICKS:
            self._ticks = 0
            self.autosave()

    def autosave(self) -> None:
        """Keep unsaved work where the recording finds it again."""
        kept = self._kept_file()
        if kept is None or not self.is_dirty or self.tiers is self._kept:
            return
        try:
            kept.parent.mkdir(parents=True, exist_ok=True)
            save_tiers(kept, self.tiers, self._duration)
        except (OSError, SegmentFileError) as error:
            log.warning("unsaved annotation cannot be kept: %s", error)
        self._kept = self.tiers

    def _kept_file(self) -> Path | None:
        if self.recording is None:
            return None
        name = hashlib.sha256(str(self.recording).encode()).hexdigest()[:24]
        return paths.data() / "annotations" / f"{name}.TextGrid"

    def _forget_kept(self) -> None:
        kept = self._kept_file()
        if kept is not None:
            kept.unlink(missing_ok=True)


class _Edit(QUndoCommand):
    def __init__(self, text: str, annotation: Annotation, before: State, after: State) -> None:
        super().__init__(text)
        self._annotation = annotation
        self._before = before
        self._after = after

    def undo(self) -> None:
        self._annotation.restore(self._before)

    def redo(self) -> None:
        self._annotation.restore(self._after)
