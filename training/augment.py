"""Recordings changed at random, so that a network learns what does not matter.

``augment`` changes the sound before its spectrum is made and kept; the functions on spectra are cheap enough to draw
anew for every batch.
"""

import hashlib
import io
import json
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass

import numpy as np
import soundfile
import torch
from numpy.typing import NDArray
from scipy.signal import oaconvolve
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - its usual name

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
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()[:16]


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


@dataclass(frozen=True, slots=True)
class OnlineAugmentation:
    """Changes of a batch of spectra; 0 stands for never.

    Attributes:
        gain_db: makes an example louder or quieter by at most so much.
        equaliser_db: raises and lowers parts of its spectrum by at most so much.
        mix: probability that another example is added to it, and its labels with it.
        mix_db: level of the other against its own, at most so much more or less.
        noise: probability that noise is added, as loud in all bands.
        noise_snr_db: level of the example against the noise, between these.
        mixup: alpha of the Beta distribution that mixup draws from.
        time_masks, time_mask_frames: how many stretches of at most how many frames are hidden.
        band_masks, band_mask_bands: the same for bands.
    """

    gain_db: float = 0.0
    equaliser_db: float = 0.0
    mix: float = 0.0
    mix_db: float = 6.0
    noise: float = 0.0
    noise_snr_db: tuple[float, float] = (10.0, 50.0)
    mixup: float = 0.0
    time_masks: int = 0
    time_mask_frames: int = 0
    band_masks: int = 0
    band_mask_bands: int = 0


def augment_power(
    power: Tensor, targets: Tensor, online: OnlineAugmentation, generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Change power spectra, shape (batch, frames, n_bands), and with ``mix`` their targets, shape (batch, n_labels)."""
    if online.equaliser_db:
        power = random_equaliser(power, online.equaliser_db, generator)
    if online.mix:
        power, targets = mix(power, targets, online.mix, online.mix_db, generator)
    if online.noise:
        power = noise_floor(power, online.noise, online.noise_snr_db, generator)
    if online.gain_db:
        power = random_gain(power, online.gain_db, generator)
    return power, targets


def augment_input(
    inputs: Tensor, targets: Tensor, online: OnlineAugmentation, generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Change compressed spectra, shape (batch, frames, n_bands), and with mixup their targets."""
    if online.mixup:
        inputs, targets = mixup(inputs, targets, online.mixup, generator)
    if online.time_masks:
        inputs = spec_augment(inputs, 1, online.time_masks, online.time_mask_frames, generator)
    if online.band_masks:
        inputs = spec_augment(inputs, 2, online.band_masks, online.band_mask_bands, generator)
    return inputs, targets


def random_gain(power: Tensor, most_db: float, generator: torch.Generator) -> Tensor:
    """Return each example of a batch at another level, at most so much louder or quieter."""
    decibels = _uniform((len(power), 1, 1), -most_db, most_db, generator)
    return power * _ratio(decibels, power)


def random_equaliser(power: Tensor, most_db: float, generator: torch.Generator) -> Tensor:
    """Return each example with its bands weighed by a curve through five random levels, evenly spaced."""
    levels = _uniform((len(power), 1, 5), -most_db, most_db, generator)
    curve = F.interpolate(levels, size=power.shape[2], mode="linear", align_corners=True)
    return power * _ratio(curve, power)


def mix(
    power: Tensor, targets: Tensor, probability: float, most_db: float, generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Return examples with another one of the batch sounding at the same time, and all labels of both.

    Powers add up, as those of independent sounds do on average. A label that nobody knows of in one of them is known
    only if the other one has it. An example stays alone where either is silent, because no level would fit.
    """
    order, chosen = _pairs(len(power), probability, generator)
    ratio = _ratio(_uniform((len(power), 1, 1), -most_db, most_db, generator), power)
    order, chosen = order.to(power.device), chosen.to(power.device)
    level = power.mean(dim=(1, 2), keepdim=True)
    sounding = chosen & (level > _SILENT).flatten() & (level[order] > _SILENT).flatten()
    changed, other = sounding.nonzero().flatten(), order[sounding]
    scale = ratio[changed] * level[changed] / level[other]
    both = torch.maximum(targets[changed], targets[other])  # nan where either is
    both = torch.where(torch.fmax(targets[changed], targets[other]) == 1, 1.0, both)
    mixed = power[changed].addcmul_(scale, power[other])
    return power.index_copy(0, changed, mixed), targets.index_copy(0, changed, both)


def noise_floor(power: Tensor, probability: float, snr_db: tuple[float, float], generator: torch.Generator) -> Tensor:
    """Return examples with noise that is as loud in all bands on average, exponentially distributed as its power is."""
    _, chosen = _pairs(len(power), probability, generator)
    ratio = _ratio(-_uniform((len(power), 1, 1), *snr_db, generator), power)
    changed = chosen.nonzero().flatten().to(power.device)
    noisy = power[changed]
    level = ratio[changed] * noisy.mean(dim=(1, 2), keepdim=True)
    # torch's exponential_ with a generator takes five times as long, and more than all else that is done to a batch
    noise = torch.from_numpy(_numpy(generator).standard_exponential(noisy.shape, np.float32)).to(power)
    return power.index_copy(0, changed, noisy.addcmul_(level, noise))


def mixup(inputs: Tensor, targets: Tensor, alpha: float, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Return weighted means of pairs and of their targets, weights from Beta(alpha, alpha) (Zhang et al. 2018)."""
    order, _ = _pairs(len(inputs), 1.0, generator)
    order = order.to(inputs.device)
    share = torch.from_numpy(_numpy(generator).beta(alpha, alpha, (len(inputs), 1, 1))).to(inputs)  # torch's is global
    mixed = torch.lerp(inputs[order], inputs, share)
    return mixed, share[:, 0] * targets + (1 - share[:, 0]) * targets[order]


def spec_augment(inputs: Tensor, axis: int, masks: int, longest: int, generator: torch.Generator) -> Tensor:
    """Return examples with stretches along an axis hidden behind their mean (Park et al. 2019, without warping).

    Args:
        inputs: shape (batch, frames, n_bands).
        axis: 1 hides frames, 2 bands.
        masks: number of stretches, which may overlap.
        longest: each is of 0 to so many frames or bands, all lengths as likely.
        generator: draws.
    """
    size = inputs.shape[axis]
    place = torch.arange(size)
    hidden = torch.zeros(len(inputs), size, dtype=torch.bool)
    for _ in range(masks):
        length = torch.floor(_uniform((len(inputs), 1), 0, min(longest, size) + 1, generator))
        start = torch.floor(_uniform((len(inputs), 1), 0, 1, generator) * (size - length + 1))
        hidden |= (place >= start) & (place < start + length)
    hidden = hidden.to(inputs.device).unsqueeze(2 if axis == 1 else 1)
    return torch.where(hidden, inputs.mean(dim=(1, 2), keepdim=True), inputs)


def _uniform(shape: tuple[int, ...], low: float, high: float, generator: torch.Generator) -> Tensor:
    return low + (high - low) * torch.rand(shape, generator=generator)


def _numpy(generator: torch.Generator) -> np.random.Generator:
    """Return a generator of numpy's that draws what the state of torch's decides."""
    return np.random.default_rng(int(torch.randint(2**62, (1,), generator=generator)))


def _pairs(count: int, probability: float, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Return the partner of each example and whether it is to be changed at all, each of shape (count,)."""
    order = torch.randperm(count, generator=generator)
    return order, torch.rand(count, generator=generator) < probability


def _ratio(decibels: Tensor, like: Tensor) -> Tensor:
    return (10 ** (decibels / 10)).to(like)
