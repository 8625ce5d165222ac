import pytest
from hypothesis import given
from hypothesis import strategies as st

from timbrescope.core import picture
from timbrescope.ui.viewport import Viewport


@pytest.fixture
def viewport() -> Viewport:
    viewport = Viewport()
    viewport.set_duration(100.0)
    return viewport


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["zoom_time", "pan_time", "zoom_bands", "pan_bands"]),
            st.floats(0.01, 50) | st.floats(-3, -0.1),
        )
    )
)
def test_what_is_visible_always_lies_inside_the_recording(steps: list[tuple[str, float]]) -> None:
    viewport = Viewport()
    viewport.set_duration(100.0)
    for name, amount in steps:
        getattr(viewport, name)(abs(amount) if name.startswith("zoom") else amount)
        assert viewport.start >= -1e-9
        assert viewport.stop <= 100.0 + 1e-9
        assert viewport.seconds > 0
        assert viewport.low_band >= -1e-9
        assert viewport.high_band <= picture.N_MELS + 1e-9


def test_zooming_keeps_the_time_under_the_pointer(viewport: Viewport) -> None:
    viewport.zoom_time(4.0, around=30.0)
    before = (30.0 - viewport.start) / viewport.seconds
    viewport.zoom_time(1.7, around=30.0)
    assert (30.0 - viewport.start) / viewport.seconds == pytest.approx(before)


def test_a_view_of_the_whole_grows_with_the_recording(viewport: Viewport) -> None:
    viewport.set_duration(120.0)
    assert (viewport.start, viewport.seconds) == (0.0, 120.0)
    viewport.show_time(10.0, 5.0)
    viewport.set_duration(150.0)
    assert (viewport.start, viewport.seconds) == (10.0, 5.0)


def test_following_holds_the_playhead_in_the_middle(viewport: Viewport) -> None:
    viewport.show_time(0.0, 10.0)
    for now in (1.0, 5.0, 20.0, 60.0):
        viewport.set_playhead(now, follow=True)
        assert viewport.start == pytest.approx(max(0.0, now - 5.0))
    viewport.set_playhead(99.0, follow=True)
    assert viewport.stop == pytest.approx(100.0)


def test_a_selection_is_ordered_clipped_and_dropped_when_tiny(viewport: Viewport) -> None:
    viewport.select((30.0, -5.0))
    assert viewport.selection == (0.0, 30.0)
    viewport.select((4.0, 4.001))
    assert viewport.selection is None
