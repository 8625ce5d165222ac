from collections.abc import Sequence

import pytest

from timbrescope.core.errors import TimbrescopeError
from timbrescope.core.events import Event
from timbrescope.core.sound_now import Sound
from timbrescope.core.timeline import ScoreSpec
from timbrescope.outputs import opening
from timbrescope.outputs.osc import OscOutput
from timbrescope.outputs.output import Moment, Outputs


class Written:
    """Writes down what it is given."""

    def __init__(self) -> None:
        self.moments: list[Moment] = []
        self.events: list[Event] = []
        self.notices: list[str] = []
        self.models: list[str] = []
        self.closed = 0

    def begin(self, specs: Sequence[ScoreSpec]) -> None:
        self.models = [spec.name for spec in specs]

    def moment(self, moment: Moment) -> None:
        self.moments.append(moment)

    def event(self, event: Event) -> None:
        self.events.append(event)

    def notice(self, sentence: str) -> None:
        self.notices.append(sentence)

    def close(self) -> None:
        self.closed += 1


MOMENT = Moment({}, Sound())


def test_moments_go_out_ten_times_a_second_at_most_and_events_at_once() -> None:
    written, time = Written(), 0.0
    outputs = Outputs([written], now=lambda: time)
    event = Event("m", "a", 0.0, None, 1.0)
    for tick in range(200):
        time = tick / 100
        outputs.moment(MOMENT)
        outputs.event(event)
    assert 18 <= len(written.moments) <= 20
    assert len(written.events) == 200


def test_several_outputs_get_the_same_and_are_closed_once() -> None:
    several = [Written(), Written()]
    outputs = Outputs(several)
    assert outputs
    outputs.begin([ScoreSpec("m", "tags", ("a",), 1.0, 1.0)])
    outputs.moment(MOMENT)
    outputs.notice("Hear, hear.")
    outputs.close()
    outputs.close()
    outputs.moment(MOMENT)
    assert [(one.models, one.moments, one.notices, one.closed) for one in several] == 2 * [
        (["m"], [MOMENT], ["Hear, hear."], 1)
    ]
    assert not outputs


def test_nothing_is_opened_unless_asked_for() -> None:
    assert not opening.open_outputs()


def test_all_are_opened_or_none(monkeypatch: pytest.MonkeyPatch) -> None:
    closed: list[OscOutput] = []

    def close(self: OscOutput) -> None:
        closed.append(self)
        self._client.close()

    monkeypatch.setattr(OscOutput, "close", close)
    with pytest.raises(TimbrescopeError):
        opening.open_outputs(osc="9000", midi="there is no port of this name")
    assert len(closed) == 1
