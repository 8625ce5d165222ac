"""The dialog that shows how a model's labels relate: by its weights, and in the recordings that the user analysed."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import numpy as np
from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QMessageBox,
    QSplitter,
    QStackedWidget,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from timbrescope import paths
from timbrescope.core import history
from timbrescope.core.files import replaced_when_done
from timbrescope.core.labels import INSTRUMENTS, rank
from timbrescope.core.relations import Relations
from timbrescope.recognition.relations import read_relations
from timbrescope.recognition.store import ModelStore, StoredModel
from timbrescope.ui.plot_export import PICTURES, picture_of
from timbrescope.ui.theme import Theme
from timbrescope.ui.threads import JobThread
from timbrescope.ui.views.matrix import MatrixView
from timbrescope.ui.views.pair_list import PairList

_SIMILARITY, _TOGETHER = range(2)
_SIZE = (1180, 760)
_LIST_WIDTH = 300
_CSV: Final = "Table of both (*.csv)"
_HINT: Final = "Point at a cell, or choose a pair in the list; the wheel zooms."
_NO_VECTORS: Final = "This model's network does not end in a dense layer, so it has no vectors to compare."
_NO_FILES: Final = (
    "No recording has been analysed with this model yet, so there is nothing to count. From now on each analysis "
    "counts, in this window and on the command line."
)
_OFF: Final = "Nothing is counted, because File > Settings > Recognition > Remember results is off."
_FORGET: Final = (
    "Delete the scores of all recordings that were analysed on this computer? The recordings themselves stay."
)


class RelationsDialog(QDialog):
    """Two matrices over the labels of one model, and the pairs worth a look beside them.

    Args:
        theme: the colours.
        model: the name of the one that is shown first.
        remembers: whether the settings let analyses be counted.
        parent: of the dialog.
    """

    def __init__(self, theme: Theme, model: str, *, remembers: bool, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("How labels relate")
        self._theme = theme
        self._remembers = remembers
        self._job: JobThread | None = None
        self._read: tuple[StoredModel, Relations] | None = None
        self.relations: Relations | None = None
        self.models = QComboBox()
        self.models.setAccessibleName("Model")
        stored = [model for model in ModelStore().models() if model.installed]
        for one in sorted(stored, key=lambda one: rank(one.kind)):
            self.models.addItem(one.title, one)
            if one.name == model:
                self.models.setCurrentIndex(self.models.count() - 1)
        self.about = QLabel()
        self.about.setEnabled(False)
        scales = ((theme.warning, theme.base, theme.accent), theme.lane)
        titles = ("Similarity of the model's vectors", "Share of the files with the row's label")
        self.matrices = tuple(MatrixView(theme, *both) for both in zip(scales, titles, strict=True))
        self.messages = tuple(QLabel(wordWrap=True, alignment=Qt.AlignmentFlag.AlignCenter) for _ in self.matrices)
        self.pages = tuple(QStackedWidget() for _ in self.matrices)
        self.tabs = QTabWidget()
        for page, view, message, title in zip(
            self.pages, self.matrices, self.messages, ("&Similarity", "&Together in my files"), strict=True
        ):
            message.setMargin(40)
            page.addWidget(view)
            page.addWidget(message)
            self.tabs.addTab(page, title)
            view.pointed.connect(self._tell)
            view.left.connect(self._on_left)
        self.pairs = PairList()
        self.pairs.chosen.connect(self._show_pair)
        self.words = QLabel(_HINT)
        self.words.setAccessibleName("Under the pointer")
        self.words.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._lay_out()
        self.models.currentIndexChanged.connect(self._start)
        self._start()
        self.models.setFocus()

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        label = QLabel("&Model")
        label.setBuddy(self.models)
        top.addWidget(label)
        top.addWidget(self.models)
        top.addWidget(self.about, 1)
        splitter = QSplitter()
        splitter.addWidget(self.tabs)
        splitter.addWidget(self.pairs)
        splitter.setStretchFactor(0, 1)
        splitter.setSizes([_SIZE[0] - _LIST_WIDTH, _LIST_WIDTH])
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        self.save_button = self.buttons.addButton("&Save…", QDialogButtonBox.ButtonRole.ActionRole)
        self.save_button.setToolTip("Save the picture as PNG or SVG, or the figures of both as CSV")
        self.save_button.clicked.connect(self._ask_to_save)
        self.forget_button = self.buttons.addButton("&Forget my files…", QDialogButtonBox.ButtonRole.ResetRole)
        self.forget_button.setToolTip("Delete what your recordings scored")
        self.forget_button.clicked.connect(self._ask_to_forget)
        self.buttons.rejected.connect(self.reject)
        for button in (self.save_button, self.forget_button):
            button.setAutoDefault(False)  # Enter in the list is not meant for them
        layout = QVBoxLayout(self)
        layout.addLayout(top)
        layout.addWidget(splitter, 1)
        layout.addWidget(self.words)
        layout.addWidget(self.buttons)
        self.resize(*_SIZE)

    # Reading

    @Slot()
    def _start(self) -> None:
        """Read the chosen model beside the window; where one is being read, it comes after that."""
        model: StoredModel | None = self.models.currentData()
        if self._job is not None or model is None or model.path is None:
            return
        path = model.path

        def read(_say: Callable[[str], None]) -> None:
            self._read = model, read_relations(path)

        self.words.setText(f"{model.title} is being read…")
        self._job = JobThread(read, self)
        self._job.failed.connect(self._fail)
        self._job.finished.connect(self._finish)
        self._job.start()

    @Slot(str)
    def _fail(self, text: str) -> None:
        self._read = None
        self._show_nothing(text)

    @Slot()
    def _finish(self) -> None:
        job, self._job = self._job, None
        if job is not None:
            job.deleteLater()
        if self._read is None:
            return
        model, relations = self._read
        if model != self.models.currentData():
            self._start()
            return
        self._show(model, relations)

    def _show_nothing(self, text: str) -> None:
        self.relations = None
        self.save_button.setEnabled(False)
        self.about.clear()
        self.pairs.show_relations(None)
        self.words.clear()
        for page, message in zip(self.pages, self.messages, strict=True):
            message.setText(text)
            page.setCurrentWidget(message)

    def _show(self, model: StoredModel, relations: Relations) -> None:
        self.relations = relations
        files = f"{relations.files} {'file' if relations.files == 1 else 'files'} of yours counted"
        self.about.setText(f"{len(relations.labels)} labels, {files}")
        self.pairs.show_relations(relations)
        self.words.setText(_HINT)
        self.save_button.setEnabled(True)
        names = relations.labels, self._colours(model.kind, relations), relations.groups
        if relations.similarity is not None:
            limit = _limit(relations.similarity)
            self.matrices[_SIMILARITY].show_matrix(relations.similarity, (-limit, limit), *names)
        else:
            self.messages[_SIMILARITY].setText(_NO_VECTORS)
        self.matrices[_TOGETHER].show_matrix(relations.shares, (0.0, 1.0), *names)
        self.messages[_TOGETHER].setText(_NO_FILES if self._remembers else _OFF)
        self.pages[_SIMILARITY].setCurrentIndex(int(relations.similarity is None))
        self.pages[_TOGETHER].setCurrentIndex(int(not relations.files))

    def _colours(self, kind: str, relations: Relations) -> list[str]:
        """Return the colour of each label: that of its group."""
        colours = [self._theme.text] * len(relations.labels)
        of_groups = self._theme.families if kind == INSTRUMENTS else self._theme.groups
        for group in relations.groups:
            colour = of_groups.get(group.name, self._theme.muted)
            colours[group.start : group.stop] = [colour] * (group.stop - group.start)
        return colours

    # Pointing

    @Slot(int, int)
    def _tell(self, row: int, column: int) -> None:
        if self.relations is not None:
            self.words.setText(self.relations.words(row, column))

    @Slot()
    def _on_left(self) -> None:
        """Go back to the pair that was chosen in the list."""
        self._show_pair(self.pairs.pair)

    @Slot(object)
    def _show_pair(self, pair: tuple[int, int] | None) -> None:
        for view in self.matrices:
            view.mark(pair)
        if pair is not None:
            self._tell(*pair)
        elif self.relations is not None:
            self.words.setText(_HINT)

    # Saving and forgetting

    @Slot()
    def _ask_to_save(self) -> None:
        model: StoredModel = self.models.currentData()
        is_picture = self.pages[self.tabs.currentIndex()].currentIndex() == 0
        filters = {**(PICTURES if is_picture else {}), _CSV: ".csv"}
        start = str(Path.home() / f"{model.name}-labels{next(iter(filters.values()))}")
        chosen, kind = QFileDialog.getSaveFileName(self, "Save how labels relate", start, ";;".join(filters))
        if chosen:
            path = Path(chosen)
            known = path.suffix.lower() in filters.values()
            self.save(path if known else path.with_name(path.name + filters.get(kind, ".csv")))

    def save(self, path: Path) -> None:
        """Write the shown picture as PNG or SVG, or both matrices as CSV; the suffix says which."""
        if self.relations is None:
            return
        try:
            if path.suffix.lower() == ".csv":
                content = self.relations.to_csv().encode()
            else:
                view = self.matrices[self.tabs.currentIndex()]
                view.mark(None)
                content = picture_of(view, path.suffix.lower())
                view.mark(self.pairs.pair)
            with replaced_when_done(path) as file:
                file.write(content)
        except OSError as error:
            self.words.setText(f"{path} cannot be written ({error.strerror}); choose another place.")
        else:
            self.words.setText(f"{path} is saved.")

    @Slot()
    def _ask_to_forget(self) -> None:
        answer = QMessageBox.question(self, "Forget my files", _FORGET)
        if answer == QMessageBox.StandardButton.Yes:
            self.forget()

    def forget(self) -> None:
        """Delete what the user's recordings scored."""
        try:
            history.forget()
        except OSError as error:
            self.words.setText(f"{paths.history()} cannot be emptied ({error.strerror}); allow writing there.")
            return
        self._start()

    def done(self, result: int) -> None:
        """Close when nothing is being read any more."""
        if self._job is not None:
            self._job.wait()
        super().done(result)


def show_relations(theme: Theme, models: Sequence[str], *, remembers: bool, parent: QWidget) -> None:
    """Show how the labels of the models on this computer relate, first those of the first that listens."""
    dialog = RelationsDialog(theme, models[0] if models else "", remembers=remembers, parent=parent)
    dialog.exec()
    dialog.deleteLater()


def _limit(similarity: np.ndarray) -> float:
    """Return the largest similarity of different labels, up to the next tenth, so that small ones can be told apart."""
    others = np.abs(similarity[~np.eye(len(similarity), dtype=np.bool_)])
    return min(1.0, max(0.2, float(np.ceil(10 * others.max(initial=0.0)) / 10)))
