"""Utterances sung: WORLD holds the vowels and gives them the notes of a melody, and the phonemes move along.

WORLD is Morise, Yokomori and Ozawa 2016. Consonants keep about their length; the middle of a vowel is what is held. The
pitch is none where a phoneme has no voice, or it would buzz. Shifting the envelope along frequency makes singers with
longer and shorter vocal tracts out of one.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import scipy.ndimage
from numpy.typing import NDArray

from timbrescope.core import phonemes
from training.collection import Segment
from training.corpora.melodies import Singing, tune
from training.corpora.singing import FRAME_SECONDS, vocoder
from training.corpora.utterances import SAMPLE_RATE, Samples, Utterance

VOICELESS: Final = frozenset({"p", "t", "k", "f", "s", "ʃ", "h", "ts", "tʃ", "sil", "br"})
SONORANT: Final = frozenset({"m", "n", "ŋ", "l", "r", "j", "w"})
DIPHTHONG_ENDS: Final = frozenset({"i", "ɪ", "u"})
LONGEST_END_FRAMES = 30  # a longer vowel after a vowel is a syllable of its own
LOWEST_HZ, HIGHEST_HZ = 60.0, 900.0
EDGE_FRAMES = 5  # of a vowel at each end that keep their pace, for its neighbours are heard in them
FEWEST_VOICED = 12  # frames
CEILING_HZ = 7500.0
PHRASE_RMS = 0.1

Curve = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Analysis:
    """What WORLD finds in an utterance, frame by frame of ``FRAME_SECONDS``.

    Attributes:
        pitch: in Hz, 0 without voice, shape (frames,).
        envelope: power, shape (frames, bins).
        noise: share of noise, shape (frames, bins).
        segments: phonemes with the first frame and the one after the last.
    """

    pitch: Curve
    envelope: Curve
    noise: Curve
    segments: tuple[tuple[int, int, str], ...]


def is_vowel(symbol: str) -> bool:
    """Return whether a class is a vowel."""
    return phonemes.group(symbol) in phonemes.VOWEL_GROUPS


def analyse(spoken: Utterance) -> Analysis | None:
    """Return what can be sung of an utterance; None if it has no voice.

    Raises:
        TrainingError: the package pyworld is missing.
    """
    world = vocoder()
    sound = spoken.samples.astype(np.float64)
    rough, times = world.dio(
        sound, SAMPLE_RATE, f0_floor=LOWEST_HZ, f0_ceil=HIGHEST_HZ, frame_period=FRAME_SECONDS * 1000
    )
    pitch: Curve = world.stonemask(sound, rough, times, SAMPLE_RATE)
    if np.sum(pitch > 0) < FEWEST_VOICED:
        return None
    edges = [min(round(segment.start / FRAME_SECONDS), len(pitch)) for segment in spoken.segments] + [len(pitch)]
    segments = tuple(
        (edges[at], edges[at + 1], segment.label)
        for at, segment in enumerate(spoken.segments)
        if edges[at + 1] > edges[at]
    )
    heard = np.flatnonzero(pitch > 0)
    filled = np.interp(np.arange(len(pitch)), heard, pitch[heard])
    for start, end, symbol in segments:
        if symbol in VOICELESS:
            pitch[start:end] = 0
        elif is_vowel(symbol) or symbol in SONORANT:
            pitch[start:end] = filled[start:end]
    envelope = world.cheaptrick(sound, pitch, times, SAMPLE_RATE)
    noise = world.d4c(sound, pitch, times, SAMPLE_RATE, threshold=0.0)
    return Analysis(pitch, envelope, noise, segments)


def sung(spoken: Utterance, style: Singing, rng: np.random.Generator) -> Utterance | None:
    """Return an utterance sung in a style, at the level ``PHRASE_RMS``; None if it has no voice.

    Raises:
        TrainingError: the package pyworld is missing.
    """
    analysis = analyse(spoken)
    if analysis is None:
        return None
    lengths, notes = _lengths(analysis, style, rng)
    source = np.concatenate(
        [_pace(start, end, n, symbol) for (start, end, symbol), n in zip(analysis.segments, lengths, strict=True)]
    )
    edges = np.cumsum([0, *lengths])
    speaking = float(np.median(analysis.pitch[analysis.pitch > 0]))
    pitch = tune(len(source), [int(edges[at]) for at in notes], speaking, style, rng)
    nearest = np.round(source).astype(int)
    pitch = np.where(analysis.pitch[nearest] > 0, pitch, 0.0)
    if style.whispered:
        pitch[:] = 0
    envelope = np.exp(_between(np.log(analysis.envelope + 1e-16), source))
    noise = np.clip(_between(analysis.noise, source), 1e-4, 1 - 1e-6)
    envelope = _shaped(envelope, style)
    noise = _stretched(noise, style.tract) ** style.clearness
    samples = np.asarray(
        vocoder().synthesize(
            pitch, np.ascontiguousarray(envelope), np.ascontiguousarray(noise), SAMPLE_RATE, FRAME_SECONDS * 1000
        ),
        np.float32,
    )
    segments = [
        Segment(float(edges[at]) * FRAME_SECONDS, float(edges[at + 1]) * FRAME_SECONDS, symbol)
        for at, (_, _, symbol) in enumerate(analysis.segments)
    ]
    samples = samples[: round(float(edges[-1]) * FRAME_SECONDS * SAMPLE_RATE)]
    segments[-1] = Segment(segments[-1].start, len(samples) / SAMPLE_RATE, segments[-1].label)
    return Utterance(levelled(samples, PHRASE_RMS), tuple(segments))


def mouth(spoken: Utterance) -> Curve | None:
    """Return the shape of somebody's spectrum on average, as log power, shape (bins,); None without voice."""
    analysis = analyse(spoken)
    return None if analysis is None else np.log(analysis.envelope[analysis.pitch > 0] + 1e-16).mean(axis=0)


def breath(through: Curve | None, rng: np.random.Generator) -> Utterance:
    """Return somebody breathing in: noise through a mouth, formants half as strong as in speech."""
    count = round(rng.uniform(0.15, 0.7) / FRAME_SECONDS)
    bins = vocoder().get_cheaptrick_fft_size(SAMPLE_RATE) // 2 + 1  # WORLD expects no other number
    shape = np.zeros(bins) if through is None else 0.5 * (through - through.mean())
    frequencies = np.linspace(0, SAMPLE_RATE / 2, bins)
    shape -= 3.0 * np.exp(-((frequencies / 400) ** 2))  # no low frequencies in a breath
    shape -= rng.uniform(0, 1.5) * np.clip(frequencies - 2500, 0, None) / 5500
    position = np.linspace(0, 1, count)
    loudness = position ** rng.uniform(0.7, 2) * np.clip((1 - position) / rng.uniform(0.08, 0.3), 0, 1)
    frames = np.exp(shape)[None, :] * (loudness[:, None] ** 2 + 1e-6)
    sound = vocoder().synthesize(
        np.zeros(count), np.ascontiguousarray(frames), np.ones_like(frames), SAMPLE_RATE, FRAME_SECONDS * 1000
    )
    samples = levelled(np.asarray(sound, np.float32), PHRASE_RMS * 10 ** (rng.uniform(-24, -8) / 20))
    return Utterance(samples, (Segment(0.0, len(samples) / SAMPLE_RATE, phonemes.BREATH),))


def levelled(samples: Samples, rms: float) -> Samples:
    """Return samples of that root mean square, measured where they sound."""
    loud = samples[np.abs(samples) > 0.05 * np.abs(samples).max(initial=0.0)]
    level = float(np.sqrt(np.mean(loud.astype(np.float64) ** 2))) if len(loud) else 0.0
    return samples if level <= 0 else np.asarray(samples * (rms / level), np.float32)


def _lengths(analysis: Analysis, style: Singing, rng: np.random.Generator) -> tuple[list[int], list[int]]:
    """Return how many frames each phoneme lasts when sung, and which phonemes begin a note."""
    lengths: list[int] = []
    notes: list[int] = []
    held = False
    for start, end, symbol in analysis.segments:
        native = end - start
        ending = held and symbol in DIPHTHONG_ENDS and native < LONGEST_END_FRAMES
        if is_vowel(symbol) and not ending:
            wanted = round(style.beat_seconds * float(rng.choice(style.note_beats)) / FRAME_SECONDS)
            lengths.append(max(native, wanted))
            notes.append(len(lengths) - 1)
            held = True
            continue
        held = False
        factor = rng.uniform(1.0, 1.6) if symbol in SONORANT or is_vowel(symbol) else rng.uniform(0.9, 1.2)
        lengths.append(max(1, round(native * (1.0 if symbol == phonemes.SILENCE else factor))))
    return lengths, notes


def _pace(start: int, end: int, count: int, symbol: str) -> Curve:
    """Return which place of the analysis sounds in each of ``count`` frames of a phoneme."""
    native = end - start
    if not is_vowel(symbol) or count <= native or native < 3 * EDGE_FRAMES:
        return np.asarray(np.linspace(start, max(start, end - 1), count))
    middle = np.linspace(start + EDGE_FRAMES, end - 1 - EDGE_FRAMES, count - 2 * EDGE_FRAMES)
    first = start + np.arange(EDGE_FRAMES)
    return np.concatenate([first, middle, end - EDGE_FRAMES + np.arange(EDGE_FRAMES)]).astype(np.float64)


def _between(frames: Curve, places: Curve) -> Curve:
    low = np.floor(places).astype(int)
    high = np.minimum(low + 1, len(frames) - 1)
    share = (places - low)[:, None]
    return np.asarray(frames[low] * (1 - share) + frames[high] * share)


def _shaped(envelope: Curve, style: Singing) -> Curve:
    """Return power with the style's vocal tract, slope of the spectrum and slow changes of loudness."""
    moved = _stretched(envelope, style.tract)
    frequencies = np.maximum(np.linspace(0, SAMPLE_RATE / 2, envelope.shape[1]), 200.0)
    slope = 10 ** (style.tilt_decibel * np.clip(np.log2(frequencies / 800), -1, 3) / 10)
    swell = scipy.ndimage.gaussian_filter1d(style.swell, max(1.0, len(moved) / 12), mode="nearest")
    gain = 10 ** (np.interp(np.linspace(0, 1, len(moved)), np.linspace(0, 1, len(swell)), swell) / 10)
    return np.asarray(moved * slope * gain[:, None])


def _stretched(frames: Curve, factor: float) -> Curve:
    """Return frames whose frequencies are multiplied by ``factor``; the highest stay where they are."""
    bins = frames.shape[1]
    top = CEILING_HZ / (SAMPLE_RATE / 2) * (bins - 1)
    places = np.arange(bins, dtype=np.float64)
    bent = np.where(places <= top * min(1.0, factor), places / factor, 0.0)
    knee = top * min(1.0, factor)
    above = places > knee
    bent[above] = np.interp(places[above], [knee, bins - 1], [knee / factor, bins - 1])
    low = np.clip(np.floor(bent).astype(int), 0, bins - 2)
    share = np.clip(bent - low, 0, 1)
    return np.asarray(frames[:, low] * (1 - share) + frames[:, low + 1] * share)
