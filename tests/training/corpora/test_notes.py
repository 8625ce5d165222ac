"""Notes stay in the instrument's range, phrases keep their order, MIDI keeps their times."""

import io
import itertools
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.corpora import notes as music
from training.corpora.general_midi import LABELS, RANGES
from training.corpora.notes import Note, Part, Phrase

LINE = [Note(at * 0.5, 0.5, 60 + step) for at, step in enumerate((0, 2, 4, 5, 7, 9, 11, 12))]
CHORDS = [Note(at * 1.0, 1.0, key) for at in range(6) for key in (48, 52, 55, 60)]


@given(
    st.lists(st.integers(0, 127), min_size=1, max_size=30),
    st.sampled_from([label for label in LABELS if label in RANGES]),
    st.integers(-12, 12),
)
def test_every_note_is_moved_into_the_range_and_keeps_its_name(keys: list[int], label: str, shift: int) -> None:
    lowest, highest = RANGES[label]
    moved = music.into_range([Note(0, 1, key) for key in keys], lowest, highest, shift)
    assert all(lowest <= note.key <= highest for note in moved)
    assert [(note.key - shift) % 12 for note in moved] == [key % 12 for key in keys]


def test_a_melody_that_fits_is_moved_as_a_whole() -> None:
    moved = music.into_range(LINE, *RANGES["flute"])
    assert len({after.key - before.key for after, before in zip(moved, LINE, strict=True)}) == 1


def test_kinds_of_parts() -> None:
    assert music.kind_of(LINE) == "melody"
    assert music.kind_of(CHORDS) == "chords"
    assert music.kind_of([replace(note, key=note.key - 24) for note in LINE]) == "bass"


def test_window_begins_at_zero_and_is_as_long_as_asked(rng: np.random.Generator) -> None:
    part = Part(tuple(Note(10 + at * 0.25, 0.25, 60) for at in range(200)), "melody")
    for _ in range(20):
        stretch = music.window(part, 8.0, rng)
        assert stretch[0].start == 0
        assert stretch[-1].start < 8
        assert len(stretch) >= 30


def test_monophonic_line_has_one_note_at_a_time_and_takes_the_highest() -> None:
    line = music.monophonic([*CHORDS, Note(0.5, 3.0, 30)])
    assert all(a.end <= b.start for a, b in itertools.pairwise(line))
    assert {note.key for note in line} == {60, 30}


def test_power_chords_are_fifths_on_the_lowest_note() -> None:
    assert [note.key for note in music.power_chords(CHORDS)[:3]] == [48, 55, 60]
    assert len(music.power_chords(CHORDS)) == 18


def test_articulation_keeps_the_keys_and_stays_playable(rng: np.random.Generator) -> None:
    for strummed in (False, True):
        for _ in range(20):
            played = music.articulated(CHORDS, rng, strummed=strummed)
            assert sorted(note.key for note in played) == sorted(note.key for note in CHORDS)
            assert all(1 <= note.velocity <= 127 and note.length > 0 and note.start >= 0 for note in played)


def test_placed_phrases_do_not_overlap(rng: np.random.Generator) -> None:
    first, second = music.placed([Phrase(tuple(LINE), 0), Phrase(tuple(CHORDS), 1)], rng)
    assert min(note.start for note in second.notes) > max(note.end for note in first.notes) + 0.5
    assert second.program == 1


def test_midi_file_keeps_times_and_programs(rng: np.random.Generator) -> None:
    mido = pytest.importorskip("mido")
    phrases = music.placed([Phrase(tuple(LINE), 40, ((0.0, 7, 99),)), Phrase(tuple(CHORDS), 41)], rng)
    written = music.midi_file(phrases)
    assert written == music.midi_file(phrases)
    now, starts, programs, pressed = 0.0, [], [], 0
    midi = mido.MidiFile(file=io.BytesIO(written))
    for message in midi:
        now += message.time
        if message.type == "note_on":
            starts.append(now)
            pressed += 1
        elif message.type == "note_off":
            pressed -= 1
        elif message.type == "program_change":
            programs.append(message.program)
    assert programs == [40, 41]
    assert pressed == 0
    assert starts == pytest.approx(sorted(note.start for phrase in phrases for note in phrase.notes), abs=2e-3)
    assert midi.length == pytest.approx(max(note.end for note in phrases[1].notes) + music.TAIL_SECONDS, abs=0.01)
