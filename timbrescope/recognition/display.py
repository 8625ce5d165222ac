"""Waveform peaks and the log-mel picture, as a stream."""

import numpy as np
import torch
from numpy.typing import NDArray

from timbrescope.core import picture
from timbrescope.recognition.features import LogMel, LogMelStream
from timbrescope.recognition.spec import FrontEnd

_FRONT_END = FrontEnd(
    sample_rate=picture.SAMPLE_RATE,
    n_fft=picture.N_FFT,
    hop_length=picture.HOP_LENGTH,
    win_length=picture.WIN_LENGTH,
    n_mels=picture.N_MELS,
    fmin=picture.FMIN,
    fmax=picture.FMAX,
    mel_scale=picture.MEL_SCALE,
    mel_norm="none",
    compression="decibel",
)
_INT16_MAX = 32767


class DisplayStream:
    """Turns samples at picture.SAMPLE_RATE into peaks and mel columns, one of each every 10 ms."""

    def __init__(self) -> None:
        log_mel = LogMel(_FRONT_END)
        self._mel = LogMelStream(log_mel)
        self._full_scale = _full_scale(log_mel)
        self._kept = np.empty(0, dtype=np.float32)

    def push(self, samples: NDArray[np.float32]) -> tuple[NDArray[np.int16], NDArray[np.uint8]]:
        """Return the peaks, shape (n, 2), and mel levels, shape (m, N_MELS), that these samples complete."""
        mel = self._levels(self._mel.push(torch.from_numpy(samples)))
        self._kept = np.concatenate([self._kept, samples])
        whole = len(self._kept) - len(self._kept) % picture.HOP_LENGTH
        ready, self._kept = self._kept[:whole], self._kept[whole:].copy()
        return self._peaks(ready.reshape(-1, picture.HOP_LENGTH)), mel

    def finish(self) -> tuple[NDArray[np.int16], NDArray[np.uint8]]:
        """Return what only the end of the recording completes."""
        rest, self._kept = self._kept, np.empty(0, dtype=np.float32)
        return self._peaks(rest[None, :] if len(rest) else rest.reshape(0, 1)), self._levels(self._mel.finish())

    def _levels(self, mel: torch.Tensor) -> NDArray[np.uint8]:
        return picture.quantise((mel - self._full_scale).numpy())

    @staticmethod
    def _peaks(stretches: NDArray[np.float32]) -> NDArray[np.int16]:
        peaks = np.stack([stretches.min(axis=1), stretches.max(axis=1)], axis=1)
        return np.asarray(np.rint(np.clip(peaks, -1.0, 1.0) * _INT16_MAX), dtype=np.int16)


def _full_scale(log_mel: LogMel) -> torch.Tensor:
    """Return what a full-scale sine in the middle of each band measures in that band, in dB, shape (N_MELS,)."""
    time = torch.arange(picture.N_FFT, dtype=torch.float64) / picture.SAMPLE_RATE
    centres = torch.from_numpy(picture.hz_of(np.arange(picture.N_MELS) + 0.5))
    sines = torch.sin(2 * torch.pi * centres[:, None] * time).float()
    return torch.stack([log_mel(sine)[0, band] for band, sine in enumerate(sines)])
