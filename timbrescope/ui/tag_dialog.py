"""The dialog that writes what was recognised into the tags of the open recording."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QSignalBlocker, Qt, Slot
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QDialogButtonBox,
    QHeaderView,
    QLabel,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from timbrescope.audio.metadata import Tags, read_tags, undo_last, write_tags
from timbrescope.core import tag_journal
from timbrescope.core.errors import AudioError
from timbrescope.core.tag_writing import DEFAULT_FIELDS, FIELDS, Values, propose
from timbrescope.core.timeline import ScoreSpec, Timeline
from timbrescope.ui.session import Session
from timbrescope.ui.threads import JobThread

_FIELD, _OLD, _NEW = range(3)
_BETWEEN: Final = "; "
_READ: Final = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
_SIZE = (760, 320)


@dataclass(frozen=True, slots=True)
class _Heard:
    """What one model has found so far."""

    spec: ScoreSpec
    scores: NDArray[np.float32]
    clip_scores: NDArray[np.float64]


def ask_for_tags(session: Session, say: Callable[[str], None], parent: QWidget) -> None:
    """Let the user choose what to write into the tags of the open recording.

    Args:
        session: with the open recording.
        say: takes a sentence where there is nothing to choose.
        parent: of the dialog.
    """
    if session.path is None:
        return
    if session.is_analysing:
        say("The recording is still being analysed; write its tags when that is done.")
        return
    try:
        tags = read_tags(session.path)
    except AudioError as error:
        say(str(error))
        return
    dialog = TagDialog(session.path, tags, proposed(session.timeline), parent)
    dialog.exec()
    dialog.deleteLater()


def proposed(timeline: Timeline) -> Values:
    """Return the values that fit what has been found in a recording."""
    heard = [
        _Heard(spec, np.asarray(track.read(0, len(track)), np.float32), timeline.clip_scores(name))
        for name, spec in timeline.score_specs.items()
        for track in [timeline.scores[name]]
    ]
    return propose(heard, timeline.seconds)


class TagDialog(QDialog):
    """A row for each field with its old and its new value; what is ticked is written."""

    def __init__(self, path: Path, tags: Tags, found: Values, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(f"Write tags: {path.name}")
        self._path = path
        self._tags = tags
        self._sentence = ""
        self._job: JobThread | None = None
        note = QLabel(
            "What is ticked is written into the file; its sound, pictures and other tags stay. "
            "New values can be changed; semicolons part several, and an empty one that is ticked removes the field."
        )
        note.setWordWrap(True)
        self.table = QTableWidget(len(FIELDS), 3)
        self.table.setAccessibleName("Fields with their old and new values")
        self.table.setHorizontalHeaderLabels(["Field", f"Now ({tags.format})", "New"])
        self.table.verticalHeader().hide()
        self.table.setShowGrid(False)
        self.table.setAlternatingRowColors(True)
        palette = self.table.palette()  # the style outlines tick boxes in a darker shade of the window's colour
        palette.setColor(palette.ColorRole.Window, palette.color(palette.ColorRole.PlaceholderText).lighter(140))
        self.table.setPalette(palette)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.AllEditTriggers)
        self.table.setTabKeyNavigation(False)  # Tab goes on to the buttons, the arrows to the other fields
        for row, field in enumerate(FIELDS):
            for column, text in ((_FIELD, field.capitalize()), (_OLD, ""), (_NEW, _BETWEEN.join(found[field]))):
                self.table.setItem(row, column, QTableWidgetItem(text))
            self._item(row, _FIELD).setFlags(_READ | Qt.ItemFlag.ItemIsUserCheckable)
            self._item(row, _OLD).setFlags(_READ)
        self._show(tags)
        self.table.resizeColumnToContents(_FIELD)
        for column in (_OLD, _NEW):
            self.table.horizontalHeader().setSectionResizeMode(column, QHeaderView.ResizeMode.Stretch)
        self.table.horizontalHeader().setDefaultAlignment(Qt.AlignmentFlag.AlignLeft)
        self.table.itemChanged.connect(self._on_changed)
        self.outcome = QLabel()
        self.outcome.setWordWrap(True)
        self.outcome.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        self.write_button = self.buttons.addButton("&Write", QDialogButtonBox.ButtonRole.ApplyRole)
        self.undo_button = self.buttons.addButton("&Undo last", QDialogButtonBox.ButtonRole.ResetRole)
        self.undo_button.setToolTip("Put back the values from before the last write")
        self.write_button.clicked.connect(self.write)
        self.undo_button.clicked.connect(self.undo)
        self.buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addWidget(note)
        layout.addWidget(self.table)
        layout.addWidget(self.outcome)
        layout.addWidget(self.buttons)
        self._allow_undo()
        self.resize(*_SIZE)

    @property
    def ticked(self) -> dict[str, tuple[str, ...]]:
        """The fields that the user wants written, with their new values."""
        return {
            field: _values(self._item(row, _NEW).text())
            for row, field in enumerate(FIELDS)
            if self._item(row, _FIELD).checkState() == Qt.CheckState.Checked
        }

    @Slot()
    def write(self) -> None:
        """Write what is ticked, beside the window."""
        wanted = self.ticked
        if not wanted:
            self.outcome.setText("Nothing is ticked, so nothing is written.")
        elif not self._tags.differing(wanted):
            self.outcome.setText(f"{self._path.name} has these values already.")
        else:
            job = partial(write_tags, self._path, wanted, run=uuid.uuid4().hex)
            self._start(job, f"{self._path.name} has the new values; Undo last puts the old ones back.")

    @Slot()
    def undo(self) -> None:
        """Put back the values from before the last write, beside the window."""
        self._start(partial(undo_last, self._path), f"The values from before are back in {self._path.name}.")

    def done(self, result: int) -> None:
        """Close when the file is in order again."""
        if self._job is not None:
            self._job.wait()
        super().done(result)

    def _start(self, job: Callable[[], object], sentence: str) -> None:
        def run(_say: Callable[[str], None]) -> None:
            job()

        for part in (self.table, self.write_button, self.undo_button):
            part.setEnabled(False)
        self.outcome.setText(f"{self._path.name} is being written and checked…")
        self._sentence = sentence
        self._job = JobThread(run, self)
        self._job.succeeded.connect(self._on_succeeded)
        self._job.failed.connect(self._finish)
        self._job.start()

    @Slot()
    def _on_succeeded(self) -> None:
        try:
            self._show(read_tags(self._path))
        except AudioError as error:
            self._finish(str(error))
        else:
            self._finish(self._sentence)

    @Slot(str)
    def _finish(self, sentence: str) -> None:
        self.outcome.setText(sentence)
        self.table.setEnabled(True)
        self.write_button.setEnabled(True)
        self._allow_undo()

    def _show(self, tags: Tags) -> None:
        """Show the values that the file has now, and tick what is better."""
        self._tags = tags
        with QSignalBlocker(self.table):
            for row, field in enumerate(FIELDS):
                self._item(row, _OLD).setText(_BETWEEN.join(tags.shown[field]) or "–")
                new = _values(self._item(row, _NEW).text())
                is_better = field in DEFAULT_FIELDS and bool(new) and bool(tags.differing({field: new}))
                self._item(row, _FIELD).setCheckState(Qt.CheckState.Checked if is_better else Qt.CheckState.Unchecked)

    def _allow_undo(self) -> None:
        where = self._path.resolve()
        self.undo_button.setEnabled(any(entry.path == where for entry in tag_journal.entries()))

    @Slot(QTableWidgetItem)
    def _on_changed(self, item: QTableWidgetItem) -> None:
        if item.column() == _NEW:  # who types a value wants it
            self._item(item.row(), _FIELD).setCheckState(Qt.CheckState.Checked)

    def _item(self, row: int, column: int) -> QTableWidgetItem:
        item = self.table.item(row, column)
        if item is None:
            raise IndexError(f"there is no field {row}, {column}")
        return item


def _values(text: str) -> tuple[str, ...]:
    return tuple(value.strip() for value in text.split(_BETWEEN.strip()) if value.strip())
