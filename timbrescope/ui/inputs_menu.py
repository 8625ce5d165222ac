"""The menu of sound inputs: which device and which of its channels are listened to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from PySide6.QtCore import QTimer, Signal, Slot
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QMenu, QWidget

from timbrescope.audio import devices
from timbrescope.audio.devices import Device
from timbrescope.core.attempt import Attempt
from timbrescope.core.errors import TimbrescopeError
from timbrescope.ui.preferences import Preferences

_LOOK_MS = 50
_MOST_CHANNELS = 32


@dataclass(frozen=True, slots=True)
class _Found:
    inputs: tuple[Device, ...]
    rates: Mapping[str, tuple[int, ...]]  # title -> in Hz
    is_new: bool  # PortAudio could look


class InputsMenu(QMenu):
    """One entry an input, microphones before what hears the computer, and one a channel of the chosen one.

    The inputs are looked for each time the menu opens, beside the window: a sound server may take its time.
    """

    chosen = Signal()
    found = Signal()

    def __init__(self, preferences: Preferences, parent: QWidget) -> None:
        super().__init__("Sound &input", parent)
        self._preferences = preferences
        self._attempt: Attempt[_Found] | None = None
        self._found: _Found | None = None
        self._message = ""
        self._timer = QTimer(self, interval=_LOOK_MS)
        self._timer.timeout.connect(self._look)
        self.setToolTipsVisible(True)
        self.aboutToShow.connect(self.refresh)
        self._fill()

    @Slot()
    def refresh(self) -> None:
        """Look for inputs again; ``found`` tells when that is done."""
        if self._attempt is None:
            known = {} if self._found is None else self._found.rates
            self._attempt = Attempt(partial(_find, known), lambda _: None)
            self._timer.start()
        self._fill()

    @Slot()
    def _look(self) -> None:
        if self._attempt is None or not self._attempt.is_over:
            return
        attempt, self._attempt = self._attempt, None
        self._timer.stop()
        try:
            self._found = attempt.result()
            self._message = "" if self._found.is_new else "New inputs are found when nothing is listened to or played."
        except TimbrescopeError as error:
            self._found, self._message = _Found((), {}, is_new=True), str(error)
        if not self._found.inputs and not self._message:
            self._message = "No input was found; connect a microphone and allow this program to use it."
        self._fill()
        self.found.emit()

    def _fill(self) -> None:
        settings = self._preferences.settings
        self.clear()
        found = self._found or _Found((), {}, is_new=False)
        inputs = found.inputs
        devices_group = QActionGroup(self)
        default = _chosen(inputs, "")
        own = "The system's own choice" + (f" ({default.label})" if default is not None else "")
        self._add(devices_group, own, checked=not settings.input_device, device="")
        names = [device.title for device in inputs]
        if settings.input_device and settings.input_device not in names:
            missing = self._add(
                devices_group, f"{settings.input_device} (not found)", checked=True, device=settings.input_device
            )
            missing.setEnabled(self._found is None)
        for title, hears_computer in (("Microphones and lines", False), ("What the computer plays", True)):
            members = [device for device in inputs if device.is_monitor is hears_computer]
            if members:
                self.addSection(title)
            for device in members:
                rates = found.rates.get(device.title) or (device.default_rate,)
                text = f"{device.label}, {device.host_api}, {_channels(device.inputs)}, {_kilohertz(rates[:1])}"
                text += f" to {_kilohertz(rates[-1:])}" if len(rates) > 1 else ""
                is_chosen = device.title == settings.input_device
                action = self._add(devices_group, f"{text} kHz", checked=is_chosen, device=device.title)
                action.setToolTip(
                    f"Takes {_kilohertz(rates)} kHz; opened at its own {device.default_rate / 1000:g} kHz"
                )
        if self._attempt is not None or self._message:
            self.addSeparator()
            self.addAction("Looking for inputs…" if self._attempt is not None else self._message).setEnabled(False)
        self._fill_channels(inputs)
        self.addSeparator()
        self.addAction("&Look for inputs again", self._look_again)

    def _add(self, group: QActionGroup, text: str, *, checked: bool, device: str) -> QAction:
        action = self.addAction(text.replace("&", "&&"), partial(self._choose, device, 0))
        action.setCheckable(True)
        action.setChecked(checked)
        group.addAction(action)
        return action

    def _fill_channels(self, inputs: tuple[Device, ...]) -> None:
        settings = self._preferences.settings
        device = _chosen(inputs, settings.input_device)
        count = max(min(device.inputs if device else 2, _MOST_CHANNELS), settings.input_channel)
        self.addSection("Channel")
        group = QActionGroup(self)
        mixed = "The first two, mixed" if count > 1 else "The only one"
        for channel in range(count + 1 if count > 1 else 1):
            action = self.addAction(f"Channel {channel}" if channel else mixed)
            action.triggered.connect(partial(self._choose_channel, channel))
            action.setCheckable(True)
            action.setChecked(channel == settings.input_channel)
            group.addAction(action)

    def _choose_channel(self, channel: int, _checked: bool = False) -> None:  # noqa: FBT001 (Qt's)
        self._choose(self._preferences.settings.input_device, channel)

    def _choose(self, device: str, channel: int) -> None:
        settings = self._preferences.settings
        if (device, channel) != (settings.input_device, settings.input_channel):
            self._preferences.change(replace(settings, input_device=device, input_channel=channel))
            self.chosen.emit()

    @Slot()
    def _look_again(self) -> None:
        self.popup(self.pos())  # stays open, and looks because it opens


def _find(known: Mapping[str, tuple[int, ...]]) -> _Found:
    """Look for inputs and, where nothing holds them, ask those not known yet for their rates."""
    is_new = devices.rescan()
    inputs = tuple(device for device in devices.devices() if device.inputs)
    rates = dict(known)
    for device in inputs:
        if is_new and device.title not in rates:
            rates[device.title] = devices.working_rates(device, "input")
    return _Found(inputs, rates, is_new)


def _chosen(inputs: Sequence[Device], title: str) -> Device | None:
    return next((device for device in inputs if (device.title == title if title else device.is_default_input)), None)


def _channels(count: int) -> str:
    return "1 channel" if count == 1 else f"{count} channels"


def _kilohertz(rates: Sequence[int]) -> str:
    return ", ".join(f"{rate / 1000:g}" for rate in rates)
