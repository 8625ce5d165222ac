"""How loud, how bright and how high the sound of a moment is."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from timbrescope.core import picture
from timbrescope.core.voice import F0

SILENCE_DB: Final = -120.0
MOMENT_SECONDS: Final = 0.25
_DARKEST_DB: Final = -80.0  # what is quieter has no colour that anybody hears
_FULL_SCALE: Final = 32767
_BANDS_HZ: Final = picture.hz_of(np.arange(picture.N_MELS) + 0.5)


@dataclass(frozen=True, slots=True)
class Sound:
    """What can be said of a moment without a model.

    Attributes:
        rms_db: level in dB of full scale, -120 in silence.
        peak_db: highest sample likewise.
        brightness_hz: centroid of the power spectrum, 20 Hz to 16 kHz; None in silence.
        pitch_hz: of a voice; None where there is none, or where it is not followed.
    """

    rms_db: float = SILENCE_DB
    peak_db: float = SILENCE_DB
    brightness_hz: float | None = None
    pitch_hz: float | None = None


def describe_sound(
    levels: NDArray[np.floating], peaks: NDArray[np.int16], mel: NDArray[np.uint8], voice: NDArray[np.floating]
) -> Sound:
    """Describe a moment; each array may be empty.

    Args:
        levels: RMS of each 10 ms in full scale, shape (n,).
        peaks: lowest and highest sample of each 10 ms, shape (n, 2).
        mel: columns of the picture, shape (n, picture.N_MELS).
        voice: pitch and more, shape (n, voice.COLUMNS).
    """
    rms = float(np.sqrt(np.mean(np.square(levels, dtype=np.float64)))) if len(levels) else 0.0
    peak = float(np.abs(peaks.astype(np.int32)).max()) / _FULL_SCALE if len(peaks) else 0.0
    voiced = voice[voice[:, F0] > 0, F0]
    pitch_hz = float(np.median(voiced)) if len(voiced) else None
    return Sound(decibels(rms), decibels(peak), _centroid_hz(mel), pitch_hz)


def decibels(amplitude: float) -> float:
    """Return an amplitude in dB of full scale."""
    return max(SILENCE_DB, 20 * float(np.log10(amplitude))) if amplitude > 0 else SILENCE_DB


def _centroid_hz(mel: NDArray[np.uint8]) -> float | None:
    # 0 stands for all that is quieter than the picture shows, and is nothing here.
    power = np.where(mel > 0, 10 ** (picture.decibels(mel) / 10), 0.0).mean(axis=0) if len(mel) else np.zeros(1)
    total = float(power.sum())
    return float(power @ _BANDS_HZ) / total if total > 10 ** (_DARKEST_DB / 10) else None
