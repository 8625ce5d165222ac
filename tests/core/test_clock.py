import pytest

from timbrescope.core.clock import clock


@pytest.mark.parametrize(("seconds", "text"), [(0, "0:00"), (59.6, "1:00"), (61, "1:01"), (36_000, "10:00:00")])
def test_clock(seconds: float, text: str) -> None:
    assert clock(seconds) == text


@pytest.mark.parametrize(
    ("seconds", "resolution", "text"),
    [(1.25, 0.1, "0:01.2"), (59.996, 0.01, "1:00.00"), (7.0, 0.5, "0:07.0"), (3.0, 5.0, "0:03")],
)
def test_decimals_follow_the_resolution(seconds: float, resolution: float, text: str) -> None:
    assert clock(seconds, resolution) == text
