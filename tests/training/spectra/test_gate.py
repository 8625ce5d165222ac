from dataclasses import replace

import numpy as np
import pytest
import torch

from tests.conftest import sine
from timbrescope.recognition.features import LogMel
from timbrescope.recognition.spec import FrontEnd
from training.spectra.gate import frame_power, loud_windows

RATE = 16_000
MEL = FrontEnd(RATE, 512, 256, 96)
FRONT_ENDS = {
    "mel": MEL,
    "mel, sums": replace(MEL, mel_norm="sum", mel_scale="htk"),
    "mel, triangles": replace(MEL, mel_norm="none", n_mels=40),
    "mel, short window": replace(MEL, win_length=400),
    "spectrum": replace(MEL, representation="stft", n_mels=0),
    "waveform": FrontEnd(RATE, 1, 1, 0, representation="waveform"),
}


def spectra(front_end: FrontEnd, samples: np.ndarray) -> torch.Tensor:
    return LogMel(front_end.spectral).spectra(torch.from_numpy(samples))


@pytest.mark.parametrize("name", FRONT_ENDS)
@pytest.mark.parametrize("level", [0.7, 0.001])
def test_the_level_is_the_rms_of_the_samples(name: str, level: float) -> None:
    front_end = FRONT_ENDS[name]
    noise = np.random.default_rng(0).standard_normal(2 * RATE).astype(np.float32)
    for sound in (noise, sine(440, 2, RATE, 1.0) + sine(2500, 2, RATE, 0.3)):
        samples = (level * sound).astype(np.float32)
        measured = frame_power(front_end, spectra(front_end, samples)).mean().item()
        assert 10 * np.log10(measured / np.mean(samples.astype(np.float64) ** 2)) == pytest.approx(0, abs=0.3)


def test_a_magnitude_spectrum_gives_a_rough_level() -> None:
    front_end = replace(MEL, power=1)
    samples = np.random.default_rng(0).standard_normal(2 * RATE).astype(np.float32)
    measured = frame_power(front_end, spectra(front_end, samples)).mean().item()
    assert 10 * np.log10(measured) == pytest.approx(0, abs=1.5)


def test_windows_of_silence_are_left_out_and_loud_ones_stay() -> None:
    hush = sine(440, 1, RATE, 10 ** (-70 / 20))
    samples = np.concatenate([sine(440, 1, RATE), np.zeros(RATE, np.float32), hush, sine(440, 1, RATE, 0.01)])
    power = spectra(MEL, samples)
    starts = np.array([0, 64, 127, 190])  # seconds, and no frame across two of them
    assert loud_windows(MEL, power, starts, 58, -60).tolist() == [True, False, False, True]
    assert loud_windows(MEL, power, starts, 58, -80).tolist() == [True, False, True, True]
    assert not loud_windows(MEL, torch.zeros(100, 96), np.array([0]), 100, -120).any()


def test_a_window_that_the_recording_does_not_fill_is_judged_by_what_there_is() -> None:
    power = spectra(MEL, sine(440, 0.1, RATE, 0.01))
    assert loud_windows(MEL, power, np.array([0]), 1000, -50).all()
    assert not loud_windows(MEL, power, np.array([len(power)]), 1000, -50).any()
