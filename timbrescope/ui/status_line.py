"""The line along the lower edge: what lies under the pointer, and how far the analysis is."""

from PySide6.QtWidgets import QLabel, QProgressBar, QStatusBar

_PROGRESS_WIDTH = 240


class StatusLine(QStatusBar):
    """Readout on the left, progress on the right while there is any."""

    def __init__(self) -> None:
        super().__init__()
        self.pointer = QLabel()
        self.pointer.setAccessibleName("Under the pointer")
        self.progress = QProgressBar()
        self.progress.setFixedWidth(_PROGRESS_WIDTH)
        self.progress.setAccessibleName("Analysis")
        self.progress.hide()
        self.addWidget(self.pointer, 1)
        self.addPermanentWidget(self.progress)
        self.setSizeGripEnabled(False)

    def show_opening(self) -> None:
        """Show that a recording is being opened."""
        self.progress.setRange(0, 0)
        self.progress.setFormat("Opening…")
        self.progress.show()

    def expect(self, seconds: float | None) -> None:
        """Take the length of the recording; None where it is not known."""
        self.progress.setRange(0, 100 if seconds else 0)

    def show_read(self, seconds: float, of: float | None) -> None:
        """Show how much of a recording has been analysed."""
        if of:
            self.progress.setValue(min(100, round(100 * seconds / of)))
            self.progress.setFormat("Analysing %p %")

    def clear(self) -> None:
        """Show nothing."""
        self.pointer.clear()
        self.progress.hide()
