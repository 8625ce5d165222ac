import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from training.spectra.codes import decode, encode

HALF_STEP_DB = 0.0025


@given(arrays(np.float32, 50, elements=st.floats(2.0**-53, 2.0**53, width=32)))
def test_spectra_are_off_by_half_a_step_at_most(power: np.ndarray) -> None:
    decoded = decode(torch.from_numpy(encode(torch.from_numpy(power)))).double().numpy()
    decibels = 10 * np.log10(decoded / power.astype(np.float64))
    assert np.abs(decibels).max() <= HALF_STEP_DB + 5e-5  # float32 itself


def test_silence_is_code_0_and_loud_sound_stays_finite() -> None:
    codes = encode(torch.tensor([0.0, 1e-20, 1e30]))
    assert codes.dtype == np.uint16
    assert codes.tolist() == [0, 0, 65535]
    np.testing.assert_allclose(decode(torch.from_numpy(codes))[:2], 1e-16, rtol=1e-4)


@given(arrays(np.float32, 50, elements=st.floats(-1, 1, width=32)))
def test_samples_are_off_by_a_16_bit_step_at_most(samples: np.ndarray) -> None:
    codes = encode(torch.from_numpy(samples), waveform=True)
    assert codes.dtype == np.int16
    assert np.abs(decode(torch.from_numpy(codes)).numpy() - samples).max() <= 2**-15


def test_encoding_leaves_its_input_alone() -> None:
    power = torch.rand(5)
    before = power.clone()
    encode(power)
    encode(power, waveform=True)
    assert torch.equal(power, before)
