import pytest

from timbrescope.core.alignment import AlignmentError
from timbrescope.recognition import text_to_phones
from timbrescope.recognition.text_to_phones import lyrics_to_phones

pytest.importorskip("espeakng_loader")


def said(text: str, language: str) -> list[list[tuple[str, str]]]:
    return [
        [(word.text, " ".join(phone.symbol + "?" * phone.optional for phone in word.phones)) for word in line]
        for line in lyrics_to_phones(text, language)
    ]


def test_lines_words_and_phones() -> None:
    assert said("Au clair de la lune,\n\n — mon ami!", "fr") == [
        [("Au", "o"), ("clair", "k l e r"), ("de", "d ə"), ("la", "l a"), ("lune", "l y n ə?")],
        [("mon", "m o n"), ("ami", "a m i")],
    ]


def test_words_that_are_said_as_one_stay_apart() -> None:
    ((_, of, the, _),) = said("light of the moon", "en-us")
    assert (of[0], the[0]) == ("of", "the")
    assert of[1].endswith("v")


def test_each_character_of_chinese_is_a_word() -> None:
    ((*words,),) = said("月亮 代表", "cmn")
    assert [text for text, _ in words] == ["月", "亮", "代", "表"]
    assert all(phones for _, phones in words)


def test_an_unknown_language_is_told() -> None:
    with pytest.raises(AlignmentError, match='"xx"'):
        lyrics_to_phones("la la", "xx")


def test_the_library_is_initialised_once_however_many_texts_come() -> None:
    assert text_to_phones._Speaker("it")._library is text_to_phones._Speaker("fr")._library


def test_without_the_library_the_user_hears_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "espeakng_loader", None)
    monkeypatch.setattr(text_to_phones, "find_library", lambda _name: None)
    monkeypatch.setattr(text_to_phones, "load_espeak", text_to_phones.load_espeak.__wrapped__)
    with pytest.raises(AlignmentError, match=r"timbrescope\[voice\]"):
        lyrics_to_phones("la la", "fr")
