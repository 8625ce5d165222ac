"""Programs have the names that General MIDI gives them, and every instrument can be played."""

import pytest

from training.corpora.general_midi import KINDS, LABELS, OTHERS, PROGRAMS, label_of, range_of


@pytest.mark.parametrize(
    ("program", "label"),
    [
        (0, "piano"), (4, None), (16, "organ"), (19, "organ"), (21, None), (24, "acoustic guitar"),
        (26, "electric guitar"), (30, "electric guitar"), (32, None), (33, "electric bass"), (38, None),
        (40, "violin"), (41, None), (42, "cello"), (48, None), (53, "voice"), (56, "trumpet"), (57, None),
        (65, "saxophone"), (68, None), (71, "clarinet"), (73, "flute"), (75, None), (81, None),
    ],
)  # fmt: skip
def test_label_of_a_program(program: int, label: str | None) -> None:
    assert label_of(program) == label


def test_channel_ten_is_drums_whatever_the_program() -> None:
    assert {label_of(program, drums=True) for program in range(128)} == {"drums"}


def test_no_program_has_two_labels_and_no_other_instrument_is_one_of_ours() -> None:
    programs = [program for label in LABELS if label != "drums" for program in set(PROGRAMS[label])]
    assert len(programs) == len(set(programs))
    assert not any(label_of(program) for program in OTHERS)


def test_every_instrument_has_programs_and_something_to_play_in_a_range() -> None:
    for label in LABELS:
        assert PROGRAMS[label]
        assert KINDS[label]
        for program in PROGRAMS[label] if label != "drums" else ():
            lowest, highest = range_of(label, program)
            assert highest - lowest >= 24
    assert range_of(None, 58) != range_of(None, 80)
