"""What is known of a voice over time, and what musicians read off it: notes, deviation in cents, vibrato."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from timbrescope.core.track import Frames, Track

HOP_SECONDS: Final = 0.01
F0, CONFIDENCE, FIRST_FORMANT, SECOND_FORMANT = range(4)
COLUMNS: Final = 4
"""Columns of a row: pitch in Hz, how sure it is in 0..1, first and second formant in Hz; 0 where there is none."""

HIGHEST_FOR_FORMANTS: Final = 350.0
"""Above this pitch in Hz the harmonics lie too far apart to tell where the formants are."""

_VIBRATO_HZ: Final = (3.5, 9.0)
_LEAST_CENTS: Final = 12.0
_LEAST_SHARE: Final = 0.5
_LEAST_CYCLES: Final = 2.5
_NOTE_SMOOTHING: Final = 21  # rows: a little more than a cycle of vibrato
_HYSTERESIS: Final = 60.0  # cents from a note at which the next one begins
_LEAST_NOTE_SECONDS: Final = 0.1

Pitch = NDArray[np.floating]


def voice_track() -> Track:
    """Return an empty track of rows; its coarser copies keep one row of each group, because a mean pitch is none."""
    return Track(HOP_SECONDS, (COLUMNS,), np.float32, reduction=_middle)


def _middle(groups: Frames) -> Frames:
    return groups[:, groups.shape[1] // 2]


@dataclass(frozen=True, slots=True)
class Vibrato:
    """How fast and how far a voice swings around its note: ``extent_cents`` to each side."""

    rate_hz: float
    extent_cents: float


@dataclass(frozen=True, slots=True)
class Note:
    """A stretch of one pitch: MIDI number of the nearest note, and by how much the voice is off on average."""

    start: float
    end: float
    midi: int
    cents: float


def cents_of(hz: Pitch) -> NDArray[np.float64]:
    """Return pitches in cents of MIDI numbers (A4 is 6900); NaN where there is none."""
    known = np.asarray(hz, dtype=np.float64)
    with np.errstate(divide="ignore"):
        return np.where(known > 0, 6900 + 1200 * np.log2(np.where(known > 0, known, 1.0) / 440.0), np.nan)


def vibrato(f0: Pitch, hop_seconds: float = HOP_SECONDS) -> Vibrato | None:
    """Measure the vibrato at the end of a stretch of pitch; None where the voice has paused, leaps or is steady.

    A parabola, for a glide, and a sine are fitted to the last stretch without a pause. It is a vibrato if the sine
    explains at least half of what the parabola leaves over, at 3.5 to 9 Hz and 12 cents or more.

    Args:
        f0: pitch in Hz, shape (n,), 0 where there is none; about a second.
        hop_seconds: distance of neighbouring values.
    """
    cents = cents_of(f0)
    pauses = np.flatnonzero(np.isnan(cents) | (np.abs(np.diff(cents, prepend=cents[:1])) > 200))
    cents = cents[pauses[-1] + 1 :] if len(pauses) else cents
    times = np.arange(len(cents)) * hop_seconds
    if len(cents) * hop_seconds * _VIBRATO_HZ[1] < 2 * _LEAST_CYCLES:
        return None
    glide = np.polynomial.Polynomial.fit(times, cents, 2)
    left = cents - glide(times)
    total = float(left @ left)
    best: tuple[float, float, float] = (0.0, 0.0, 0.0)
    for rate in np.arange(_VIBRATO_HZ[0], _VIBRATO_HZ[1] + 0.01, 0.1):
        if rate * times[-1] < _LEAST_CYCLES:
            continue
        turn = 2 * np.pi * rate * times
        waves = np.stack([np.sin(turn), np.cos(turn)], axis=1)
        weights, *_ = np.linalg.lstsq(waves, left, rcond=None)
        explained = float(left @ (waves @ weights))
        best = max(best, (explained, float(rate), float(np.hypot(*weights))))
    explained, rate, extent = best
    if extent < _LEAST_CENTS or explained < _LEAST_SHARE * total:
        return None
    return Vibrato(rate, extent)


def notes(f0: Pitch, start_seconds: float, hop_seconds: float = HOP_SECONDS) -> list[Note]:
    """Return the notes of a stretch of pitch: vibrato is smoothed away, and a glide has to go far to change the note.

    Args:
        f0: pitch in Hz, shape (n,), 0 where there is none.
        start_seconds: time of the first value.
        hop_seconds: distance of neighbouring values.
    """
    cents = cents_of(f0)
    found: list[Note] = []
    voiced = np.concatenate([[False], ~np.isnan(cents), [False]])
    for low, high in np.flatnonzero(voiced[1:] != voiced[:-1]).reshape(-1, 2):
        smooth = _smoothed(cents[low:high])
        begin, midi = int(low), round(float(smooth[0]) / 100)
        for index in range(low, high + 1):
            if index < high and abs(smooth[index - low] - 100 * midi) <= _HYSTERESIS:
                continue
            if (index - begin) * hop_seconds >= _LEAST_NOTE_SECONDS:
                off = float(cents[begin:index].mean()) - 100 * midi
                edges = start_seconds + begin * hop_seconds, start_seconds + index * hop_seconds
                found.append(Note(*edges, midi, off))
            if index < high:
                begin, midi = index, round(float(smooth[index - low]) / 100)
    return found


def _smoothed(cents: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the running median, which keeps the corners of a melody."""
    side = min(_NOTE_SMOOTHING, len(cents)) // 2
    windows = np.lib.stride_tricks.sliding_window_view(np.pad(cents, side, mode="reflect"), 2 * side + 1)
    return np.asarray(np.median(windows, axis=1))
