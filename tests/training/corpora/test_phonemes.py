import csv
import itertools
import json
from dataclasses import asdict
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
import soundfile

from timbrescope.core import phonemes
from training.collection import Segment
from training.corpora import phoneme_checks, scenes
from training.corpora import phonemes as corpus
from training.corpora.backings import backings
from training.corpora.phoneme_tables import Row, made_so_far, write_tables
from training.corpora.phoneme_voices import BANK_SPLITS, ESPEAK_VARIANTS, FESTIVAL, FLITE, KOKORO, Voice
from training.corpora.utterances import SAMPLE_RATE, Utterance, parted, tidied, utterance
from training.sources.annotations import read_annotated, read_segments

from .sung import voice


def cast() -> list[Voice]:
    def phrase(_rng: np.random.Generator) -> Utterance:
        return voice()

    return [
        Voice("anna", "en", "train", "here", "CC0", 3, sings=False, phrase=phrase),
        Voice("bert", "en", "train", "here", "CC0", 1, sings=True, phrase=phrase),
        Voice("carl", "en", "validation", "here", "CC0", 1, sings=False, phrase=phrase),
        Voice("dora", "en", "test", "here", "CC0", 1, sings=False, phrase=phrase),
    ]


def test_every_voice_is_in_one_split_and_every_split_has_voices_of_several_kinds() -> None:
    named = [(name, split) for name, split, _ in FLITE] + [(row[0], row[5]) for row in FESTIVAL]
    named += [(variant, split) for split, variants in ESPEAK_VARIANTS.items() for variant in variants]
    named += BANK_SPLITS.items()
    named += [(style, "train") for style in {style for _, _, styles in KOKORO.values() for style in styles}]
    assert len({name for name, _ in named}) == len(named)
    assert {split for _, split in named} == {"train", "validation", "test"}


def test_plans_keep_voices_in_their_split_and_grow_at_the_end() -> None:
    short = list(corpus.plans(cast(), 0.5, 1, music=True))
    longer = list(corpus.plans(cast(), 1.0, 1, music=True))
    assert longer[: len(short)] == short
    assert len({plan.name for plan in longer}) == len(longer)
    for plan in longer:
        assert plan.voice is None or cast()[plan.voice].split == plan.split
    kinds = [plan.kind for plan in longer]
    assert 0.15 < kinds.count("instrumental") / len(kinds) < 0.3
    assert {"sung", "spoken", "as_is"} <= set(kinds)


def test_plans_for_some_voices_are_of_these_alone() -> None:
    named = list(corpus.plans(cast()[:1], 0.2, 1, music=False))
    assert len(named) == round(0.2 * 3600 / corpus.AVERAGE_SECONDS)
    assert {plan.name.rpartition("/")[0] for plan in named} == {"train/anna"}


def test_a_voice_that_is_not_there_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(corpus, "voices", lambda *_: cast())
    with pytest.raises(SystemExit):
        corpus.main(["--output", str(tmp_path), "--voices", "eve"])
    assert "no voice eve; those are anna, bert" in capsys.readouterr().err


@pytest.mark.skipif(find_spec("pyworld") is None, reason="pyworld is not installed")
def test_a_recording_and_its_labels_are_as_long_and_read_back(tmp_path: Path) -> None:
    (tmp_path / "rows").mkdir()
    plan = next(plan for plan in corpus.plans(cast(), 0.5, 1, music=False) if plan.kind == "spoken")
    row = corpus.make(plan, cast(), {"train": (), "validation": (), "test": ()}, tmp_path, 1, pytest.fail)
    assert row is not None
    sound, rate = soundfile.read(tmp_path / row.path)
    segments = read_segments(tmp_path / row.labels_path)
    assert rate == SAMPLE_RATE
    assert segments[0].start == 0
    assert segments[-1].end == pytest.approx(len(sound) / rate, abs=1e-3)
    assert all(a.end == pytest.approx(b.start, abs=1e-3) for a, b in itertools.pairwise(segments))
    assert {one.label for one in segments} <= set(phonemes.symbols())
    assert np.abs(sound).max() <= 1
    changed = (tmp_path / row.path).stat().st_mtime_ns
    assert corpus.make(plan, cast(), {}, tmp_path, 1, pytest.fail) == row
    assert (tmp_path / row.path).stat().st_mtime_ns == changed  # what is there is not made again
    assert read_annotated(tmp_path / plan.split).items[0].group == row.voice


def test_tables_have_a_line_for_each_recording_of_their_split(tmp_path: Path) -> None:
    rows = [
        Row(f"{split}/x/1.flac", f"{split}/x/1.tsv", 1.0, split, "x", "en", "s", "sung", 0, "", 0, "", "CC0")
        for split in ("train", "train", "test")
    ]
    write_tables(tmp_path, rows)
    with (tmp_path / "train.csv").open() as file:
        assert len(list(csv.DictReader(file))) == 2
    with (tmp_path / "phonemes.csv").open() as file:
        assert [line["split"] for line in csv.DictReader(file)] == ["train", "train", "test"]


def test_a_run_adds_to_what_is_there(tmp_path: Path) -> None:
    (tmp_path / "rows").mkdir()

    def note(name: str) -> Row:
        row = Row(f"train/x/{name}.flac", "", 1.0, "train", "x", "en", "s", "sung", 0, "", 0, "", "CC0")
        (tmp_path / "rows" / f"{name}.json").write_text(json.dumps(asdict(row)))
        return row

    early = [note("b"), note("c")]
    write_tables(tmp_path, early[::-1])
    late = note("a")
    assert made_so_far(tmp_path) == [*early[::-1], late]


def test_music_lies_under_the_voice_at_the_level_it_says(rng: np.random.Generator) -> None:
    sung = voice()
    music = (0.2 * np.sin(np.arange(len(sung.samples)) * 0.3)).astype(np.float32)
    heard = scenes.scene(sung, music, rng)
    assert heard.snr_decibel is not None
    assert heard.heard.segments == sung.segments
    assert len(heard.heard.samples) == len(sung.samples)
    assert scenes.scene(sung, None, rng).snr_decibel is None


@pytest.mark.parametrize("codec", scenes.CODECS)
def test_a_codec_moves_nothing(codec: tuple[str, str, float]) -> None:
    click = np.zeros(SAMPLE_RATE, np.float32)
    rng = np.random.default_rng(2)
    click[8000:8400] = 0.5 * rng.normal(size=400)
    out = scenes.coded(click, *codec)
    assert len(out) == len(click)
    shift = np.argmax(np.correlate(out[7000:9500], click[8000:8400], "valid")) - 1000
    assert abs(int(shift)) <= 2


def test_phrases_follow_one_another_without_gaps_in_the_labels(rng: np.random.Generator) -> None:
    joined = scenes.joined([voice(), voice()], lambda: scenes.silence(0.3), rng)
    assert joined.segments[0].start == 0
    assert joined.segments[-1].end == pytest.approx(joined.seconds)
    assert all(a.end == pytest.approx(b.start) for a, b in itertools.pairwise(joined.segments))


def test_only_music_without_a_voice_is_sung_over(tmp_path: Path) -> None:
    table = tmp_path / "music.csv"
    table.write_text(
        "path,start,end,labels,group,split\n"
        "a.flac,0,3,piano;drums,a,train\na.flac,3,6,piano;voice,a,train\na.flac,6,9,piano,a,train\n"
        "b.flac,0,3,,b,train\nc.flac,0,3,violin,c,validation\nd.flac,0,3,violin,d,validation\n"
    )
    found = backings(table)
    assert [(one.path.name, one.start, one.end, one.band) for one in found["train"]] == [
        ("a.flac", 0.0, 3.0, True),
        ("a.flac", 6.0, 9.0, False),
    ]
    assert [one.path.name for one in found["validation"]] == ["c.flac"]
    assert [one.path.name for one in found["test"]] == ["d.flac"]


def test_labels_of_another_set_become_classes_without_gaps() -> None:
    sound = np.zeros(SAMPLE_RATE, np.float32)
    labels = [Segment(0.1, 0.3, "HH"), Segment(0.3, 0.8, "AY1"), Segment(0.85, 0.9, "T")]
    found = utterance(sound, labels, "arpabet")
    assert [one.label for one in found.segments] == ["sil", "h", "a", "ɪ", "sil", "t", "sil"]
    assert found.segments[-1].end == 1.0


def test_the_first_vowel_of_a_diphthong_is_the_longer_and_glides_are_short() -> None:
    first, second = parted(0.0, 1.0, ("a", "ɪ"))
    assert first.end - first.start > second.end - second.start
    glide, vowel = parted(0.0, 1.0, ("j", "a"))
    assert glide.end < 0.1
    assert vowel.end == 1.0


def test_the_shortest_silences_belong_to_what_follows() -> None:
    found = tidied([Segment(0, 0.5, "a"), Segment(0.5, 0.52, "sil"), Segment(0.52, 0.6, "t"), Segment(0.6, 1, "sil")])
    assert [(one.start, one.label) for one in found] == [(0, "a"), (0.5, "t"), (0.6, "sil")]


def test_recordings_to_judge_by_get_classes(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", np.zeros(SAMPLE_RATE), SAMPLE_RATE)
    (tmp_path / "a.phn.tsv").write_text("start\tend\tphone\n0.1\t0.4\tSH\n0.4\t0.9\tIY0\n")
    (tmp_path / "labels.csv").write_text("path,labels,phone_set\na.wav,a.phn.tsv,IPA-like\n")
    phoneme_checks.main(["--aligned", str(tmp_path / "labels.csv"), "--output", str(tmp_path / "out")])
    labels = [one.label for one in read_segments(tmp_path / "out" / "a.tsv")]
    assert labels == ["sil", "ʃ", "i", "sil"]


def test_music_to_judge_by_is_silence(tmp_path: Path) -> None:
    (tmp_path / "songs").mkdir()
    soundfile.write(tmp_path / "songs" / "a.wav", 0.1 * np.ones(3 * SAMPLE_RATE), SAMPLE_RATE)
    phoneme_checks.main(["--music", str(tmp_path / "songs"), "--output", str(tmp_path / "out")])
    assert [one.label for one in read_segments(tmp_path / "out" / "songs" / "a.tsv")] == ["sil"]


def test_an_output_that_cannot_be_written_is_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SystemExit):
        corpus.main(["--output", str(tmp_path / "file"), "--hours", "0"])
    error = capsys.readouterr().err.strip()
    assert "\n" not in error
    assert error.endswith(".")
    assert json.dumps(error)
