"""The voices of the phoneme corpus, each in one split: real ones with aligned phonemes, and synthesisers'.

Voices of which no sound is learnt judge: both sexes, English, Finnish, Italian, Czech and Japanese among them. What
is learnt comes from real readers (Russian, French, Italian; syllables in more languages), singers' voice banks, and the
voices of Flite, Festival, eSpeak NG and, most like people, Kokoro.
"""

import importlib.metadata
import importlib.util
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path

import numpy as np

from timbrescope.core.errors import AudioError, TimbrescopeError
from training.collection import Segment, Split
from training.corpora import espeak, festival, foreign_prompts, kokoro, prompts, singers, syllables
from training.corpora.packages import Package, fetch
from training.corpora.phrases import WORD_LISTS, Phrase, phrases
from training.corpora.utterances import SAMPLE_RATE, Samples, Utterance, read_speech, utterance
from training.errors import TrainingError
from training.sources.annotations import read_segments

RUSSIAN = Package("debian", "festvox-ru", "BSD-like")
RUSSIAN_BASE = "usr/share/festival/voices/russian/msu_ru_nsh_clunits"
EXCERPT_SECONDS = 4.0
CACHED_FILES = 50
PROMPTS_WEIGHT = 5.0
FOREIGN_PROMPTS_WEIGHT = 7.0
SYLLABLES_WEIGHT = 2.0
ESPEAK_LICENCE = "GPL-3+ synthesiser"


@dataclass(frozen=True, slots=True)
class Voice:
    """Somebody who speaks or sings.

    Attributes:
        name: of the voice, its group.
        language: code.
        split: the part of the corpus that it is in.
        source: package and version, or folder.
        licence: of the recordings.
        weight: how often it is heard beside the others of its split.
        sings: whether its phrases are sung already.
        phrase: returns a phrase.
    """

    name: str
    language: str
    split: Split
    source: str
    licence: str
    weight: float
    sings: bool
    phrase: Callable[[np.random.Generator], Utterance]


FLITE: tuple[tuple[str, Split, float], ...] = (("slt", "train", 4), ("rms", "train", 5), ("awb", "validation", 4))
FESTIVAL: tuple[tuple[str, str, str, str, str, Split, float], ...] = (
    # name, package, licence, function, set of phonemes, split, weight
    ("kal", "festvox-kallpc16k", "X11-like", "voice_kal_diphone", "arpabet", "train", 3),
    ("ked", "festvox-kdlpc16k", "X11-like", "voice_ked_diphone", "arpabet", "test", 3),
    ("krb", "festvox-czech-krb", "GPL-3+", "voice_czech_krb", "festival-czech", "train", 4),
    ("machac", "festvox-czech-machac", "GPL-3+", "voice_czech_machac", "festival-czech", "train", 4),
    ("dita", "festvox-czech-dita", "GPL-3+", "voice_czech_dita", "festival-czech", "validation", 3),
    ("ph", "festvox-czech-ph", "GPL-2+", "voice_czech_ph", "festival-czech", "test", 2),
    ("mv", "festvox-suopuhe-mv", "LGPL-2.1+", "voice_hy_fi_mv_diphone", "festival-finnish", "train", 4),
    ("lj", "festvox-suopuhe-lj", "LGPL-2.1+", "voice_suo_fi_lj_diphone", "festival-finnish", "test", 3),
    ("lp", "festvox-italp16k", "GPL-2+", "voice_lp_diphone", "festival-italian", "train", 5),
    ("pc", "festvox-itapc16k", "GPL-2+", "voice_pc_diphone", "festival-italian", "test", 3),
    ("ona", "festvox-ca-ona-hts", "LGPL-2.1+", "voice_upc_ca_ona_hts", "festival-catalan", "train", 4),
    ("slt_hts", "festvox-us-slt-hts", "BSD-like", "voice_cmu_us_slt_arctic_hts", "arpabet", "train", 1),
)
LANGUAGES = {"arpabet": "en", "festival-czech": "cs", "festival-finnish": "fi", "festival-italian": "it",
             "festival-catalan": "ca"}  # fmt: skip
ENCODINGS = {"festival-czech": "iso-8859-2", "festival-finnish": "iso-8859-1", "festival-italian": "iso-8859-1",
             "festival-catalan": "iso-8859-15", "arpabet": "ascii"}  # fmt: skip

ESPEAK_LANGUAGES = {
    "en-us": "en", "en": "en", "fr": "fr", "de": "de", "it": "it", "es": "es", "pt": "pt", "pt-br": "pt-br",
    "ja": "ja", "cmn": "zh", "ru": "ru", "cs": "cs", "pl": "pl", "sv": "sv", "nl": "nl", "fi": "fi", "ca": "ca",
}  # fmt: skip
ESPEAK_VARIANTS: dict[Split, tuple[str, ...]] = {
    "train": (
        "m1", "m2", "m4", "m5", "m6", "m8", "f1", "f3", "f4", "f5", "klatt", "klatt2", "klatt4", "Alex", "Alicia",
        "Andrea", "Andy", "Annie", "Denis", "Diogo", "Gene", "Henrique", "Hugo", "Jacky", "Lee", "Mario", "Michael",
        "Mike", "Nguyen", "Reed", "Storm", "adam", "anika", "antonio", "aunty", "belinda", "benjamin", "boris",
        "caleb", "david", "ed", "edward", "grandma", "gustave", "ian", "iven", "john", "kaukovalta", "linda",
        "marcelo", "max", "michel", "miguel", "norbert", "pablo", "paul", "pedro", "quincy", "rob", "robert",
        "sandro", "shelby", "steph", "travis", "victor", "zac",
    ),
    "validation": ("m3", "Marco"),
    "test": ("m7", "f2"),
}  # fmt: skip
KOKORO: dict[str, tuple[str, float, tuple[str, ...]]] = {
    # eSpeak's language: language of the words, weight of all, styles
    "es": ("es", 8, ("ef_dora", "em_alex", "em_santa")),
    "fr": ("fr", 4, ("ff_siwis",)),
    "it": ("it", 8, ("if_sara", "im_nicola", "hf_alpha", "hm_omega")),
    "pt-br": ("pt-br", 8, ("pf_dora", "pm_alex", "pm_santa")),
    "ja": ("ja", 6, ("jf_alpha", "jf_gongitsune", "jf_nezumi", "jf_tebukuro", "jm_kumo")),
    "en-us": ("en", 24, (
        "af_alloy", "af_aoede", "af_bella", "af_heart", "af_jessica", "af_kore", "af_nova", "af_river", "af_sarah",
        "af_sky", "am_adam", "am_echo", "am_eric", "am_fenrir", "am_liam", "am_michael", "am_onyx", "am_puck",
        "am_santa", "hf_beta", "hm_psi",
    )),
    "en": ("en", 12, (
        "bf_alice", "bf_emma", "bf_isabella", "bf_lily", "bm_daniel", "bm_fable", "bm_george", "bm_lewis",
    )),
    "de": ("de", 10, ("em_alex", "ff_siwis", "bf_emma", "hm_psi")),
}  # fmt: skip
"""No voice is German, and some others speak it; Hindi ones speak Italian and English. How well a voice speaks is
known from how far the aligner agrees about where its sounds are: 0.7 of the time, for Mandarin ones less."""
ESPEAK_WEIGHT: dict[Split, float] = {"train": 24, "validation": 2, "test": 2}
BANK_SPLITS: dict[str, Split] = {"erithacus_ja": "validation", "iona_ja": "test"}
BANK_WEIGHT: dict[str, float] = {"erithacus_ja": 3, "iona_ja": 3, "hitsuboku_kumi_zh": 11, "alys_db001_ja": 10}
"""By folder; one that is not named is learnt from, with weight 6."""


def voices(cache: Path, bank_folder: Path | None, warn: Callable[[str], None]) -> list[Voice]:
    """Return all voices whose packages can be had; ``warn`` is told of the others.

    Args:
        cache: where packages are unpacked.
        bank_folder: singers' voice banks, with a ``boundaries.tsv`` each.
        warn: told what is missing.
    """
    found: list[Voice] = []
    for gather in (_russian, _flite, _festival, _prompts, _foreign_prompts, _syllables, _kokoro, _espeak):
        try:
            found += list(gather(cache))
        except TimbrescopeError as error:
            warn(str(error))
    if bank_folder is not None:
        for name, (language, phrase) in singers.banks(bank_folder).items():
            split, weight = BANK_SPLITS.get(name, "train"), BANK_WEIGHT.get(name, 6)
            licence = f"as in the LICENSE of the voice bank {name}"
            found.append(Voice(name, language, split, name, licence, weight, sings=True, phrase=phrase))
    return found


def packages() -> tuple[Package, ...]:
    """Return the packages from which voices and words come."""
    voices_of_festival = (voice.package for voice in festival_voices())
    words = (one.package for one in WORD_LISTS.values())
    foreign = (package for reader in foreign_prompts.READERS for package in (reader.sounds, reader.texts))
    return (
        RUSSIAN,
        *festival.PROGRAMS,
        *voices_of_festival,
        prompts.SOUNDS,
        prompts.TEXTS,
        *foreign,
        syllables.PACKAGE,
        *kokoro.PACKAGES,
        *words,
    )


def _russian(cache: Path) -> Iterator[Voice]:
    base = fetch(RUSSIAN, cache) / RUSSIAN_BASE
    files = sorted((base / "wav").glob("*.wav"))
    if not files:
        raise TrainingError(f"{base} holds no recordings; delete the folder of the package {RUSSIAN.name}.")
    yield Voice("festvox_ru", "ru", "train", RUSSIAN.key, RUSSIAN.licence, 14, False, partial(_recorded, base, files))


def _recorded(base: Path, files: list[Path], rng: np.random.Generator) -> Utterance:
    """Return some seconds of a recording, from a pause on where there is one."""
    path = files[int(rng.integers(len(files)))]
    labels = read_segments(base / "lab" / f"{path.stem}.lab")
    whole = _loaded(path)
    first = int(rng.integers(len(labels)))
    while first > 0 and labels[first].label != "pau":
        first -= 1
    begin = max(labels[first].start, labels[first].end - 0.1)
    chosen = [label for label in labels if begin <= label.start < begin + EXCERPT_SECONDS]
    if not chosen:
        raise AudioError(f"{path} has no phonemes there; another recording is taken.")
    end = chosen[-1].end
    moved = [Segment(label.start - begin, label.end - begin, label.label) for label in chosen]
    return utterance(whole[round(begin * SAMPLE_RATE) : round(end * SAMPLE_RATE)], moved, "festvox-ru")


@lru_cache(maxsize=CACHED_FILES)
def _loaded(path: Path) -> Samples:
    return read_speech(path)


def _prompts(cache: Path) -> Iterator[Voice]:
    if importlib.util.find_spec("pocketsphinx") is None:
        raise TrainingError("Aligning a voice for judging needs pocketsphinx; install it (pip install pocketsphinx).")
    phrase = partial(prompts.aligned_prompt, prompts.prompts(cache))
    source, licence = prompts.SOUNDS.key, prompts.SOUNDS.licence
    yield Voice("allison", "en", "test", source, licence, PROMPTS_WEIGHT, sings=False, phrase=phrase)


def _foreign_prompts(cache: Path) -> Iterator[Voice]:
    for reader in foreign_prompts.READERS:
        phrase = partial(foreign_prompts.aligned_foreign_prompt, foreign_prompts.foreign_prompts(reader, cache))
        source, weight = reader.sounds.key, FOREIGN_PROMPTS_WEIGHT
        yield Voice(reader.name, reader.language, "train", source, reader.licence, weight, sings=False, phrase=phrase)


def _syllables(cache: Path) -> Iterator[Voice]:
    for folder, spelled in syllables.LANGUAGES.items():
        phrase = partial(syllables.said_in_a_row, syllables.syllables(folder, cache))
        source, licence = syllables.PACKAGE.key, syllables.PACKAGE.licence
        language = spelled.split("-")[0]
        yield Voice(f"klettres_{folder}", language, "train", source, licence, SYLLABLES_WEIGHT, False, phrase)


def _flite(cache: Path) -> Iterator[Voice]:
    folder = festival.tree(cache, festival_voices())
    words = phrases("en", cache)
    for name, split, weight in FLITE:
        phrase = partial(_said_by_flite, folder, words, name)
        yield Voice(name, "en", split, "debian-libflite1", "X11-like", weight, sings=False, phrase=phrase)


def _said_by_flite(folder: Path, words: Phrase, name: str, rng: np.random.Generator) -> Utterance:
    return festival.flite(folder, words(rng), name)


def festival_voices() -> tuple[festival.FestivalVoice, ...]:
    """Return the voices of Festival, in the order of ``FESTIVAL``."""
    return tuple(
        festival.FestivalVoice(Package("debian", package, licence), function, phone_set, ENCODINGS[phone_set])
        for _, package, licence, function, phone_set, _, _ in FESTIVAL
    )


def _festival(cache: Path) -> Iterator[Voice]:
    folder = festival.tree(cache, festival_voices())
    for (name, package, licence, _, phone_set, split, weight), voice in zip(FESTIVAL, festival_voices(), strict=True):
        language = LANGUAGES[phone_set]
        phrase = partial(_said_by_festival, folder, phrases(language, cache), voice)
        yield Voice(name, language, split, f"debian-{package}", licence, weight, sings=False, phrase=phrase)


def _said_by_festival(
    folder: Path, words: Phrase, voice: festival.FestivalVoice, rng: np.random.Generator
) -> Utterance:
    return festival.festival(folder, words(rng), voice)


def _kokoro(cache: Path) -> Iterator[Voice]:
    if missing := [name for name in ("onnx", "onnxruntime") if importlib.util.find_spec(name) is None]:
        raise TrainingError(f"The voices of Kokoro need {missing[0]}; install it (pip install {missing[0]}).")
    for package in kokoro.PACKAGES:
        fetch(package, cache)
    for language, (spoken, weight, styles) in KOKORO.items():
        words = phrases(spoken, cache)
        for style in styles:
            phrase = partial(kokoro.say, cache, words, kokoro.Speaker(style, language))
            each = weight / len(styles)
            source = kokoro.STYLES.key
            yield Voice(f"kokoro_{style}", spoken, "train", source, kokoro.LICENCE, each, sings=False, phrase=phrase)


def _espeak(cache: Path) -> Iterator[Voice]:
    try:
        source = f"pypi-espeakng-loader {importlib.metadata.version('espeakng-loader')}"
    except importlib.metadata.PackageNotFoundError as error:
        raise TrainingError("eSpeak NG needs espeakng-loader; install it (pip install espeakng-loader).") from error
    words = {code: phrases(language, cache) for code, language in ESPEAK_LANGUAGES.items()}
    codes = sorted(ESPEAK_LANGUAGES)
    for split, variants in ESPEAK_VARIANTS.items():
        for at, variant in enumerate(variants):
            # Every variant speaks a few languages; all of them together speak all.
            spoken = {code: words[code] for code in codes[at % 4 :: 4]} if split == "train" else words
            phrase = partial(_said_by_espeak, variant, spoken)
            weight = ESPEAK_WEIGHT[split] / len(variants)
            yield Voice(f"espeak_{variant}", "several", split, source, ESPEAK_LICENCE, weight, False, phrase)


def _said_by_espeak(variant: str, spoken: dict[str, Phrase], rng: np.random.Generator) -> Utterance:
    code = str(rng.choice(sorted(spoken)))
    speed, pitch = int(rng.integers(120, 200)), int(rng.integers(30, 70))
    return espeak.say(spoken[code](rng), f"{code}+{variant}", words_per_minute=speed, pitch=pitch)
