import numpy as np
import pytest

from timbrescope.core import phonemes
from timbrescope.core.alignment import AlignmentError, Read
from timbrescope.core.lyrics import Phone, Word, align_lyrics, labels_of, read_phones
from timbrescope.core.timeline import ScoreSpec

SPEC = ScoreSpec("phonemes", "phonemes", phonemes.symbols(), 0.01, 0.01)


def sung(*parts: tuple[str, int]) -> tuple[Read, int]:
    """Return scores of phones that each last some frames, and how many frames there are."""
    rng = np.random.default_rng(0)
    columns = np.repeat([SPEC.labels.index(symbol) for symbol, _ in parts], [frames for _, frames in parts])
    rows = rng.dirichlet(np.full(len(SPEC.labels), 0.2), len(columns)).astype(np.float32) * 0.4
    rows[np.arange(len(columns)), columns] += 0.6
    return lambda start, stop: rows[start:stop], len(columns)


def test_words_and_phones_are_placed_with_silence_and_breath_between_them() -> None:
    read, frames = sung(
        ("sil", 20), ("l", 6), ("y", 60), ("n", 8), ("sil", 15), ("br", 25), ("sil", 9), ("b", 4), ("l", 5), ("ø", 40)
    )  # fmt: skip
    found = align_lyrics(read, frames, SPEC, read_phones("l y n ə?\nb l ø"))
    assert [(one.label, one.start, one.end) for one in found.phones.segments] == [
        ("sil", 0.0, 0.2), ("l", 0.2, 0.26), ("y", 0.26, 0.86), ("n", 0.86, 0.94), ("sil", 0.94, 1.09),
        ("br", 1.09, 1.34), ("sil", 1.34, 1.43), ("b", 1.43, 1.47), ("l", 1.47, 1.52), ("ø", 1.52, 1.92),
    ]  # fmt: skip
    assert [(one.label, one.start, one.end) for one in found.words.segments] == [
        ("lynə", 0.2, 0.94),
        ("blø", 1.43, 1.92),
    ]
    assert 0.6 < found.score < 0.7
    assert found.doubtful() == []


def test_words_within_a_line_may_follow_at_once_or_after_a_pause() -> None:
    read, frames = sung(("l", 6), ("a", 30), ("l", 6), ("a", 30), ("br", 12), ("l", 6), ("a", 30))
    found = align_lyrics(read, frames, SPEC, read_phones("l a | l a | l a"))
    assert [one.label for one in found.phones.segments] == ["l", "a", "l", "a", "br", "l", "a"]
    assert [one.start for one in found.words.segments] == [0.0, 0.36, 0.84]


def test_a_word_that_is_not_sung_is_doubtful() -> None:
    read, frames = sung(("m", 10), ("a", 40), ("sil", 30), ("n", 10), ("o", 40))
    found = align_lyrics(read, frames, SPEC, read_phones("m a | ʃ i t | n o"))
    assert [word.label for word in found.doubtful()] == ["ʃit"]


def test_phones_by_hand() -> None:
    assert read_phones("l y n ə? | b\n\n|\nø") == (
        (Word("lynə", (Phone("l"), Phone("y"), Phone("n"), Phone("ə", optional=True))), Word("b", (Phone("b"),))),
        (Word("ø", (Phone("ø"),)),),
    )


def test_phones_find_the_models_labels() -> None:
    assert labels_of("a", SPEC.labels) == ("a",)
    assert labels_of("aʊ̯", SPEC.labels) == ("a", "u")
    assert labels_of("aI^", ("aI^", "vc")) == ("aI^",)
    assert labels_of("t", ("a", phonemes.jingju("t"))) == (phonemes.jingju("t"),)


@pytest.mark.parametrize("text", ["", "|", "₴ a"])
def test_what_cannot_be_aligned_is_told_in_one_sentence(text: str) -> None:
    read, frames = sung(("a", 50))
    with pytest.raises(AlignmentError) as error:
        align_lyrics(read, frames, SPEC, read_phones(text))
    assert "\n" not in str(error.value)
