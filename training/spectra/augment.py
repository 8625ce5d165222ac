"""Recordings changed at random before their spectra are made, so that a network learns what does not matter."""

import hashlib
import io
import json
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import lru_cache

import numpy as np
import soundfile
from numpy.typing import NDArray
from scipy.signal import oaconvolve

from training.errors import TrainingError

Samples = NDArray[np.float32]

# Where loudspeakers, telephones and equalisers end, in Hz.
_HIGH_PASS_HZ = (30.0, 400.0)
_LOW_PASS_HZ = (2500.0, 12_000.0)
_SHELF_HZ = {"low": (80.0, 800.0), "high": (1500.0, 7500.0)}
_MP3_RATES = (8000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000)
_SILENT = 1e-12  # mean power
_MP3_DELAY = 1105  # samples of LAME and a decoder, where a frame is too short for the tag that says so


@dataclass(frozen=True, slots=True)
class Augmentation:
    """Changes of the sound, in the order in which a recording meets them; each has its probability, 0 for never.

    Attributes:
        pitch, pitch_semitones: moves the pitch by at most so much, up or down.
        stretch, stretch_factor: makes it at most that many times as long or as short.
        drive, drive_amount: distorts it (tanh), between 0 and 1.
        room, room_seconds: reverberation time of the shortest and the longest room.
        filter, shelf_db: high and low pass, low and high shelf of at most so many decibels, each with this probability.
        noise, noise_snr_db: adds noise of a random colour at a signal-to-noise ratio between these.
        gain, gain_db: makes it louder or quieter, between these.
        codec, codec_kbps: MP3 at a bit rate between these.
    """

    pitch: float = 0.0
    pitch_semitones: float = 2.0
    stretch: float = 0.0
    stretch_factor: float = 1.2
    drive: float = 0.0
    drive_amount: tuple[float, float] = (0.05, 0.4)
    room: float = 0.0
    room_seconds: tuple[float, float] = (0.15, 1.5)
    filter: float = 0.0
    shelf_db: float = 12.0
    noise: float = 0.0
    noise_snr_db: tuple[float, float] = (10.0, 40.0)
    gain: float = 0.0
    gain_db: tuple[float, float] = (-12.0, 6.0)
    codec: float = 0.0
    codec_kbps: tuple[float, float] = (24.0, 64.0)

    @property
    def digest(self) -> str:
        """A short name that is another one for other changes."""
        return _digest(self)


@lru_cache(maxsize=8)  # it is asked for with every file
def _digest(augmentation: Augmentation) -> str:
    return hashlib.sha256(json.dumps(asdict(augmentation), sort_keys=True).encode()).hexdigest()[:16]


def augment(samples: Samples, sample_rate: int, augmentation: Augmentation, seed: int) -> Samples:
    """Return a changed copy, the same for the same seed; of the same length, but for a stretch in time.

    Args:
        samples: mono, shape (n,).
        sample_rate: in Hz.
        augmentation: what may happen.
        seed: of all that is drawn.

    Raises:
        TrainingError: MP3 is asked for at a sample rate that it does not know.
    """
    if augmentation.codec and sample_rate not in _MP3_RATES:
        raise TrainingError(
            f"MP3 does not know the rate {sample_rate} Hz of this front end; set the augmentation's codec to 0."
        )
    if not len(samples):
        return samples.copy()
    chain = _chain(augmentation)
    with _seeded(seed):
        for transform in chain:
            samples = transform(samples, sample_rate)
    return np.asarray(samples, np.float32)


def _chain(a: Augmentation) -> list[Callable[[Samples, int], Samples]]:
    import audiomentations as am

    up = a.stretch_factor
    return [
        am.PitchShift(-a.pitch_semitones, a.pitch_semitones, p=a.pitch),
        am.TimeStretch(1 / up, up, leave_length_unchanged=False, p=a.stretch),
        am.TanhDistortion(*a.drive_amount, p=a.drive),
        am.Lambda(_reverberate, p=a.room, seconds=a.room_seconds),
        am.HighPassFilter(*_HIGH_PASS_HZ, p=a.filter),
        am.LowPassFilter(*_LOW_PASS_HZ, p=a.filter),
        am.LowShelfFilter(*_SHELF_HZ["low"], -a.shelf_db, a.shelf_db, p=a.filter),
        am.HighShelfFilter(*_SHELF_HZ["high"], -a.shelf_db, a.shelf_db, p=a.filter),
        am.AddColorNoise(*a.noise_snr_db, p=a.noise),
        am.Gain(*a.gain_db, p=a.gain),
        am.Lambda(_through_mp3, p=a.codec, kbps=a.codec_kbps),
    ]


@contextmanager
def _seeded(seed: int) -> Iterator[None]:
    """Seed the global generators, which audiomentations draws from, and give them back as they were."""
    states = random.getstate(), np.random.get_state()  # noqa: NPY002 - see above
    random.seed(seed)
    np.random.seed(seed % 2**32)  # noqa: NPY002 - see above
    try:
        yield
    finally:
        random.setstate(states[0])
        np.random.set_state(states[1])  # noqa: NPY002 - see above


def _reverberate(samples: Samples, sample_rate: int, seconds: tuple[float, float]) -> Samples:
    """Play it in a room whose reverberation is noise that fades by 60 dB in the reverberation time (Moorer 1979)."""
    rng = np.random.default_rng(random.getrandbits(64))
    fade = rng.uniform(*seconds)
    time = np.arange(1, round(fade * sample_rate) + 1) / sample_rate
    tail = rng.standard_normal(len(time)) * 10 ** (-3 * time / fade)
    tail *= 10 ** (rng.uniform(-18, 0) / 20) / max(1e-9, float(np.linalg.norm(tail)))  # against the direct sound
    wet = oaconvolve(samples, np.concatenate([[1.0], tail]))[: len(samples)]
    before, after = float(np.linalg.norm(samples)), float(np.linalg.norm(wet))
    return np.asarray(wet * (before / after if after > 0 else 1.0), np.float32)


def _through_mp3(samples: Samples, sample_rate: int, kbps: tuple[float, float]) -> Samples:
    """Encode and decode it; what is above full scale is scaled down on the way."""
    lowest, highest = (32, 320) if sample_rate >= 32_000 else (8, 160) if sample_rate >= 16_000 else (8, 64)
    share = (random.uniform(*kbps) - lowest) / (highest - lowest)  # as libsndfile counts  # noqa: S311 - no secret
    peak = max(1.0, float(np.abs(samples).max()))
    encoded = io.BytesIO()
    soundfile.write(
        encoded, samples / peak, sample_rate, format="MP3", subtype="MPEG_LAYER_III",
        bitrate_mode="CONSTANT", compression_level=float(np.clip(1 - share, 0.0, 0.99)),
    )  # fmt: skip
    encoded.seek(0)
    decoded, _ = soundfile.read(encoded, dtype="float32")
    start = 0 if len(decoded) == len(samples) else _MP3_DELAY
    decoded = decoded[start : start + len(samples)] * np.float32(peak)
    return np.pad(decoded, (0, len(samples) - len(decoded)))
