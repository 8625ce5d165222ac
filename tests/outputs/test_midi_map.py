from timbrescope.core.timeline import ScoreSpec
from timbrescope.outputs.midi_map import (
    BRIGHTNESS_CONTROLLER,
    CONTROLLERS,
    LEVEL_CONTROLLER,
    Place,
    event_notes,
    midi_map,
)


def model(name: str, count: int) -> ScoreSpec:
    return ScoreSpec(name, "sounds", tuple(f"{name} {number}" for number in range(count)), 1.0, 1.0)


def test_no_controller_that_means_something_to_a_synthesiser_is_used() -> None:
    assert len(set(CONTROLLERS)) == len(CONTROLLERS) == 56
    taken = {0, 1, 2, 4, 5, 6, 7, 8, 10, 11, 12, 13, *range(16, 20), 32, 38, *range(64, 85), *range(91, 102)}
    assert not taken & set(CONTROLLERS)
    assert all(number < 120 for number in CONTROLLERS)  # channel modes
    assert not {LEVEL_CONTROLLER, BRIGHTNESS_CONTROLLER} & set(CONTROLLERS)


def places_of(specs: list[ScoreSpec], channel: int) -> list[Place]:
    return list(midi_map([(spec.name, spec.labels) for spec in specs], channel))


def test_no_two_labels_share_a_place() -> None:
    places = places_of([model("a", 200), model("b", 13), model("c", 5)], 3)
    assert [place.channel for place in places] == [3] * 200 + [4] * 13 + [5] * 5
    for kind in ("controller", "note"):
        used = [(place.channel, getattr(place, kind)) for place in places if getattr(place, kind) is not None]
        assert len(set(used)) == len(used)
        assert all(0 <= number < 128 for _, number in used)


def test_models_beyond_the_last_channel_have_no_place() -> None:
    assert {place.model for place in places_of([model("a", 2), model("b", 2)], 16)} == {"a"}
    assert set(event_notes([model("a", 2), model("b", 2)], 16)) == {("a", "a 0"), ("a", "a 1")}


def test_tags_that_mean_the_same_have_the_note_of_the_first() -> None:
    spec = ScoreSpec("tags", "tags", ("rock", "woman", "female vocal"), 1.0, 3.0)
    assert event_notes([spec], 1) == {("tags", "rock"): (1, 36), ("tags", "female voice"): (1, 37)}
