"""MIDI through a port in memory and, where the system has MIDI, through a real one."""

import time
from collections.abc import Iterator

import mido
import numpy as np
import pytest
from mido.ports import EchoPort

from timbrescope.core.errors import TimbrescopeError
from timbrescope.core.events import Event
from timbrescope.core.sound_now import Sound
from timbrescope.core.timeline import ScoreSpec
from timbrescope.outputs.midi import OWN_PORT, MidiOutput, midi_ports, open_port
from timbrescope.outputs.midi_map import (
    BRIGHTNESS_CONTROLLER,
    CENTS_CONTROLLER,
    CONTROLLERS,
    LEVEL_CONTROLLER,
    PITCH_CONTROLLER,
)
from timbrescope.outputs.output import Moment

SPECS = [
    ScoreSpec("instruments", "instruments", ("flute", "drums"), 0.5, 1.0),
    ScoreSpec("tags", "tags", ("rock", "woman", "female vocal"), 1.0, 3.0),
]
SCORES = {"instruments": np.array([0.5, 1.0], np.float32), "tags": np.array([0.0, 0.25, 2.0], np.float32)}


@pytest.fixture
def port() -> EchoPort:
    return EchoPort()


@pytest.fixture
def output(port: EchoPort) -> MidiOutput:
    output = MidiOutput(port, channel=2)
    output.begin(SPECS)
    return output


def controls(port: EchoPort) -> dict[tuple[int, int], int]:
    """Return what has come by channel, the first is 1, and controller."""
    return {(one.channel + 1, one.control): one.value for one in port.iter_pending() if one.type == "control_change"}


def test_scores_level_and_brightness_are_controllers(port: EchoPort, output: MidiOutput) -> None:
    output.moment(Moment(SCORES, Sound(-30.0, -10.0, 1000.0)))
    first, second, third = CONTROLLERS[:3]
    assert controls(port) == {
        (2, LEVEL_CONTROLLER): 64,
        (2, BRIGHTNESS_CONTROLLER): 64,
        (2, first): 64,
        (2, second): 127,
        (3, first): 0,
        (3, second): 32,
        (3, third): 127,
    }


@pytest.mark.parametrize(("hz", "note", "cents"), [(440.0, 69, 64), (440.0 * 2 ** (25 / 1200), 69, 89), (27.5, 21, 64)])
def test_the_pitch_is_a_note_and_how_far_off_it_is(
    port: EchoPort, output: MidiOutput, hz: float, note: int, cents: int
) -> None:
    output.moment(Moment({}, Sound(pitch_hz=hz)))
    found = controls(port)
    assert (found[2, PITCH_CONTROLLER], found[2, CENTS_CONTROLLER]) == (note, cents)


def test_only_what_has_changed_is_sent(port: EchoPort, output: MidiOutput) -> None:
    output.moment(Moment(SCORES, Sound(-30.0, -10.0, 1000.0)))
    controls(port)
    output.moment(Moment(SCORES | {"instruments": np.array([0.5, 0.0])}, Sound(-30.0, 0.0, 1000.0)))
    assert controls(port) == {(2, CONTROLLERS[1]): 0}


def test_an_event_is_a_note(port: EchoPort, output: MidiOutput) -> None:
    output.event(Event("instruments", "drums", 1.0, None, 0.5))
    output.event(Event("tags", "female voice", 1.0, None, 1.0))
    output.event(Event("instruments", "drums", 1.0, 2.0, 0.9))
    output.event(Event("instruments", "flute", 1.0, 2.0, 0.9))  # whose beginning was not sent
    output.event(Event("elsewhere", "flute", 1.0, None, 0.9))
    assert [str(message) for message in port.iter_pending()] == [
        "note_on channel=1 note=37 velocity=64 time=0",
        "note_on channel=2 note=37 velocity=127 time=0",
        "note_off channel=1 note=37 velocity=64 time=0",
    ]


@pytest.mark.parametrize("end", ["close", "begin"])
def test_no_note_hangs(port: EchoPort, output: MidiOutput, end: str) -> None:
    output.event(Event("instruments", "drums", 1.0, None, 0.5))
    output.event(Event("tags", "rock", 1.0, None, 0.5))
    list(port.iter_pending())
    output.begin([]) if end == "begin" else output._end_notes()
    assert sorted((one.type, one.channel, one.note) for one in port.iter_pending()) == [
        ("note_off", 1, 37),
        ("note_off", 2, 36),
    ]
    output.close()
    assert port.closed


def test_a_port_that_is_gone_is_no_error(output: MidiOutput, port: EchoPort, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_message: mido.Message) -> None:
        raise OSError("gone")

    monkeypatch.setattr(port, "send", fail)
    output.moment(Moment(SCORES, Sound()))
    output.event(Event("instruments", "drums", 1.0, None, 0.5))
    output.close()


def test_a_port_that_is_not_there_is_one_sentence() -> None:
    with pytest.raises(TimbrescopeError) as raised:
        open_port("there is no port of this name")
    assert str(raised.value).count(". ") == 0


class Backend:
    """Stands for the system's MIDI: it has two ports and lets programs have their own."""

    opened: list[dict[str, object]]

    def __init__(self, _name: str) -> None:
        Backend.opened = []

    @staticmethod
    def get_output_names() -> list[str]:
        return ["Synth 14:0", "Synth 14:0", "Lights 20:0"]

    @staticmethod
    def open_output(name: str, **how: object) -> EchoPort:
        Backend.opened.append({"name": name, **how})
        return EchoPort(name)


def test_a_port_is_found_by_a_part_of_its_name_and_without_one_the_program_has_its_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(mido, "Backend", Backend)
    assert midi_ports() == ["Synth 14:0", "Lights 20:0"]
    open_port("lights")
    assert Backend.opened == [{"name": "Lights 20:0"}]
    open_port("")
    assert Backend.opened == [{"name": OWN_PORT, "client_name": OWN_PORT}]
    with pytest.raises(TimbrescopeError, match="Synth 14:0, Lights 20:0"):
        open_port("organ")


def test_a_system_without_ports_of_ones_own_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_name: str, **_how: object) -> EchoPort:
        raise NotImplementedError("virtual ports are not supported")

    monkeypatch.setattr(mido, "Backend", Backend)
    monkeypatch.setattr(Backend, "open_output", staticmethod(refuse))
    with pytest.raises(TimbrescopeError, match="loopback port"):
        open_port("")


@pytest.fixture
def virtual_port() -> Iterator[str]:
    """Open a MIDI input that others can find."""
    try:
        midi_ports()
        heard = mido.Backend("mido.backends.rtmidi").open_input("ear", client_name="timbrescope test")
    except (TimbrescopeError, OSError, NotImplementedError) as error:
        pytest.skip(f"no MIDI here: {error}")
    with heard:
        yield heard


def test_a_real_port_hears_what_is_sent(virtual_port: mido.ports.BaseInput) -> None:
    output = MidiOutput(open_port("timbrescope test"))
    output.begin(SPECS)
    output.event(Event("instruments", "drums", 1.0, None, 1.0))
    received = None
    for _ in range(100):
        received = received or virtual_port.poll()
        time.sleep(0.05 if received is None else 0)
    output.close()
    assert received is not None
    assert (received.type, received.note) == ("note_on", 37)


@pytest.mark.usefixtures("virtual_port")
def test_others_see_the_programs_own_port() -> None:
    with open_port("") as own:
        assert OWN_PORT in own.name
        inputs = mido.Backend("mido.backends.rtmidi").get_input_names()
        assert any(OWN_PORT in name for name in inputs)
