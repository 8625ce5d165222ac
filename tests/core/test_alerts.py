from timbrescope.core.alerts import Alerts
from timbrescope.core.events import Event

VOICE = Event("model", "Voice", 10.0, None, 0.9)
DRUMS = Event("model", "drums", 10.0, None, 0.9)


def test_only_chosen_labels_are_told_of_and_only_once() -> None:
    alerts = Alerts(["voice"])
    assert alerts.due([VOICE, DRUMS], 10.0) == [VOICE]
    assert alerts.due([VOICE, DRUMS], 11.0) == []


def test_a_short_stay_is_not_told_of() -> None:
    alerts = Alerts(["voice"], minimum_seconds=2.0)
    assert alerts.due([VOICE], 11.9) == []
    assert alerts.due([VOICE], 12.0) == [VOICE]
    later = Event("model", "Voice", 20.0, None, 0.9)
    assert alerts.due([later], 21.0) == []
    assert alerts.due([], 23.0) == []


def test_the_next_stay_is_told_of_again() -> None:
    alerts = Alerts(["voice"])
    assert alerts.due([VOICE], 10.0) == [VOICE]
    assert alerts.due([], 12.0) == []
    assert alerts.due([Event("model", "Voice", 13.0, None, 0.9)], 13.0) != []
