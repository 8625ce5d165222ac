"""What the buttons and menus of listening say and allow from moment to moment."""

from PySide6.QtCore import QObject, Slot

from timbrescope.ui.actions import Actions
from timbrescope.ui.listener import State
from timbrescope.ui.live import Live
from timbrescope.ui.theme import Theme


class LiveActions(QObject):
    """Lets the actions say what they would do now."""

    def __init__(self, live: Live, actions: Actions, theme: Theme) -> None:
        super().__init__(live)
        self._live = live
        self._actions = actions
        self._theme = theme
        live.listener.changed.connect(self.show_state)
        live.now.following_changed.connect(self.show_state)
        self.show_state()

    def set_theme(self, theme: Theme) -> None:
        """Take other colours."""
        self._theme = theme
        self.show_state()

    @Slot()
    def show_state(self) -> None:
        """Say what goes on."""
        listener, now = self._live.listener, self._live.now
        idle = listener.state is State.IDLE
        self._say("listen", "Listen to a microphone or another sound input" if idle else "Stop listening")
        self._actions["listen"].setText("&Listen" if idle else "Stop &listening")
        self._actions["listen"].setEnabled(listener.state is not State.ENDING)
        self._actions.set_icon("listen", "microphone" if idle else "stop", self._theme)
        records = listener.recording is not None
        self._say("record", "Stop recording" if records else "Record to a file, with the ten seconds before")
        self._actions["record"].setText("Stop &recording" if records else "&Record")
        self._actions["record"].setEnabled(listener.state in (State.IDLE, State.LISTENING))
        self._actions.set_icon("record", "recording" if records else "record", self._theme)
        self._actions["now"].setEnabled(now.is_live and not now.is_following)
        if now.is_live or idle:
            self._actions.set_icon("play", "pause" if now.is_following else "play", self._theme)

    def _say(self, name: str, tip: str) -> None:
        action = self._actions[name]
        action.setToolTip(f"{tip} ({action.shortcut().toString()})")
