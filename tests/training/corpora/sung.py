"""A voice made of a pulse train and noise, with phonemes at known times: enough for WORLD to analyse."""

import numpy as np
import scipy.signal

from training.collection import Segment
from training.corpora.utterances import SAMPLE_RATE, Utterance

SEGMENTS = (
    Segment(0.0, 0.1, "sil"),
    Segment(0.1, 0.3, "s"),
    Segment(0.3, 0.6, "a"),
    Segment(0.6, 0.7, "m"),
    Segment(0.7, 0.9, "i"),
    Segment(0.9, 1.0, "sil"),
)
FORMANTS = {"a": (800.0, 1200.0), "i": (300.0, 2300.0), "m": (250.0, 1100.0)}
PITCH = 125.0


def voice() -> Utterance:
    """Return a second of "sami", spoken on one pitch."""
    rng = np.random.default_rng(3)
    out = np.zeros(SAMPLE_RATE)
    pulses = np.zeros(SAMPLE_RATE)
    pulses[:: round(SAMPLE_RATE / PITCH)] = 1.0
    for segment in SEGMENTS:
        span = slice(round(segment.start * SAMPLE_RATE), round(segment.end * SAMPLE_RATE))
        if segment.label == "s":
            high = scipy.signal.butter(4, 4000, "highpass", fs=SAMPLE_RATE, output="sos")
            out[span] = 0.1 * scipy.signal.sosfilt(high, rng.normal(size=SAMPLE_RATE))[span]
        elif segment.label in FORMANTS:
            sound = pulses
            for hz in FORMANTS[segment.label]:
                radius = np.exp(-np.pi * 80 / SAMPLE_RATE)
                poles = [1.0, -2 * radius * np.cos(2 * np.pi * hz / SAMPLE_RATE), radius**2]
                sound = scipy.signal.lfilter([1.0], poles, sound)
            out[span] = 0.3 * (sound / np.abs(sound).max())[span]
    return Utterance(out.astype(np.float32), SEGMENTS)
