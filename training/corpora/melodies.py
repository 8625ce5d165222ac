"""Melodies whose notes begin where syllables do, and the ways in which somebody sings them."""

from dataclasses import dataclass

import numpy as np
import scipy.ndimage
from numpy.typing import NDArray

from training.corpora.singing import FRAME_SECONDS, HIGHEST_HZ, SCALE

LOWEST_HZ = 70.0
WHISPERED, ROUGH, BREATHY = 0.03, 0.08, 0.15  # shares of singing
TRACT_SHARE = 0.75  # of singing, with another length of the vocal tract
FASTEST_VIBRATO, SLOWEST_VIBRATO = 7.0, 4.5  # Hz
VIBRATO_FROM_SECONDS = 0.3  # shorter notes have none

Curve = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Singing:
    """How one song is sung.

    Attributes:
        beat_seconds: of the song; a note lasts one of ``note_beats`` beats.
        note_beats: lengths of notes to choose from.
        higher: semitones by which it lies above speech.
        vibrato_hz: its rate.
        vibrato_semitones: its extent to either side, 0 for straight tone.
        glide_frames: standard deviation of the smoothing from note to note.
        roughness: how much the pitch jitters from frame to frame.
        clearness: an exponent of the share of noise: below 1 breathy, above 1 clear.
        tract: factor of the formants' frequencies.
        tilt_decibel: by which the spectrum rises an octave, from soft to belted.
        swell: changes of loudness in dB along a phrase, shape (points,).
        whispered: whether there is no pitch at all.
    """

    beat_seconds: float
    note_beats: tuple[float, ...]
    higher: float
    vibrato_hz: float
    vibrato_semitones: float
    glide_frames: float
    roughness: float
    clearness: float
    tract: float
    tilt_decibel: float
    swell: Curve
    whispered: bool


def style(rng: np.random.Generator) -> Singing:
    """Return a way of singing."""
    manner = rng.random()
    tract = float(rng.uniform(0.88, 1.13)) if rng.random() < TRACT_SHARE else 1.0
    return Singing(
        beat_seconds=float(rng.uniform(0.25, 0.6)),
        note_beats=((0.5, 0.5, 1.0, 1.0, 2.0), (1.0, 1.0, 2.0, 3.0), (0.5, 1.0, 1.0, 2.0, 4.0))[int(rng.integers(3))],
        higher=float(rng.uniform(-2, 10) + 6 * np.log2(tract)),  # a smaller singer sings higher
        vibrato_hz=float(rng.uniform(SLOWEST_VIBRATO, FASTEST_VIBRATO)),
        vibrato_semitones=float(rng.choice([0.0, rng.uniform(0.1, 0.5), rng.uniform(0.4, 1.0)])),
        glide_frames=float(rng.uniform(2.0, 9.0)),
        roughness=0.5 if WHISPERED < manner < WHISPERED + ROUGH else float(rng.uniform(0.0, 0.06)),
        clearness=float(rng.uniform(0.25, 0.6) if manner > 1 - BREATHY else rng.uniform(0.8, 1.4)),
        tract=tract,
        tilt_decibel=float(rng.normal(0, 2.0)),
        swell=rng.normal(0, 6.0, 12),
        whispered=manner < WHISPERED,
    )


def tune(frames: int, onsets: list[int], speaking: float, way: Singing, rng: np.random.Generator) -> Curve:
    """Return the pitch in Hz of a melody, shape (frames,), a note of which begins with each syllable.

    Args:
        frames: how many of ``FRAME_SECONDS``.
        onsets: frames in which syllables' vowels begin.
        speaking: the median pitch of the speech in Hz.
        way: how it is sung.
        rng: chooses the melody.
    """
    tonic = 69 + 12 * np.log2(speaking / 440) + way.higher
    degree = int(rng.integers(-2, 5))
    keys = np.zeros(frames)
    depth = np.zeros(frames)
    starts = [0, *(max(0, onset - 6) for onset in onsets[1:])]  # the pitch changes in the consonant before the vowel
    for start, end in zip(starts, [*starts[1:], frames], strict=True):
        if end <= start:
            continue
        cut = start + (end - start) // 2 if end - start > 80 and rng.random() < 0.25 else end  # two notes on a vowel
        for a, b in ((start, cut), (cut, end)):
            octave, step = divmod(degree, len(SCALE))
            keys[a:b] = 12 * octave + SCALE[step]
            if b - a > VIBRATO_FROM_SECONDS / FRAME_SECONDS:
                seconds = np.arange(b - a) * FRAME_SECONDS
                depth[a:b] = way.vibrato_semitones * np.clip((seconds - 0.12) / 0.25, 0, 1)
            if a < b and rng.random() < 0.15:
                keys[a : a + 12] -= rng.uniform(0.5, 2.5)  # scooped from below
            degree = int(np.clip(degree + rng.choice([-3, -2, -1, -1, 0, 1, 1, 2, 4]), -4, 8))
    line = scipy.ndimage.gaussian_filter1d(keys, way.glide_frames, mode="nearest")
    phase = 2 * np.pi * np.cumsum(way.vibrato_hz * (1 + 0.05 * rng.normal(size=frames))) * FRAME_SECONDS
    line += depth * np.sin(phase)
    line += scipy.ndimage.gaussian_filter1d(rng.normal(0, 0.4, frames), 8, mode="nearest")  # no one is a machine
    line += way.roughness * rng.normal(size=frames)
    pitch = 440 * 2 ** ((tonic + line - 69) / 12)
    middle = float(np.exp(np.mean(np.log(pitch))))
    pitch *= 2.0 ** round(np.log2(np.clip(middle, 90.0, 520.0) / middle))  # what lies far off is sung an octave away
    return np.asarray(np.clip(pitch, LOWEST_HZ, HIGHEST_HZ))
