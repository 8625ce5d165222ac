"""Clips that can be heard: what is true of each, what a model said, and how sure it was."""

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QModelIndex, Qt, Slot
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHeaderView, QLabel, QTableWidget, QTableWidgetItem, QVBoxLayout, QWidget

from timbrescope.ui.training.clip_player import ClipPlayer
from timbrescope.ui.training.evaluation import Clip
from timbrescope.ui.views.time_table import dress

_COLUMNS = ("Clip", "True", "Said", "Score")


class _Table(QTableWidget):
    """Space and Enter are for the clip, not for the search that Qt has on keys."""

    def __init__(self, play: "ClipList") -> None:
        super().__init__(0, len(_COLUMNS))
        self._list = play

    def event(self, event: QEvent) -> bool:
        """Keep Space from the window's shortcuts."""
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and _plays(event):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Play, or move."""
        if _plays(event):
            self._list.play()
        else:
            super().keyPressEvent(event)


class ClipList(QWidget):
    """A heading over a list; Space, Enter or a double click plays a clip, and again stops it."""

    def __init__(self, player: ClipPlayer, name: str, empty: str) -> None:
        super().__init__()
        self._player = player
        self._empty = empty
        self.clips: tuple[Clip, ...] = ()
        self.heading = QLabel(wordWrap=True)
        self.table = _Table(self)
        dress(self.table, name)
        self.table.setToolTip("Space or a double click plays a clip, and again stops it")
        self.table.setHorizontalHeaderLabels(_COLUMNS)
        header = self.table.horizontalHeader()
        header.show()
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.table.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.table.doubleClicked.connect(self._on_double_click)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(6, 6, 6, 0)
        layout.addWidget(self.heading)
        layout.addWidget(self.table, 1)
        self.show_clips("", ())

    def show_clips(self, heading: str, clips: Sequence[Clip]) -> None:
        """Show other clips under a heading."""
        self._player.stop()
        self.clips = tuple(clips)
        self.heading.setText(heading if clips else f"{heading} {self._empty}".strip())
        self.table.setRowCount(len(clips))
        for row, clip in enumerate(clips):
            for column, text in enumerate((clip.place, clip.true, clip.found, f"{clip.score:.2f}")):
                item = QTableWidgetItem(text)
                item.setToolTip(str(clip.path))
                self.table.setItem(row, column, item)
        if clips:
            self.table.setCurrentCell(0, 0)

    @Slot()
    def play(self) -> None:
        """Play the chosen clip, or stop what is heard."""
        row = self.table.currentRow()
        if 0 <= row < len(self.clips):
            clip = self.clips[row]
            self._player.toggle(clip.path, clip.start, clip.end)

    @Slot(QModelIndex)
    def _on_double_click(self, _index: QModelIndex) -> None:
        self._player.stop()
        self.play()


def _plays(event: QKeyEvent) -> bool:
    return event.key() in {Qt.Key.Key_Space, Qt.Key.Key_Return, Qt.Key.Key_Enter}
