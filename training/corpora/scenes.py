"""How phrases are heard: one after another with breath between, over music, in a room, coded, at some level."""

import io
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import scipy.signal
import soundfile

from timbrescope.core import phonemes
from training.collection import Segment
from training.corpora.small_room import impulse_response
from training.corpora.utterances import SAMPLE_RATE, Samples, Utterance, in_a_row

SNR_DECIBEL = (-5.0, 25.0)
PEAK_DECIBEL = (-24.0, -0.5)
ROOM_SHARE, CODEC_SHARE, HISS_SHARE = 0.3, 0.25, 0.3
CODECS: tuple[tuple[str, str, float], ...] = (("OGG", "VORBIS", 0.9), ("OGG", "VORBIS", 0.6), ("OGG", "VORBIS", 0.3))
"""Format, coding and how hard it presses. Those of which what comes out begins where what went in did."""
GAP_SECONDS = (0.08, 0.9)
BREATH_SHARE = 0.45  # of gaps that are long enough


@dataclass(frozen=True, slots=True)
class Scene:
    """A recording of the corpus.

    Attributes:
        heard: its sound and phonemes.
        snr_decibel: the voice's level above the music's; None without music.
        room: whether it was in a room.
        codec: the coding that it went through; empty for none.
    """

    heard: Utterance
    snr_decibel: float | None
    room: bool
    codec: str


def joined(phrases: list[Utterance], breathe: Callable[[], Utterance], rng: np.random.Generator) -> Utterance:
    """Return phrases one after another, with silence and here and there a breath before each and after the last."""
    parts: list[Utterance] = []
    for phrase in phrases:
        parts.append(silence(rng.uniform(*GAP_SECONDS)))
        if rng.random() < BREATH_SHARE:
            parts += [breathe(), silence(rng.uniform(0.01, 0.15))]
        parts.append(phrase)
    parts.append(silence(rng.uniform(*GAP_SECONDS)))
    return in_a_row(parts)


def silence(seconds: float) -> Utterance:
    """Return nothing for some time."""
    samples = np.zeros(round(seconds * SAMPLE_RATE), np.float32)
    return Utterance(samples, (Segment(0.0, len(samples) / SAMPLE_RATE, phonemes.SILENCE),))


def scene(performed: Utterance, music: Samples | None, rng: np.random.Generator) -> Scene:
    """Return what somebody performs as it is heard, with music of the same length at a random level if there is any.

    The phonemes stay where they are: the direct sound of the room is not later, nor does a codec move anything.
    """
    sound = performed.samples.astype(np.float64)
    snr = None
    level = _level(sound)
    if music is not None and level <= 0:
        sound = music.astype(np.float64)
    elif music is not None and (beside := _level(music.astype(np.float64))) > 0:
        snr = float(rng.uniform(*SNR_DECIBEL))
        sound = sound + music * (level / beside * 10 ** (-snr / 20))
    room = bool(rng.random() < ROOM_SHARE)
    if room:
        wet = scipy.signal.oaconvolve(sound, impulse_response(SAMPLE_RATE, rng))[: len(sound)]
        share = rng.uniform(0.2, 1.0)
        sound = (1 - share) * sound + share * wet
    if rng.random() < HISS_SHARE:
        hiss = rng.normal(size=len(sound)) * (max(_level(sound), 1e-4) * 10 ** (-rng.uniform(25, 50) / 20))
        sound = sound + scipy.signal.lfilter([1.0], [1.0, -rng.uniform(0, 0.95)], hiss)
    peak = float(np.abs(sound).max(initial=0.0))
    if peak > 0:
        sound = sound * (10 ** (rng.uniform(*PEAK_DECIBEL) / 20) / peak)
    codec = ""
    samples = np.asarray(sound, np.float32)
    if rng.random() < CODEC_SHARE:
        container, coding, pressed = CODECS[int(rng.integers(len(CODECS)))]
        samples, codec = coded(samples, container, coding, pressed), f"{coding.lower()} {pressed}"
    return Scene(Utterance(samples, performed.segments), snr, room, codec)


def coded(samples: Samples, container: str, coding: str, pressed: float) -> Samples:
    """Return samples after a lossy codec, as many as before."""
    held = io.BytesIO()
    soundfile.write(held, samples, SAMPLE_RATE, format=container, subtype=coding, compression_level=pressed)
    held.seek(0)
    out, _ = soundfile.read(held, dtype="float32")
    return np.asarray(np.pad(out[: len(samples)], (0, max(0, len(samples) - len(out)))), np.float32)


def _level(sound: np.ndarray) -> float:
    """Return the root mean square where anything sounds."""
    peak = float(np.abs(sound).max(initial=0.0))
    loud = sound[np.abs(sound) > 0.03 * peak] if peak > 0 else sound[:0]
    return float(np.sqrt(np.mean(loud**2))) if len(loud) else 0.0
