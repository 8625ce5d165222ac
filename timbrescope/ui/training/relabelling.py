"""New labels for points of a map: written beside the recordings at once, and undone as easily."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QUndoCommand, QUndoStack

from timbrescope.core.errors import RelabelError
from timbrescope.core.relabelled import Piece, read_relabelled, write_relabelled
from timbrescope.ui.training.map_data import Point, SoundMap

Given = Mapping[Piece, tuple[str, ...] | None]
"""What the table beside the recordings says of pieces; None where it says nothing."""


class Relabelling(QObject):
    """The points of a map with the labels that they have now; every change is one command.

    Attributes:
        points: as they are now.
        undo_stack: of the changes to this map.
    """

    changed = Signal()
    failed = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._map: SoundMap | None = None
        self.points: list[Point] = []
        self.undo_stack = QUndoStack(self)

    def begin(self, of: SoundMap) -> None:
        """Take another map; what was done to the one before can no longer be undone."""
        self.undo_stack.clear()
        self._map = of
        self.points = list(of.points)

    @property
    def is_possible(self) -> bool:
        """Whether recordings have labels here that can be given anew: those in time cannot."""
        return self._map is not None and bool(self._map.labels) and self._map.task != "frame"

    def give(self, numbers: Sequence[int], labels: tuple[str, ...]) -> None:
        """Give points other labels."""
        if self._map is None or not self.is_possible:
            return
        numbers = [number for number in numbers if self.points[number].labels != labels]
        if not numbers:
            return
        try:
            given = read_relabelled(self._map.data)
        except RelabelError as error:
            self.failed.emit(str(error))
            return
        pieces = [(self.points[number].path, self.points[number].start) for number in numbers]
        before = {number: self.points[number] for number in numbers}
        after = {number: _with(point, labels) for number, point in before.items()}
        text = f"{len(numbers)} to {', '.join(labels)}"
        self.undo_stack.push(
            _Change(
                text,
                self,
                (before, {piece: given.get(piece) for piece in pieces}),
                (after, dict.fromkeys(pieces, labels)),
            )
        )

    def put(self, points: Mapping[int, Point], given: Given) -> bool:
        """Write what is said of pieces beside the recordings, then show it; return False where it cannot be written."""
        if self._map is None:
            return False
        try:
            table = read_relabelled(self._map.data)
            for piece, labels in given.items():
                table.pop(piece, None)
                if labels is not None:
                    table[piece] = labels
            write_relabelled(self._map.data, table)
        except RelabelError as error:
            self.failed.emit(str(error))
            return False
        for number, point in points.items():
            self.points[number] = point
        self.changed.emit()
        return True


class _Change(QUndoCommand):
    def __init__(
        self,
        text: str,
        target: Relabelling,
        before: tuple[Mapping[int, Point], Given],
        after: tuple[Mapping[int, Point], Given],
    ) -> None:
        super().__init__(text)
        self._target = target
        self._before = before
        self._after = after

    def redo(self) -> None:
        """Give the new labels."""
        self.setObsolete(not self._target.put(*self._after))

    def undo(self) -> None:
        """Give the old ones back."""
        self.setObsolete(not self._target.put(*self._before))


def _with(point: Point, labels: tuple[str, ...]) -> Point:
    wrong = None if point.wrong is None else set(point.said) != set(labels)
    return replace(point, labels=labels, wrong=wrong)
