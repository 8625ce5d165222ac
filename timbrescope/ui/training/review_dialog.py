"""The list in which a person says what of a model's claims is right, by keys alone."""

from typing import Final

from PySide6.QtCore import QEvent, QStringListModel, Qt, Signal, Slot
from PySide6.QtGui import QColor, QKeyEvent, QKeySequence
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QCompleter,
    QDialog,
    QDialogButtonBox,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QLineEdit,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from timbrescope.core.claims import Claim
from timbrescope.core.clock import clock
from timbrescope.core.verdicts import Verdict
from timbrescope.ui.theme import Theme
from timbrescope.ui.training.clip_player import ClipPlayer
from timbrescope.ui.training.review import Review
from timbrescope.ui.views.time_table import dress

_SIZE: Final = (720, 620)
_COLUMNS: Final = ("When", "It says", "Score", "You say", "Model")
_KEYS: Final = "Y right · N wrong · L another label · Space hear · → next · Del take back · Ctrl+Z undo"
_EVERY: Final = "All models"
_NOTHING: Final = "No model claims anything here. Choose models in Recognition > Models."


class ReviewDialog(QDialog):
    """Claims, the most doubtful first; each key says something of the chosen one.

    ``shown`` carries where the chosen claim is, ``learn_asked`` that a model is to learn from what was said.
    """

    shown = Signal(float, float)
    learn_asked = Signal()

    def __init__(self, review: Review, theme: Theme, volume: float = 1.0, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Correct what was recognised")
        self._theme = theme
        self._claims: tuple[Claim, ...] = ()
        self.review = review
        self.player = ClipPlayer(volume, self)
        self.models = QComboBox()
        self.plays = QCheckBox("&Play each when it is reached")
        self.table = _Claims(self)
        self.label = _LabelField(self)
        self.words = QLabel(wordWrap=True)
        self.words.setAccessibleName("What was said")
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        role = QDialogButtonBox.ButtonRole.ActionRole
        self.learn_button = self.buttons.addButton("&Learn from corrections…", role)
        self.undo_button = self.buttons.addButton("&Undo", role)
        self._lay_out()
        self.models.currentIndexChanged.connect(self._fill)
        self.learn_button.clicked.connect(self.learn_asked)
        self.undo_button.clicked.connect(review.undo_stack.undo)
        self.buttons.rejected.connect(self.reject)
        self.player.noticed.connect(self.words.setText)
        review.changed.connect(self._show_verdicts)
        review.noticed.connect(self.words.setText)
        self.table.currentCellChanged.connect(self._on_row)
        self.begin()

    def _lay_out(self) -> None:
        self.models.setAccessibleName("Model")
        self.models.setToolTip("Whose claims are listed")
        self.plays.setToolTip("Hear a claim as soon as it is chosen")
        self.learn_button.setToolTip(
            "Let a model go on with what you have said, and compare before it replaces anything"
        )
        self.undo_button.setToolTip("Take back the last word (Ctrl+Z)")
        top = QHBoxLayout()
        label = QLabel("&Model")
        label.setBuddy(self.models)
        top.addWidget(label)
        top.addWidget(self.models, 1)
        top.addWidget(self.plays)
        dress(self.table, "Claims, the most doubtful first")
        self.table.setHorizontalHeaderLabels(_COLUMNS)
        header = self.table.horizontalHeader()
        header.show()
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setSectionResizeMode(3, QHeaderView.ResizeMode.Stretch)
        keys = QLabel(_KEYS, wordWrap=True)
        keys.setEnabled(False)
        layout = QVBoxLayout(self)
        layout.addLayout(top)
        layout.addWidget(self.table, 1)
        layout.addWidget(self.label)
        layout.addWidget(keys)
        layout.addWidget(self.words)
        layout.addWidget(self.buttons)
        for button in self.buttons.findChildren(QPushButton):
            button.setAutoDefault(False)
        self.resize(*_SIZE)

    # The list

    @Slot()
    def begin(self) -> None:
        """Show the claims of the review's recording."""
        self.player.close()
        self.models.blockSignals(True)
        self.models.clear()
        names = sorted({claim.model for claim in self.review.claims})
        if len(names) != 1:
            self.models.addItem(_EVERY, "")
        for name in names:
            self.models.addItem(name, name)
        self.models.blockSignals(False)
        self._fill()
        self.table.setFocus()

    @Slot()
    def _fill(self) -> None:
        name = self.models.currentData()
        self._claims = tuple(claim for claim in self.review.claims if name in ("", None, claim.model))
        self.table.blockSignals(True)
        self.table.setRowCount(len(self._claims))
        for row, claim in enumerate(self._claims):
            when = f"{clock(claim.start, 0.1)} – {clock(claim.end, 0.1)}"
            for column, text in enumerate((when, claim.label, f"{claim.score:.0%}", "", claim.model)):
                self.table.setItem(row, column, QTableWidgetItem(text))
        self.table.setColumnHidden(len(_COLUMNS) - 1, self.models.count() == 1)
        self.table.blockSignals(False)
        self._show_verdicts()
        if self._claims:
            first = next((row for row, claim in enumerate(self._claims) if self.review.verdict_on(claim) is None), 0)
            self.table.setCurrentCell(first, 0)

    @Slot()
    def _show_verdicts(self) -> None:
        said = 0
        for row, claim in enumerate(self._claims):
            verdict = self.review.verdict_on(claim)
            item = self.table.item(row, 3)
            if item is not None:
                item.setText(_words(verdict))
                item.setForeground(QColor(self._colour(verdict)))
            said += verdict is not None
        self.undo_button.setEnabled(self.review.undo_stack.canUndo())
        if not self._claims:
            self.words.setText(_NOTHING)
        else:
            self.words.setText(f"{said:,} of {len(self._claims):,} judged; kept beside the recording at once.")

    def _colour(self, verdict: Verdict | None) -> str:
        if verdict is None:
            return self._theme.muted
        return self._theme.good if verdict.right else self._theme.warning

    # What the keys do

    @property
    def claim(self) -> Claim | None:
        """The chosen claim."""
        row = self.table.currentRow()
        return self._claims[row] if 0 <= row < len(self._claims) else None

    def say(self, *, right: bool) -> None:
        """Say that the chosen claim is right or wrong, and go to the next."""
        if self.claim is not None:
            self.review.judge(self.claim, right=right)
            self.next()

    def take_label(self, label: str) -> None:
        """Say what is there instead of the chosen claim, and go to the next."""
        claim = self.claim
        if claim is not None:
            self.review.judge(claim, right=label == claim.label, label="" if label == claim.label else label)
            self.next()

    def next(self) -> None:
        """Go to the next claim."""
        row = self.table.currentRow() + 1
        if row < len(self._claims):
            self.table.setCurrentCell(row, 0)
        else:
            self.player.stop()

    def play(self) -> None:
        """Play the chosen claim, or stop what is heard."""
        if self.claim is not None and self.review.recording is not None:
            self.player.toggle(self.review.recording, self.claim.start, self.claim.end)

    def act(self, event: QKeyEvent) -> bool:
        """Do what a key says; return whether it says anything."""
        if event.matches(QKeySequence.StandardKey.Undo):
            self.review.undo_stack.undo()
        elif event.matches(QKeySequence.StandardKey.Redo):
            self.review.undo_stack.redo()
        elif not _is_ours(event):
            return False
        elif event.key() == Qt.Key.Key_Delete and self.claim is not None:
            self.review.withdraw(self.claim)
        else:
            acts = {
                Qt.Key.Key_Y: lambda: self.say(right=True),
                Qt.Key.Key_N: lambda: self.say(right=False),
                Qt.Key.Key_L: self.label.ask,
                Qt.Key.Key_Space: self.play,
                Qt.Key.Key_Right: self.next,
            }
            act = acts.get(Qt.Key(event.key()))
            if act is None:
                return False
            act()
        return True

    @Slot(int, int, int, int)
    def _on_row(self, row: int, _column: int, before: int, _then: int) -> None:
        claim = self.claim
        if claim is None or row == before:
            return
        self.shown.emit(claim.start, claim.end)
        self.player.stop()
        if self.plays.isChecked() and self.isVisible():
            self.play()

    def set_theme(self, theme: Theme) -> None:
        """Take other colours."""
        self._theme = theme
        self._show_verdicts()

    def done(self, result: int) -> None:
        """Fall silent and close; what was said is kept already."""
        self.player.close()
        super().done(result)


class _Claims(QTableWidget):
    """Keys with a meaning here go to the dialog, neither to the window's shortcuts nor to Qt's search."""

    def __init__(self, dialog: ReviewDialog) -> None:
        super().__init__(0, len(_COLUMNS))
        self._dialog = dialog

    def event(self, event: QEvent) -> bool:
        """Keep plain keys, undo and redo from the shortcuts of the window."""
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and _is_ours(event):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Act, or move."""
        if not self._dialog.act(event):
            super().keyPressEvent(event)


class _LabelField(QLineEdit):
    """Where a label is typed: what was typed so far picks the first that has it; Enter takes it, Esc leaves."""

    def __init__(self, dialog: ReviewDialog) -> None:
        super().__init__()
        self._dialog = dialog
        self._labels = QStringListModel(self)
        self.setAccessibleName("Another label")
        self.setPlaceholderText("What is it? Type a part of the label; Enter takes it, Esc leaves")
        self.setToolTip("A label that the model knows; Enter takes it, Esc leaves")
        completer = QCompleter(self._labels, self)
        completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        completer.setFilterMode(Qt.MatchFlag.MatchContains)
        self.setCompleter(completer)
        self.hide()

    def ask(self) -> None:
        """Show the field, empty."""
        claim = self._dialog.claim
        if claim is not None:
            self._labels.setStringList(list(self._dialog.review.labels_of(claim.model)))
            self.clear()
            self.show()
            self.setFocus()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Take the label, or leave."""
        if event.key() == Qt.Key.Key_Escape:
            self._leave()
            event.accept()
        elif event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            self._take()
            event.accept()
        else:
            super().keyPressEvent(event)

    def _take(self) -> None:
        typed = " ".join(self.text().split()).casefold()
        known = self._labels.stringList()
        exact = [label for label in known if label.casefold() == typed]
        begin = [label for label in known if label.casefold().startswith(typed)]
        among = [label for label in known if typed in label.casefold()]
        found = next(iter([*exact, *begin, *among]), None) if typed else None
        if found is None:
            self._dialog.words.setText(f'The model knows no label "{self.text().strip()}"; choose one of its own.')
            return
        self._leave()
        self._dialog.take_label(found)

    def _leave(self) -> None:
        self.hide()
        self._dialog.table.setFocus()


def _is_ours(event: QKeyEvent) -> bool:
    plain = event.modifiers() in (Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.KeypadModifier)
    return plain or event.matches(QKeySequence.StandardKey.Undo) or event.matches(QKeySequence.StandardKey.Redo)


def _words(verdict: Verdict | None) -> str:
    if verdict is None:
        return ""
    if verdict.right:
        return "✓ right"
    return f"✗ {verdict.label}" if verdict.label else "✗ wrong"
