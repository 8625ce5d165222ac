"""Batches of spectra changed at random, anew for every step: cheap, and never the same twice."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from timbrescope.recognition.spec import FrontEnd
from training.spectra.acoustics import reverberate, shift_pitch, shift_throat

_SILENT = 1e-12  # mean power


@dataclass(frozen=True, slots=True)
class OnlineAugmentation:
    """Changes of a batch of spectra; 0 stands for never.

    Attributes:
        pitch_semitones: moves all frequencies by at most so much, up or down.
        throat_semitones: moves its resonances by at most so much, up or down, wherever its pitch is moved to; None lets
            them move with the pitch.
        room: probability that it sounds in a room.
        room_seconds, room_direct_db: reverberation time, and level of the sound against all of its reverberation.
        gain_db: makes an example louder or quieter by at most so much.
        equaliser_db: raises and lowers parts of its spectrum by at most so much.
        mix: probability that another example is added to it, and its labels with it.
        mixes: how many times that is done, so that up to 2 to the power of it sound together.
        mix_db: level of the other against its own, at most so much more or less.
        noise: probability that noise is added, as loud in all bands.
        noise_snr_db: level of the example against the noise, between these.
        mixup: alpha of the Beta distribution that mixup draws from.
        time_masks, time_mask_frames: how many stretches of at most how many frames are hidden.
        band_masks, band_mask_bands: the same for bands.
    """

    pitch_semitones: float = 0.0
    throat_semitones: float | None = None
    room: float = 0.0
    room_seconds: tuple[float, float] = (0.15, 1.5)
    room_direct_db: tuple[float, float] = (-3.0, 12.0)
    gain_db: float = 0.0
    equaliser_db: float = 0.0
    mix: float = 0.0
    mixes: int = 1
    mix_db: float = 6.0
    noise: float = 0.0
    noise_snr_db: tuple[float, float] = (10.0, 50.0)
    mixup: float = 0.0
    time_masks: int = 0
    time_mask_frames: int = 0
    band_masks: int = 0
    band_mask_bands: int = 0


def augment_power(
    power: Tensor, targets: Tensor, front_end: FrontEnd, online: OnlineAugmentation, generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Change power spectra, shape (batch, frames, n_bands), and with ``mix`` their targets, shape (batch, n_labels)."""
    if online.pitch_semitones:
        most, throat = online.pitch_semitones, online.throat_semitones
        moved = _uniform((len(power),), -most, most, generator).to(power)
        power = shift_pitch(power, front_end, moved)
        if throat is not None:
            power = shift_throat(
                power, front_end, _uniform((len(power),), -throat, throat, generator).to(power) - moved
            )
    if online.equaliser_db:
        power = random_equaliser(power, online.equaliser_db, generator)
    for _ in range(online.mixes if online.mix else 0):
        power, targets = mix(power, targets, online.mix, online.mix_db, generator)
    if online.room:
        seconds = _uniform((len(power),), *online.room_seconds, generator).to(power)
        direct = _uniform((len(power),), *online.room_direct_db, generator).to(power)
        _, chosen = _pairs(len(power), online.room, generator)
        chosen = chosen.to(power.device)
        power[chosen] = reverberate(power[chosen], front_end.hop_seconds, seconds[chosen], direct[chosen])
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
