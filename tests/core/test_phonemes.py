"""The broad set of phonemes, and the sets that fold onto it."""

import re

import pytest

from timbrescope.core import phonemes
from timbrescope.core.errors import LabelError
from training.sources.published_jingju import CLASSES, RARE


def test_silence_comes_first_and_every_class_is_there_once() -> None:
    symbols = phonemes.symbols()
    assert symbols[:2] == (phonemes.SILENCE, phonemes.BREATH)
    assert len(set(symbols)) == len(symbols) == 36


def test_every_class_has_a_group_and_every_group_a_class() -> None:
    used = {phonemes.group(symbol) for symbol in phonemes.symbols()}
    assert used == set(phonemes.groups())
    assert set(phonemes.VOWEL_GROUPS) < used
    assert all(re.fullmatch("#[0-9a-f]{6}", one.colour) for one in phonemes.groups().values())


def test_what_is_sung_has_x_sampa_and_words_in_several_languages() -> None:
    sung = [one for one in phonemes.classes() if one.symbol not in {phonemes.SILENCE, phonemes.BREATH}]
    assert all(one.xsampa and one.examples for one in sung)
    assert len({one.xsampa for one in sung}) == len(sung)
    assert len({language for one in sung for language in one.examples}) >= 10


def test_languages_have_the_classes_that_their_words_are_examples_of() -> None:
    languages = phonemes.languages()
    assert list(languages) == sorted(languages)
    for code, language in languages.items():
        named = {one.symbol for one in phonemes.classes() if code in one.examples}
        assert named | {phonemes.SILENCE, phonemes.BREATH} <= set(language.symbols), code
        assert set(language.symbols) <= set(phonemes.symbols())
    assert {language for one in phonemes.classes() for language in one.examples} == set(languages)


@pytest.mark.parametrize("phone_set", phonemes.phone_sets())
def test_all_labels_of_a_set_fold_onto_classes(phone_set: str) -> None:
    folded = [phonemes.fold(label, phone_set) for label in phonemes.labels_of(phone_set)]
    assert all(one and set(one) <= set(phonemes.symbols()) for one in folded)


def test_a_class_written_in_ipa_folds_onto_itself() -> None:
    for symbol in phonemes.symbols()[2:]:
        assert phonemes.fold(symbol) == (symbol,)


def test_arpabet_leads_there_and_back() -> None:
    for one in phonemes.classes():
        for label in one.arpabet:
            assert phonemes.fold(label, "arpabet")[0] == one.symbol, label


def test_the_sets_of_jingju_are_the_published_ones() -> None:
    assert set(phonemes.labels_of("jingju-29")) == set(CLASSES)
    assert set(phonemes.labels_of("jingju-32")) == {*CLASSES, *RARE}
    assert {label: phonemes.jingju_29(label) for label in RARE} == RARE
    assert all(phonemes.jingju_29(label) == label for label in CLASSES)


def test_the_nearest_class_of_jingju_is_one_of_theirs_and_folds_back_into_the_same_group() -> None:
    for symbol in phonemes.symbols():
        nearest = phonemes.jingju(symbol)
        assert nearest in phonemes.labels_of("jingju-32")
        assert phonemes.jingju(symbol, "jingju-29") in CLASSES
        if phonemes.group(symbol) in phonemes.VOWEL_GROUPS:
            assert phonemes.group(phonemes.fold(nearest, "jingju-32")[0]) == phonemes.group(symbol)


@pytest.mark.parametrize(
    ("label", "phone_set", "expected"),
    [
        ("AH0", "arpabet", ("ə",)),
        ("AH1", "arpabet", ("a",)),
        ("ey2", "arpabet", ("e", "ɪ")),
        ("ˈaɪ", "ipa", ("a", "ɪ")),
        ("t͡ʃʰ", "ipa", ("tʃ",)),
        ("ɑ̃ː", "ipa", ("a",)),
        ("ç", "ipa", ("ʃ",)),
        ("ɯᵝ", "ipa", ("u",)),
        ("ky", "japanese", ("k", "j")),
        ("iang", "pinyin", ("j", "a", "ŋ")),
        ("AN", "jingju-32", ("a", "ŋ")),
        ("r~*", "festival-czech", ("ʃ",)),
        ("sch", "festvox-ru", ("ʃ",)),
    ],
)
def test_labels_fold_as_they_sound(label: str, phone_set: str, expected: tuple[str, ...]) -> None:
    assert phonemes.fold(label, phone_set) == expected


@pytest.mark.parametrize(
    ("label", "phone_set"), [("qq", "arpabet"), ("Ω", "ipa"), ("a", "klingon"), ("A", "festvox-ru")]
)
def test_what_is_unknown_is_said_in_one_sentence(label: str, phone_set: str) -> None:
    with pytest.raises(LabelError, match=r"^[^.]+\.$"):
        phonemes.fold(label, phone_set)
    with pytest.raises(LabelError, match="broad set"):
        phonemes.group("xyz")
