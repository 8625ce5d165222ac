"""Which MIDI controller and note stands for which label.

The first model sends on the chosen channel, each further one on the next. Labels take controllers in the model's order:
those that MIDI 1.0 leaves undefined, so that no receiver mistakes a score for its volume or its pedal.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from timbrescope.core.labels import TAGS
from timbrescope.core.tag_groups import synonyms
from timbrescope.core.timeline import ScoreSpec

CHANNELS: Final = 16
LEVEL_CONTROLLER: Final = 2  # breath: how hard somebody plays
BRIGHTNESS_CONTROLLER: Final = 74  # the one that MIDI calls so
PITCH_CONTROLLER: Final = 16  # general purpose
CENTS_CONTROLLER: Final = 17  # likewise
CONTROLLERS: Final = (*range(20, 32), *range(102, 120), *range(85, 91), 3, 9, 14, 15, *range(52, 64), 46, 47, 41, 35)
LOWEST_NOTE: Final = 36
_NOTES: Final = 128 - LOWEST_NOTE


@dataclass(frozen=True, slots=True)
class Place:
    """Where the score of a label goes; a model's labels from the 57th on have no controller, from the 93rd no note.

    Attributes:
        model: its name.
        label: as the model calls it.
        channel: 1 to 16.
        controller: for its score.
        note: for its events.
    """

    model: str
    label: str
    channel: int
    controller: int | None
    note: int | None


def midi_map(models: Sequence[tuple[str, Sequence[str]]], channel: int) -> Iterator[Place]:
    """Yield the place of each label of models; models beyond channel 16 have none.

    Args:
        models: name and labels of each, in their order.
        channel: of the first one, 1 to 16.
    """
    for number, (model, labels) in enumerate(models[: CHANNELS + 1 - channel]):
        for column, label in enumerate(labels):
            controller = CONTROLLERS[column] if column < len(CONTROLLERS) else None
            note = LOWEST_NOTE + column if column < _NOTES else None
            yield Place(model, label, channel + number, controller, note)


def event_notes(specs: Sequence[ScoreSpec], channel: int) -> dict[tuple[str, str], tuple[int, int]]:
    """Return channel and note of each (model, label) of events; tags that mean the same have the note of the first."""
    models = [(spec.name, spec.labels) for spec in specs]
    notes = {(place.model, place.label): (place.channel, place.note) for place in midi_map(models, channel)}
    named: dict[tuple[str, str], tuple[int, int]] = {}
    for spec in specs:
        firsts = (
            {label: spec.labels[columns[0]] for label, columns in synonyms(spec.labels).items()}
            if spec.kind == TAGS
            else {label: label for label in spec.labels}
        )
        for label, first in firsts.items():
            of_channel, note = notes.get((spec.name, first), (channel, None))
            if note is not None:
                named[spec.name, label] = of_channel, note
    return named
