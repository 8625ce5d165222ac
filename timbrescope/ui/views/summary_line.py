"""The line that says in words what the recording is."""

from html import escape

from PySide6.QtCore import QSize, Qt, Slot
from PySide6.QtWidgets import QLabel, QSizePolicy

from timbrescope.ui.findings import Findings

_LEAST_WIDTH = 60
_HOW = (
    "Made from the scores of the whole recording: instruments that are present for at least 15 % of the time, and tags "
    "whose score is clearly above what is usual for them. What is not certain is left out."
)


class SummaryLine(QLabel):
    """Text that can be selected; what there is no room for stands in the tool tip, which tells how it is made."""

    def __init__(self, findings: Findings) -> None:
        super().__init__()
        self._findings = findings
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.setCursor(Qt.CursorShape.IBeamCursor)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.setContentsMargins(8, 0, 8, 0)
        self.setAccessibleName("What the recording is")
        font = self.font()
        font.setBold(True)
        self.setFont(font)
        findings.changed.connect(self._show_summary)

    def sizeHint(self) -> QSize:
        """Take the room that is left, however long the text: the tool bar would hide what asks for more."""
        return QSize(_LEAST_WIDTH, super().sizeHint().height())

    def minimumSizeHint(self) -> QSize:
        """Never push anything aside."""
        return self.sizeHint()

    @Slot()
    def _show_summary(self) -> None:
        summary = self._findings.summary
        self.setText(summary)
        self.setToolTip(f"<p><b>{escape(summary)}</b></p><p>{_HOW}</p>" if summary else "")
