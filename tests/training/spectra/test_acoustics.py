import numpy as np
import torch

from timbrescope.core.mel import mel_frequencies
from timbrescope.recognition.features import LogMel
from timbrescope.recognition.spec import FrontEnd
from training.spectra.acoustics import reverberate, shift_pitch, shift_throat

FRONT_END = FrontEnd(16_000, 1024, 320, 96, fmin=30.0)


def harmonic(f0: float) -> torch.Tensor:
    time = torch.arange(16_000) / 16_000
    samples = torch.stack([torch.sin(2 * torch.pi * f0 * n * time) / n for n in range(1, 8)]).sum(dim=0)
    return LogMel(FRONT_END).spectra(0.1 * samples)[None]


def test_a_shifted_pitch_is_the_sound_at_that_pitch() -> None:
    for semitones in (-3.0, 2.0, 4.0):
        shifted = shift_pitch(harmonic(440.0), FRONT_END, torch.tensor([semitones]))
        there = harmonic(440.0 * 2 ** (semitones / 12))
        log, expected = (10 * torch.log10(x.mean(dim=(0, 1)) + 1e-6) for x in (shifted, there))
        before = 10 * torch.log10(harmonic(440.0).mean(dim=(0, 1)) + 1e-6)
        correlation = np.corrcoef(log, expected)[0, 1]
        assert correlation > 0.85
        assert correlation > np.corrcoef(before, expected)[0, 1] + 0.3


def test_no_shift_changes_nothing() -> None:
    power = torch.rand(2, 10, 96)
    torch.testing.assert_close(shift_pitch(power, FRONT_END, torch.zeros(2)), power)


def voice(f0: float, formant: float) -> torch.Tensor:
    """Return partials around one resonance."""
    time = torch.arange(16_000) / 16_000
    partials = torch.arange(1, 31) * f0
    levels = torch.exp(-(((partials - formant) / 400) ** 2)) + 0.003
    samples = (levels[:, None] * torch.sin(2 * torch.pi * partials[:, None] * time)).sum(dim=0)
    return LogMel(FRONT_END).spectra(0.1 * samples)[None]


def test_another_throat_moves_resonances_and_leaves_the_pitch() -> None:
    def centre(power: torch.Tensor) -> float:
        centres = torch.from_numpy(mel_frequencies(98, 30.0, 8000.0)[1:-1].copy())
        mean = power.mean(dim=(0, 1)).double()
        return float((mean * centres).sum() / mean.sum())

    before = voice(150.0, 1200.0)
    after = shift_throat(before, FRONT_END, torch.tensor([4.0]))
    assert centre(before) < 1250
    assert 1350 < centre(after) < 1600  # 1512 Hz would be exact
    low = slice(4, 22)  # where partials are apart
    peaks = [
        set(np.flatnonzero(np.diff(np.sign(np.diff(x.mean(dim=(0, 1))[low].numpy()))) < 0)) for x in (before, after)
    ]
    assert peaks[0] == peaks[1]
    torch.testing.assert_close(shift_throat(before, FRONT_END, torch.zeros(1)), before)


def test_a_room_lets_a_click_die_away_at_its_time() -> None:
    power = torch.zeros(2, 64, 96)
    power[:, 4] = 1.0
    out = reverberate(power, 0.02, torch.tensor([0.3, 0.9]), torch.tensor([0.0, 6.0]))
    assert out[:, :4].abs().max() < 1e-6  # nothing before the click
    tails = 10 * torch.log10(out[:, 5:15, 0])
    slopes = (tails[:, -1] - tails[:, 0]) / (9 * 0.02)
    torch.testing.assert_close(slopes, torch.tensor([-60 / 0.3, -60 / 0.9]), rtol=0.02, atol=0)
    energy = (out.sum(dim=1) - power.sum(dim=1))[:, 0]
    torch.testing.assert_close(10 * torch.log10(energy), torch.tensor([0.0, -6.0]), rtol=0, atol=0.2)
    assert (out[0, 20, 90] < out[0, 20, 5]).item()  # dark before bright


def test_bands_are_where_the_filter_bank_has_them() -> None:
    centres = mel_frequencies(98, 30.0, 8000.0)[1:-1]
    band = int(np.argmin(abs(centres - 1000.0)))
    power = torch.zeros(1, 1, 96)
    power[0, 0, band] = 1.0
    moved = shift_pitch(power, FRONT_END, torch.tensor([12.0]))[0, 0]
    assert abs(centres[int(moved.argmax())] - 2000.0) < 80
