"""What rooms and other pitches do to power spectra, near enough to learn from and cheap enough for every batch.

The sound itself would have to be decoded, changed and analysed again; here a room is a tail of powers and a change of
pitch a warp of the frequency axis.
"""

import numpy as np
import torch
from torch import Tensor

from timbrescope.core.mel import hz_to_mel, mel_frequencies
from timbrescope.recognition.spec import FrontEnd

_COSINES = 13
_QUIETEST = 1e-7  # of the loudest, in which a dip is still heard as one
_SMALLEST = 1e-16
_MOST = 4.6  # 20 dB

_BRIGHT_TO_DARK = 0.5  # the highest band's reverberation time over that of the lowest


def reverberate(power: Tensor, hop_seconds: float, seconds: Tensor, direct_db: Tensor) -> Tensor:
    """Return spectra as a room would answer them: each frame followed by an exponential tail.

    Powers of the sound and of its many reflections add up, as those of independent sounds do. High bands die away
    sooner, as in air and curtains.

    Args:
        power: shape (batch, frames, n_bands).
        hop_seconds: between frames.
        seconds: reverberation time (to -60 dB) of each example, shape (batch,).
        direct_db: level of the sound itself against all of its tail, shape (batch,).
    """
    frames, bands = power.shape[1:]
    times = seconds[:, None] * torch.linspace(1, _BRIGHT_TO_DARK, bands).to(power)  # batch, bands
    decay = 10 ** (-6 * hop_seconds / times)  # of the power, from frame to frame
    level = 10 ** (-direct_db[:, None] / 10) * (1 - decay) / (1 - decay**frames)  # of the tail's beginning
    tail = power * level[:, None]
    for frame in range(1, frames):  # an exponential tail is a recursion, far cheaper than a convolution
        tail[:, frame].addcmul_(tail[:, frame - 1], decay)
    return tail.add_(power)


def shift_pitch(power: Tensor, front_end: FrontEnd, semitones: Tensor) -> Tensor:
    """Return mel spectra with all frequencies moved, partials and resonances alike, as a tape at another speed does.

    What comes from beyond the highest band is silence.

    Args:
        power: mel bands, shape (batch, frames, n_bands).
        front_end: of the spectra; its bands are evenly spaced in mels.
        semitones: up, or down where negative, shape (batch,).
    """
    warped, valid = _warped(power, front_end, semitones)
    return warped * valid


def shift_throat(power: Tensor, front_end: FrontEnd, semitones: Tensor) -> Tensor:
    """Return mel spectra with their resonances moved and their partials where they are, as of another throat.

    The resonances are what a dozen cosines along the bands say of the logarithm of a spectrum; where partials are as
    far apart as resonances are, as of high voices, some of them move along.

    Args:
        power: mel bands, shape (batch, frames, n_bands).
        front_end: of the spectra; its bands are evenly spaced in mels.
        semitones: up, or down where negative, shape (batch,).
    """
    bands = power.shape[2]
    angles = torch.arange(_COSINES)[:, None] * (torch.arange(bands) + 0.5) * torch.pi / bands
    cosines = angles.cos() * (2 / bands) ** 0.5
    cosines[0] *= 0.5**0.5  # orthonormal
    loudest = power.amax(dim=(1, 2), keepdim=True).clamp(min=_SMALLEST)
    envelope = (torch.maximum(power, loudest * _QUIETEST).log() @ cosines.t().to(power)) @ cosines.to(power)
    moved, _ = _warped(envelope, front_end, semitones)
    gain: Tensor = (moved - envelope).clamp(-_MOST, _MOST).exp()
    return power * gain


def _warped(bands: Tensor, front_end: FrontEnd, semitones: Tensor) -> tuple[Tensor, Tensor]:
    """Return values of bands, shape (batch, frames, n_bands), at other frequencies, and where there are any.

    Beyond the lowest and the highest band stands the nearest value. The other result has the shape (batch, 1, n_bands).
    """
    top = front_end.sample_rate / 2 if front_end.fmax is None else front_end.fmax
    scale = front_end.mel_scale
    centres = mel_frequencies(front_end.n_mels + 2, front_end.fmin, top, scale)[1:-1]
    low, high = hz_to_mel(centres[[0, -1]], scale)
    ratios = 2.0 ** (semitones.cpu().numpy()[:, None] / 12)
    places = (hz_to_mel(centres / ratios, scale) - low) / (high - low) * (len(centres) - 1)  # batch, bands
    floor = np.floor(places).astype(np.int64)
    share = torch.from_numpy(places - floor).to(bands)[:, None]
    valid = torch.from_numpy((places >= 0) & (places <= len(centres) - 1)).to(bands)[:, None]
    first = torch.from_numpy(floor.clip(0, len(centres) - 1)).to(bands.device)[:, None].expand(bands.shape)
    second = torch.from_numpy((floor + 1).clip(0, len(centres) - 1)).to(bands.device)[:, None].expand(bands.shape)
    return (1 - share) * bands.gather(2, first) + share * bands.gather(2, second), valid
