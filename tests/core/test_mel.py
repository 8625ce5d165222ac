from typing import Any

import librosa
import numpy as np
import pytest
import scipy.signal

from timbrescope.core.mel import a_weighting, hz_to_mel, mel_filter_bank, mel_to_hz, note_hz, note_name, pre_emphasis


@pytest.mark.parametrize("scale", ["slaney", "htk"])
def test_scales_equal_librosa_and_invert(scale: str) -> None:
    hz = np.geomspace(1, 20_000, 500)
    mels = hz_to_mel(hz, scale)  # type: ignore[arg-type]
    np.testing.assert_allclose(mels, librosa.hz_to_mel(hz, htk=scale == "htk"), rtol=1e-12)
    np.testing.assert_allclose(mel_to_hz(mels, scale), hz, rtol=1e-10)  # type: ignore[arg-type]


@pytest.mark.parametrize(("norm", "theirs"), [("area", "slaney"), ("sum", 1), ("none", None)])
@pytest.mark.parametrize("scale", ["slaney", "htk"])
@pytest.mark.parametrize(
    ("sample_rate", "n_fft", "n_mels", "fmin", "fmax"),
    [(16_000, 512, 96, 0, None), (44_100, 2206, 80, 0, 11_000), (32_000, 1024, 64, 50, 14_000)],
)
def test_filter_bank_equals_librosa(
    norm: str, theirs: Any, scale: str, sample_rate: int, n_fft: int, n_mels: int, fmin: float, fmax: float
) -> None:
    ours = mel_filter_bank(sample_rate, n_fft, n_mels, fmin, fmax, scale, norm)  # type: ignore[arg-type]
    expected = librosa.filters.mel(
        sr=sample_rate, n_fft=n_fft, n_mels=n_mels, fmin=fmin, fmax=fmax, htk=scale == "htk", norm=theirs
    )
    np.testing.assert_allclose(ours, expected, rtol=1e-4, atol=1e-7)


@pytest.mark.parametrize(
    ("hz", "name"), [(440.0, "A4"), (261.6256, "C4"), (445.0, "A4 +20¢"), (27.5, "A0"), (0.0, "–"), (138.59, "C♯3")]
)
def test_notes_are_named(hz: float, name: str) -> None:
    assert note_name(hz) == name


def test_note_frequency_names_itself() -> None:
    assert [note_name(note_hz(midi)) for midi in (60, 69, 72)] == ["C4", "A4", "C5"]


def test_a_weighting_equals_the_standard_and_librosa() -> None:
    hz = np.geomspace(20, 20_000, 200)
    np.testing.assert_allclose(a_weighting(hz), librosa.A_weighting(hz, min_db=None), atol=0.01)
    # IEC 61672-1:2003, table 2, which gives the curve at 1000 * 10^(n/10) Hz to a tenth of a decibel
    table = {-15: -39.4, -10: -19.1, 0: 0.0, 6: 1.0, 12: -6.6}
    np.testing.assert_allclose(a_weighting([1000 * 10 ** (n / 10) for n in table]), list(table.values()), atol=0.051)


def test_pre_emphasis_is_the_response_of_its_filter() -> None:
    hz, response = scipy.signal.freqz([1.0, -0.97], worN=200, fs=32_000)
    np.testing.assert_allclose(pre_emphasis(hz, 32_000), 20 * np.log10(np.abs(response)), atol=1e-9)
