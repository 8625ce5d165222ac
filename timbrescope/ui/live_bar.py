"""What goes on at the input, above the views: listening or recording, for how long, how loud, what was lost."""

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QSizePolicy

from timbrescope.core.clock import clock
from timbrescope.ui.listener import Listener, State
from timbrescope.ui.now import Now
from timbrescope.ui.theme import Theme
from timbrescope.ui.views.level_meter import LevelMeter


class LiveBar(QFrame):
    """Shown from the opening of an input to the end of its last file."""

    back_asked = Signal()

    def __init__(self, listener: Listener, now: Now, theme: Theme) -> None:
        super().__init__()
        self._listener = listener
        self._now = now
        self._theme = theme
        self.setObjectName("live")
        self.state = QLabel()
        self.state.setAccessibleName("Listening")
        self.name = QLabel()
        self.name.setAccessibleName("Input or take")
        self.name.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.lost = QLabel()
        self.lost.setAccessibleName("Lost sound")
        self.back = QPushButton("Back to now")
        self.back.setToolTip("Follow the input again (End)")
        self.back.clicked.connect(self.back_asked)
        self.meter = LevelMeter(theme)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(12, 4, 12, 4)
        layout.setSpacing(14)
        for widget in (self.state, self.name, self.lost, self.back, self.meter):
            layout.addWidget(widget, int(widget is self.name), Qt.AlignmentFlag.AlignVCenter)
        listener.changed.connect(self._on_changed)
        now.following_changed.connect(self._show_following)
        self.set_theme(theme)
        self._on_changed()

    def set_theme(self, theme: Theme) -> None:
        """Take other colours."""
        self._theme = theme
        self.meter.set_theme(theme)
        self.setStyleSheet(f"#live {{ background: {theme.panel}; }} #live QLabel {{ color: {theme.text}; }}")
        self.slow_tick()

    def tick(self) -> None:
        """Move the level."""
        if self._listener.sitting is not None and self.isVisible():
            self.meter.show_level(self._listener.sitting.input.level)

    def slow_tick(self) -> None:
        """Tell the time and what goes wrong."""
        self.state.setText(self._state())
        self.name.setText(self._name())
        sitting = self._listener.sitting
        dropouts = 0 if sitting is None else sitting.input.dropouts
        self.lost.setVisible(dropouts > 0)
        if sitting is not None and dropouts:
            count = "1 dropout" if dropouts == 1 else f"{dropouts} dropouts"
            self.lost.setText(f'<span style="color:{self._theme.warning}">{count}</span>')
            self.lost.setToolTip(f"{sitting.input.lost_seconds:.1f} s of sound were lost and are silent; see the log")

    def _state(self) -> str:
        listener, theme = self._listener, self._theme
        if listener.state is State.OPENING:
            return "Opening the input…"
        if listener.sitting is None or listener.state is State.ENDING:
            return "Finishing…"
        sitting = listener.sitting
        if not sitting.input.is_connected:
            return f'<span style="color:{theme.warning}">No sound; opening the input again…</span>'
        if sitting.input.seconds == 0:
            return "Waiting for sound…"
        if (take := listener.recording) is not None:
            return f'<b style="color:{theme.alarm}">● Recording</b>&nbsp; {clock(take.seconds)}'
        return f'<b style="color:{theme.good}">● Listening</b>&nbsp; {clock(sitting.input.seconds)}'

    def _name(self) -> str:
        sitting = self._listener.sitting
        if sitting is None:
            return ""
        take = self._listener.recording
        name = sitting.input.device if take is None else f"{take.name}, from {sitting.input.device}"
        return f"{name} (loading models…)" if self._listener.is_loading else name

    @Slot()
    def _on_changed(self) -> None:
        self.setVisible(self._listener.state is not State.IDLE)
        if self._listener.state is State.OPENING:
            self.meter.reset()
        self._show_following()
        self.slow_tick()

    @Slot()
    def _show_following(self) -> None:
        self.back.setVisible(self._now.is_live and not self._now.is_following)
