import numpy as np

from timbrescope.core import picture


def test_bands_and_hertz_are_inverse() -> None:
    bands = np.linspace(0, picture.N_MELS, 100)
    np.testing.assert_allclose(picture.band_of(picture.hz_of(bands)), bands, atol=1e-8)


def test_levels_keep_decibels_within_half_a_step() -> None:
    decibels = np.linspace(picture.FLOOR_DB, picture.CEILING_DB, 1000)
    step = (picture.CEILING_DB - picture.FLOOR_DB) / 255
    assert np.abs(picture.decibels(picture.quantise(decibels)) - decibels).max() <= step / 2 + 1e-9


def test_levels_beyond_the_ends_are_clipped() -> None:
    assert picture.quantise([-200.0, 20.0]).tolist() == [0, 255]
