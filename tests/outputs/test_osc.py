import numpy as np
import pytest

from tests.outputs.receiver import receiver
from timbrescope.core.errors import TimbrescopeError
from timbrescope.core.events import Event
from timbrescope.core.sound_now import Sound
from timbrescope.core.timeline import ScoreSpec
from timbrescope.outputs.osc import OscOutput, address
from timbrescope.outputs.output import Moment

SPEC = ScoreSpec("my model", "tags", ("drum & bass", "a/b", *map(str, range(48))), 0.1, 1.0)


def test_a_moment_carries_every_score_the_level_and_the_brightness_at_legal_addresses() -> None:
    scores = np.linspace(0, 1, 50, dtype=np.float32)
    with receiver() as program:
        output = OscOutput(f"localhost:{program.port}")
        output.begin([SPEC])
        output.moment(Moment({SPEC.name: scores}, Sound(-20.0, -6.0, 1500.0, 220.0)))
        output.close()
        found = {message.address: message.params for message in program.messages()}
    assert len(found) == 53
    assert found["/timbrescope/score/my_model/drum_bass"] == [0.0]
    assert found["/timbrescope/score/my_model/a_b"] == [pytest.approx(1 / 49)]
    assert found["/timbrescope/score/my_model/47"] == [1.0]
    assert found["/timbrescope/level"] == [-20.0, -6.0]
    assert found["/timbrescope/brightness"] == [1500.0]
    assert found["/timbrescope/pitch"] == [220.0]


def test_silence_has_a_level_and_no_brightness() -> None:
    with receiver() as program:
        output = OscOutput(str(program.port))
        output.moment(Moment({}, Sound()))
        output.close()
        assert [message.address for message in program.messages()] == ["/timbrescope/level"]


def test_events_and_notices() -> None:
    with receiver() as program:
        output = OscOutput(str(program.port))
        output.event(Event("m", "flute", 1.5, None, 0.5))
        output.event(Event("m", "flute", 1.5, 4.0, 0.75))
        output.notice("Größer")
        output.close()
        found = [(message.address, message.params) for message in program.messages()]
    assert found == [
        ("/timbrescope/entered", ["m", "flute", 1.5]),
        ("/timbrescope/left", ["m", "flute", 4.0, 2.5, 0.75]),
        ("/timbrescope/notice", ["Größer"]),
    ]


def test_nobody_there_is_no_error() -> None:
    with receiver() as program:
        port = program.port
    output = OscOutput(str(port))
    for _ in range(3):
        output.event(Event("m", "flute", 1.5, None, 0.5))
    output.close()


def test_it_goes_to_this_computer_unless_told_otherwise() -> None:
    assert address("9000") == address(":9000") == ("127.0.0.1", 9000)
    assert address("192.0.2.7:57120") == ("192.0.2.7", 57120)
    for wrong in ("", "here", "127.0.0.1:", "127.0.0.1:99999", "no such host:1"):
        with pytest.raises(TimbrescopeError):
            address(wrong)
