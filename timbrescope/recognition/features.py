"""The front end in torch, for a whole recording or for a stream: usually a log-mel spectrogram."""

from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from timbrescope.core.mel import a_weighting, mel_filter_bank, pre_emphasis
from timbrescope.recognition.spec import FrontEnd

# Samples per Fourier batch on a CPU: 1 MB, so that windowed frames and spectra stay in the cache of a core.
_CPU_BATCH = 2**18
_GPU_BATCH = 2**24
_BANDS_PER_PRODUCT = 32
_FLOAT16_MAX = 65504.0


def make_window(name: str, length: int) -> Tensor:
    """Return a periodic window, float32, shape (length,).

    Raises:
        ValueError: torch.signal.windows has none of that name.
    """
    if name == "blackman-harris-62dB":  # minimum three-term window of Harris (1978), table 1
        cosines = [0.44959, 0.49364, 0.05677]
        return torch.signal.windows.general_cosine(length, a=cosines, sym=False)
    if name not in torch.signal.windows.__all__:
        raise ValueError(f"there is no window {name!r}")
    return cast("Tensor", getattr(torch.signal.windows, name)(length, sym=False))


class LogMel(nn.Module):
    """Samples to log-mel frames as a FrontEnd describes, before standardisation; equal to librosa's within 1e-4.

    Only the bins that a band weighs are multiplied: the filter bank is cut into groups of neighbouring bands, each with
    its own range of bins, which halves the work or better for many bands. A front end without mel bands gives the bins
    of the spectrum, or the samples.
    """

    window: Tensor

    def __init__(self, front_end: FrontEnd) -> None:
        super().__init__()
        self.front_end = front_end
        win_length = front_end.win_length or front_end.n_fft
        left = (front_end.n_fft - win_length) // 2
        window = torch.zeros(front_end.n_fft)
        window[left : left + win_length] = make_window(front_end.window, win_length)
        self.register_buffer("window", window, persistent=False)
        weights = np.ones(front_end.n_fft // 2 + 1, np.float32)
        if front_end.weighting != "none":
            hz = np.fft.rfftfreq(front_end.n_fft, 1 / front_end.sample_rate)
            decibels = a_weighting(hz) if front_end.weighting == "A" else pre_emphasis(hz, front_end.sample_rate)
            weights = (10 ** (decibels * front_end.power / 20)).astype(np.float32)
        self._bin_ranges: list[tuple[int, int]] = []
        if front_end.representation == "mel":
            self._add_mel_bands(weights)
        elif front_end.representation == "stft":
            self.register_buffer("_weights", torch.from_numpy(weights), persistent=False)

    def _add_mel_bands(self, weights: NDArray[np.float32]) -> None:
        front_end = self.front_end
        bank = weights * mel_filter_bank(
            front_end.sample_rate,
            front_end.n_fft,
            front_end.n_mels,
            front_end.fmin,
            front_end.fmax,
            front_end.mel_scale,
            front_end.mel_norm,
        )
        for first in range(0, front_end.n_mels, _BANDS_PER_PRODUCT):
            bands = torch.from_numpy(bank[first : first + _BANDS_PER_PRODUCT])
            used = bands.any(dim=0).nonzero().flatten().tolist() or [0]
            low, high = used[0], used[-1] + 1
            self.register_buffer(f"_bands{len(self._bin_ranges)}", bands[:, low:high].T.contiguous(), persistent=False)
            self._bin_ranges.append((low, high))

    def bank(self) -> Tensor | None:
        """Return what the spectrum of a frame is multiplied by, shape (bins, n_bands); None for a waveform.

        There are as many bins as any band weighs, from the lowest one on.
        """
        if self.front_end.representation == "waveform":
            return None
        if not self._bin_ranges:
            return torch.diag(self.get_buffer("_weights"))
        bank = self.window.new_zeros(self._bin_ranges[-1][1], self.front_end.n_bands)
        for index, (low, high) in enumerate(self._bin_ranges):
            bands = self.get_buffer(f"_bands{index}")
            first = index * _BANDS_PER_PRODUCT
            bank[low:high, first : first + bands.shape[1]] = bands
        return bank

    def forward(self, samples: Tensor) -> Tensor:
        """Turn whole frames, shape (n,) with n >= n_fft, into (frames, n_bands); nothing is padded here."""
        return compress(self.front_end, self.spectra(samples))

    def spectra(self, samples: Tensor) -> Tensor:
        """Return what ``forward`` would compress: mel bands, bins or samples, shape (frames, n_bands)."""
        front_end = self.front_end
        if front_end.representation == "waveform":
            return samples.unsqueeze(1)
        frames = samples.unfold(0, front_end.n_fft, front_end.hop_length)
        out = torch.empty(len(frames), front_end.n_bands, device=samples.device)
        at_once = max(1, (_CPU_BATCH if samples.device.type == "cpu" else _GPU_BATCH) // front_end.n_fft)
        for first in range(0, len(frames), at_once):
            self._spectra(frames[first : first + at_once], out[first : first + at_once])
        return out

    def _spectra(self, frames: Tensor, out: Tensor) -> None:
        highest = self._bin_ranges[-1][1] if self._bin_ranges else None
        spectrum = torch.fft.rfft(frames * self.window)[:, :highest]
        magnitude = spectrum.real.square().addcmul_(spectrum.imag, spectrum.imag)
        if self.front_end.power != 2.0:
            magnitude = magnitude.pow_(self.front_end.power / 2)
        if not self._bin_ranges:
            torch.mul(magnitude, self.get_buffer("_weights"), out=out)
        for index, (low, high) in enumerate(self._bin_ranges):
            bands = out[:, index * _BANDS_PER_PRODUCT : (index + 1) * _BANDS_PER_PRODUCT]
            bands.copy_(magnitude[:, low:high] @ self.get_buffer(f"_bands{index}"))


def compress(front_end: FrontEnd, spectra: Tensor) -> Tensor:
    """Raise mel bands or bins to their power and compress them, as the front end says, in place."""
    if front_end.float16_mel:
        spectra = spectra.clamp_(max=_FLOAT16_MAX).half().float()
    if front_end.mel_power != 1.0:
        spectra = spectra.pow_(front_end.mel_power)
    match front_end.compression:
        case "log10":
            return spectra.mul_(front_end.gain).add_(front_end.offset).log10_()
        case "ln":
            return spectra.mul_(front_end.gain).add_(front_end.offset).log_()
        case "decibel":
            return spectra.clamp_(min=front_end.floor).log10_().mul_(10.0)
        case "none":
            return spectra


class LogMelStream:
    """Frames of a recording that arrives piece by piece; the same frames come out for any size of the pieces.

    A window shorter than its Fourier transform does not wait for the samples behind it, which it multiplies by zero.
    """

    def __init__(self, log_mel: LogMel) -> None:
        front_end = log_mel.front_end
        self._log_mel = log_mel
        self._edge = front_end.n_fft // 2 if front_end.centred else 0
        self._kept = torch.zeros(self._edge, device=log_mel.window.device)
        win_length = front_end.win_length or front_end.n_fft
        # Only where the frames are centred: others would come out at the end that do not lie inside the recording.
        unused = min((front_end.n_fft - win_length) // 2, front_end.n_fft - front_end.hop_length)
        self._unused = torch.zeros(unused if front_end.centred else 0, device=log_mel.window.device)

    @torch.inference_mode()
    def push(self, samples: Tensor) -> Tensor:
        """Return the frames that are complete with these samples, shape (frames, n_bands)."""
        front_end = self._log_mel.front_end
        self._kept = torch.cat([self._kept, samples.to(self._kept.device)])
        sound = torch.cat([self._kept, self._unused])
        ready = (len(sound) - front_end.n_fft) // front_end.hop_length + 1
        if ready <= 0:
            return self._kept.new_empty(0, front_end.n_bands)
        used = ready * front_end.hop_length
        frames = self._log_mel(sound[: used - front_end.hop_length + front_end.n_fft])
        self._kept = self._kept[used:].clone()
        return cast("Tensor", frames)

    def finish(self) -> Tensor:
        """Return the frames that only the end of the recording completes."""
        return self.push(torch.zeros(self._edge - len(self._unused)))
