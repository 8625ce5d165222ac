"""What stands beside the views over time, a tab each: the meters, what changes, every event, and a voice."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QSizePolicy, QTabWidget

from timbrescope.ui.views.changes_list import ChangesList
from timbrescope.ui.views.event_list import EventList
from timbrescope.ui.views.meters import WIDTH, MetersView
from timbrescope.ui.views.voice_view import VoiceView


class SidePanel(QTabWidget):
    """Meters, changes, events and, where one is followed, a voice; ``sought`` carries where to go."""

    sought = Signal(float)

    def __init__(self, meters: MetersView, changes: ChangesList, events: EventList, voice: VoiceView) -> None:
        super().__init__()
        self._changes = changes
        self._events = events
        self._voice = voice
        changes.sought.connect(self.sought)
        events.sought.connect(self.sought)
        self.setDocumentMode(True)
        self.setFixedWidth(WIDTH)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Expanding)
        self.tabBar().setDrawBase(False)
        self.tabBar().setExpanding(True)
        self.tabBar().setFocusPolicy(Qt.FocusPolicy.TabFocus)  # a click leaves the keys to the window
        self.addTab(meters, "Meters")
        self.addTab(changes, "Changes")
        self.addTab(events, "Events")
        self.addTab(voice, "Voice")
        self.setTabToolTip(0, "What sounds now, and what fits the whole recording")
        self.setTabToolTip(1, "What enters and leaves for some time, and when; a click or Enter goes there")
        self.setTabToolTip(2, "Every label that enters or leaves, live too; a click or Enter goes there")
        self.setTabToolTip(3, "The sung vowel, its pitch, vibrato and place among the vowels")
        self.show_voice(shown=False)

    def show_changes(self) -> None:
        """Show what changes and let the keys move through it."""
        self.setCurrentWidget(self._changes)
        self._changes.take_keys()

    def show_events(self) -> None:
        """Show every event and let the keys move through them."""
        self.setCurrentWidget(self._events)
        self._events.take_keys()

    def show_voice(self, *, shown: bool) -> None:
        """Have a tab for the voice, or none."""
        self.setTabVisible(self.indexOf(self._voice), shown)

    def turn_to_voice(self) -> None:
        """Bring the tab of the voice to the front."""
        self.show_voice(shown=True)
        self.setCurrentWidget(self._voice)
