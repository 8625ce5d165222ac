"""What stands beside the views over time, a tab each: the meters, and what changes."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QSizePolicy, QTabWidget

from timbrescope.ui.views.changes_list import ChangesList
from timbrescope.ui.views.meters import WIDTH, MetersView


class SidePanel(QTabWidget):
    """Meters and changes."""

    def __init__(self, meters: MetersView, changes: ChangesList) -> None:
        super().__init__()
        self._changes = changes
        self.setDocumentMode(True)
        self.setFixedWidth(WIDTH)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Expanding)
        self.tabBar().setDrawBase(False)
        self.tabBar().setExpanding(True)
        self.tabBar().setFocusPolicy(Qt.FocusPolicy.TabFocus)  # a click leaves the keys to the window
        self.addTab(meters, "Meters")
        self.addTab(changes, "Changes")
        self.setTabToolTip(0, "What sounds now, and what fits the whole recording")
        self.setTabToolTip(1, "What enters and leaves, and when; a click or Enter goes there")

    def show_changes(self) -> None:
        """Show what changes and let the keys move through it."""
        self.setCurrentWidget(self._changes)
        self._changes.take_keys()
