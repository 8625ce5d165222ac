"""What comes of a training, while it goes on and afterwards: its curve, what is taken for what, and the figures."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QSplitter, QTextBrowser, QVBoxLayout, QWidget

from timbrescope.ui.theme import Theme
from timbrescope.ui.training.evaluation import OUTCOMES
from timbrescope.ui.training.words import result_html
from timbrescope.ui.views.confusion_table import ConfusionTable
from timbrescope.ui.views.learning_curve import LearningCurve


class TrainingOutcome(QWidget):
    """Shows the events of one training.

    Attributes:
        report: the page that it has written; empty until then.
        model: the name under which it is installed; empty until then.
    """

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._labels: tuple[str, ...] = ()
        self._is_single = True
        self._doubts: list[str] = []
        self._problems: list[str] = []
        self._figures: dict[str, float | None] = {}
        self._is_over = False
        self.report = ""
        self.model = ""
        self.curve = LearningCurve(theme)
        self.confusion = ConfusionTable(theme, is_small=True)
        self.text = QTextBrowser()
        self.text.setPlaceholderText("How good the model is on new recordings appears here.")
        self.text.setAccessibleName("Result")
        self.text.setToolTip("How good the model is on recordings that it had not heard")
        self._pictures = QSplitter()
        self._pictures.addWidget(self.curve)
        self._pictures.addWidget(self.confusion)
        self._pictures.setSizes([520, 260])
        parts = QSplitter(Qt.Orientation.Vertical)
        parts.addWidget(self._pictures)
        parts.addWidget(self.text)
        parts.setSizes([220, 180])
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(parts)
        self.forget()

    def forget(self) -> None:
        """Begin anew."""
        self._labels, self._doubts, self._problems, self._figures = (), [], [], {}
        self.report = self.model = ""
        self._is_over = False
        self.text.clear()
        self.curve.clear_epochs()
        for picture in (self.curve, self.confusion, self._pictures):
            picture.hide()  # until there is something to see

    def take(self, event: Mapping[str, Any]) -> None:
        """Show an event of the training."""
        match event["event"]:
            case "started":
                self._labels, self._is_single = tuple(event["labels"]), event.get("exclusive", True)
            case "problem":
                (self._doubts if event.get("spoils") else self._problems).append(event["sentence"])
            case "epoch":
                self._pictures.show()
                self.curve.show()
                self.curve.add_epoch(event)
                self._show_confusion(event.get("confusion", ()))
            case "heldout":
                self._show_confusion(event["confusion"])
            case "evaluated":
                self._figures, self.report = dict(event["figures"]), event["report"]
            case "installed":
                self.model = event["name"]

    @property
    def folder(self) -> Path:
        """Where the report lies."""
        return Path(self.report).parent

    def finish(self, doubts: Sequence[str]) -> None:
        """Show the figures, with what makes them doubtful beside what the training itself has told."""
        self._is_over = True
        self._doubts += [doubt for doubt in doubts if doubt not in self._doubts]
        self._show_result()

    def _show_result(self) -> None:
        self.text.setHtml(result_html(self._figures, self._doubts, self._theme, self._problems))

    def _show_confusion(self, counts: Sequence[Sequence[int]]) -> None:
        if len(counts) != len(self._labels) or not counts:
            return
        self._pictures.show()
        self.confusion.show()
        self.confusion.show_counts(self._labels, self._labels if self._is_single else OUTCOMES, counts)

    def set_theme(self, theme: Theme) -> None:
        """Take other colours."""
        self._theme = theme
        self.curve.set_theme(theme)
        self.confusion.set_theme(theme)
        if self._is_over:
            self._show_result()
