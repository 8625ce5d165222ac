"""What is recognised, as MIDI: scores as controllers, labels that enter and leave as notes."""

import logging
import math
from collections.abc import Sequence

import mido
from mido.ports import BaseOutput

from timbrescope.core.errors import TimbrescopeError
from timbrescope.core.events import Event
from timbrescope.core.timeline import ScoreSpec
from timbrescope.outputs.midi_map import (
    BRIGHTNESS_CONTROLLER,
    CENTS_CONTROLLER,
    LEVEL_CONTROLLER,
    PITCH_CONTROLLER,
    Place,
    event_notes,
    midi_map,
)
from timbrescope.outputs.output import Moment

log = logging.getLogger(__name__)

OWN_PORT = "timbrescope"
_QUIETEST_DB = -60.0
_DARKEST_HZ, _BRIGHTEST_HZ = 100.0, 10_000.0
_HIGHEST = 127


def midi_ports() -> list[str]:
    """Return the names of the MIDI inputs of other programs and devices, to which can be sent.

    Raises:
        TimbrescopeError: this computer has no MIDI.
    """
    try:
        return list(dict.fromkeys(mido.Backend("mido.backends.rtmidi").get_output_names()))
    except (ImportError, OSError) as error:
        raise _without_midi(error) from error


def open_port(name: str) -> BaseOutput:
    """Open a MIDI port for sending.

    Args:
        name: of a port or a part of it; an empty one opens a port of this program's own, to which others connect.

    Raises:
        TimbrescopeError: this computer has no MIDI, or there is no such port.
    """
    ports = midi_ports()
    backend = mido.Backend("mido.backends.rtmidi")
    if name:
        wanted = name.casefold()
        found = [port for port in ports if port.casefold() == wanted] or [
            port for port in ports if wanted in port.casefold()
        ]
        if not found:
            there = f"choose one of: {', '.join(ports)}" if ports else "there is none now; start what shall receive it"
            raise TimbrescopeError(f"No MIDI port is called “{name}”; {there}.")
    try:
        return backend.open_output(found[0]) if name else backend.open_output(OWN_PORT, client_name=OWN_PORT)
    except (OSError, NotImplementedError) as error:
        if name:
            raise TimbrescopeError(
                f"The MIDI port “{found[0]}” cannot be opened ({error}); close other programs that use it."
            ) from error
        raise TimbrescopeError(
            f"This system lets no program open a MIDI port of its own ({error}); install a loopback port and name it."
        ) from error


def _without_midi(error: Exception) -> TimbrescopeError:
    log.warning("no MIDI: %s", error)
    if isinstance(error, ImportError):
        return TimbrescopeError("MIDI needs the package python-rtmidi, which is not here; install it for this Python.")
    return TimbrescopeError("This computer offers no MIDI; on Linux load the module snd-seq.")


class MidiOutput:
    """Sends what has changed to one port.

    Args:
        port: open; closed by ``close``.
        channel: of the first model, 1 to 16; the next ones take the next channels.
    """

    def __init__(self, port: BaseOutput, channel: int = 1) -> None:
        self._port = port
        self._channel = channel
        self._places: dict[str, list[Place]] = {}
        self._notes: dict[tuple[str, str], tuple[int, int]] = {}
        self._values: dict[tuple[int, int], int] = {}  # channel, controller -> what was sent last
        self._on: set[tuple[int, int]] = set()

    def begin(self, specs: Sequence[ScoreSpec]) -> None:
        """End the notes of other models, and take the controllers and notes of these."""
        self._end_notes()
        self._values.clear()
        self._places = {spec.name: [] for spec in specs}
        for place in midi_map([(spec.name, spec.labels) for spec in specs], self._channel):
            self._places[place.model].append(place)
        self._notes = event_notes(specs, self._channel)

    def moment(self, moment: Moment) -> None:
        """Send the controllers that have changed: 0 to 127 for scores of 0 to 1, level and brightness likewise.

        The pitch is the number of the nearest note, and by how many cents it is off, with 64 in tune.
        """
        sound = moment.sound
        self._control(self._channel, LEVEL_CONTROLLER, 1 - sound.rms_db / _QUIETEST_DB)
        if sound.brightness_hz is not None:
            height = math.log(sound.brightness_hz / _DARKEST_HZ) / math.log(_BRIGHTEST_HZ / _DARKEST_HZ)
            self._control(self._channel, BRIGHTNESS_CONTROLLER, height)
        if sound.pitch_hz is not None:
            cents = 6900 + 1200 * math.log2(sound.pitch_hz / 440.0)
            note = round(cents / 100)
            self._control(self._channel, PITCH_CONTROLLER, note / _HIGHEST)
            self._control(self._channel, CENTS_CONTROLLER, (64 + cents - 100 * note) / _HIGHEST)
        for model, row in moment.scores.items():
            for place, score in zip(self._places[model], row.tolist(), strict=False):  # none beyond channel 16
                if place.controller is not None:
                    self._control(place.channel, place.controller, score)

    def event(self, event: Event) -> None:
        """Send a note for a label that enters, as loud as its score is high, and end it when it leaves."""
        found = self._notes.get((event.model, event.label))
        if found is None:
            return
        channel, note = found
        if event.end_seconds is None:
            velocity = max(1, _in_range(event.peak))
            self._send(mido.Message("note_on", channel=channel - 1, note=note, velocity=velocity))
            self._on.add(found)
        elif found in self._on:
            self._send(mido.Message("note_off", channel=channel - 1, note=note))
            self._on.discard(found)

    def notice(self, sentence: str) -> None:
        """Send nothing."""

    def close(self) -> None:
        """End what sounds, and close the port."""
        self._end_notes()
        self._port.close()

    def _end_notes(self) -> None:
        for channel, note in sorted(self._on):
            self._send(mido.Message("note_off", channel=channel - 1, note=note))
        self._on.clear()

    def _control(self, channel: int, controller: int, share: float) -> None:
        value = _in_range(share)
        if self._values.get((channel, controller)) != value:
            self._values[channel, controller] = value
            self._send(mido.Message("control_change", channel=channel - 1, control=controller, value=value))

    def _send(self, message: mido.Message) -> None:
        try:
            self._port.send(message)
        except OSError:
            return  # the port is gone; what is sent next may find it again


def _in_range(share: float) -> int:
    return round(_HIGHEST * min(max(share, 0.0), 1.0))
