"""The pitch and the formants of a voice, for a file and for a microphone.

The pitch is SwiftF0's (Nieradzik 2025), which follows a singer over a band; the formants are Praat's (Burg's method).
Both come at a row each 10 ms, whatever the size of the pieces in which the sound is given.
"""

from importlib.util import find_spec
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from timbrescope.core.voice import COLUMNS, CONFIDENCE, F0, FIRST_FORMANT, HOP_SECONDS, SECOND_FORMANT

SAMPLE_RATE: Final = 16_000
LOWEST_HZ, HIGHEST_HZ = 55.0, 1600.0
VOICED_FROM: Final = 0.5
_HOP: Final = round(HOP_SECONDS * SAMPLE_RATE)
_FRAME_SECONDS: Final = 256 / SAMPLE_RATE  # of SwiftF0
_FORMANTS: Final = 5
_WINDOW_SECONDS: Final = 0.025  # Praat makes it twice as long, with Gaussian slopes
_MARGIN: Final = round(2.5 * _WINDOW_SECONDS * SAMPLE_RATE)

Rows = NDArray[np.float32]
Samples = NDArray[np.float32]


def has_formants() -> bool:
    """Tell whether Praat is here to measure formants."""
    return find_spec("parselmouth") is not None


class VoiceStream:
    """Tells of a stream of sound what voice is in it.

    Args:
        formant_ceiling: in Hz, below which there are five formants: about 5000 for low voices, 5500 for high ones.
    """

    def __init__(self, formant_ceiling: float = 5500.0) -> None:
        import swift_f0  # onnxruntime takes a while

        self._pitch = swift_f0.SwiftF0(threads=1, spin=False).stream(LOWEST_HZ, HIGHEST_HZ)
        self._formants = _FormantStream(formant_ceiling) if has_formants() else None
        self._frames = np.zeros((0, 2))  # Hz, confidence
        self._first_frame = 0
        self._rows = 0
        self._samples = 0

    def push(self, samples: Samples) -> Rows:
        """Take the next samples, shape (n,), at ``SAMPLE_RATE``; return the rows that are final, (rows, COLUMNS)."""
        self._samples += len(samples)
        if self._formants:
            self._formants.push(samples)
        self._take(self._pitch.push(samples, SAMPLE_RATE))
        known = (self._first_frame + len(self._frames) - 1) * _FRAME_SECONDS
        return self._read(int(known / HOP_SECONDS - 0.5))

    def finish(self) -> Rows:
        """Return the last rows."""
        if self._samples:
            self._take(self._pitch.flush())
        if self._formants:
            self._formants.finish()
        return self._read(self._samples // _HOP)

    def _take(self, found: Any) -> None:
        self._frames = np.concatenate([self._frames, np.stack([found.pitch_hz, found.confidence], axis=1)])

    def _read(self, stop: int) -> Rows:
        """Return the rows up to one: the frames of the pitch tracker are 16 ms apart, the rows 10 ms."""
        rows = np.zeros((max(0, stop - self._rows), COLUMNS), np.float32)
        if not len(rows):
            return rows
        times = (self._rows + np.arange(len(rows), dtype=np.float64) + 0.5) * HOP_SECONDS
        at = times / _FRAME_SECONDS - self._first_frame
        below = np.clip(at.astype(int), 0, len(self._frames) - 1)
        above = np.minimum(below + 1, len(self._frames) - 1)
        share = np.clip(at - below, 0.0, 1.0)
        hz, confidence = self._frames[:, 0], self._frames[:, 1]
        sure = confidence >= VOICED_FROM
        nearest = np.where(share < 0.5, below, above)
        between = np.exp((1 - share) * np.log(hz[below]) + share * np.log(hz[above]))
        close = sure[below] & sure[above] & (np.abs(np.log2(hz[above] / hz[below])) < 0.25)  # no glide over a leap
        rows[:, F0] = np.where(sure[nearest], np.where(close, between, hz[nearest]), 0.0)
        rows[:, CONFIDENCE] = (1 - share) * confidence[below] + share * confidence[above]
        if self._formants:
            rows[:, [FIRST_FORMANT, SECOND_FORMANT]] = self._formants.read(times, rows[:, F0] > 0)
        self._rows = stop
        used = max(0, int(stop * HOP_SECONDS / _FRAME_SECONDS) - 1 - self._first_frame)
        self._frames, self._first_frame = self._frames[used:], self._first_frame + used
        return rows


class _FormantStream:
    """Keeps as much sound as the next rows need. Its reading is some time behind: the pitch looks ahead further."""

    def __init__(self, ceiling: float) -> None:
        self._ceiling = ceiling
        self._sound = np.zeros(_MARGIN, np.float64)
        self._start = -_MARGIN

    def push(self, samples: Samples) -> None:
        self._sound = np.concatenate([self._sound, samples])

    def finish(self) -> None:
        self._sound = np.concatenate([self._sound, np.zeros(_MARGIN + _HOP)])

    def read(self, times: NDArray[np.float64], wanted: NDArray[np.bool_]) -> NDArray[np.float64]:
        """Return F1 and F2 in Hz at rising times in seconds, shape (n, 2); 0 where not wanted or not found."""
        import parselmouth

        # Whole hops from the stream's start, so that Praat's frames, and with them its numbers, do not depend on how
        # the sound was cut.
        found = np.zeros((len(times), 2))
        if wanted.any():
            low = round(times[0] * SAMPLE_RATE) - _HOP // 2 - _MARGIN - self._start
            high = round(times[-1] * SAMPLE_RATE) + _HOP // 2 + _MARGIN - self._start
            sound = parselmouth.Sound(self._sound[low:high], SAMPLE_RATE, start_time=(low + self._start) / SAMPLE_RATE)
            formants = sound.to_formant_burg(HOP_SECONDS, _FORMANTS, self._ceiling, _WINDOW_SECONDS)
            for row in np.flatnonzero(wanted):
                found[row] = [formants.get_value_at_time(number, times[row]) for number in (1, 2)]
        kept = max(0, round(times[-1] * SAMPLE_RATE) - _MARGIN - _HOP - self._start)
        self._sound, self._start = self._sound[kept:], self._start + kept
        return np.nan_to_num(found)
