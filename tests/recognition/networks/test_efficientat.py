import numpy as np
import pytest
import torch

from tests.conftest import sine
from timbrescope.recognition.networks import build, entry
from timbrescope.recognition.networks.cost import learnable
from timbrescope.recognition.networks.efficientat import SAMPLE_RATE, PreEmphasisedLogMel

NAME = "efficientat-mn04"


def noise(seconds: float, batch: int = 2) -> torch.Tensor:
    return 0.1 * torch.randn(batch, int(seconds * SAMPLE_RATE), generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize(("width", "millions"), [(0.4, 0.98), (0.5, 1.43), (1.0, 4.88), (2.0, 17.91), (4.0, 68.43)])
def test_size_is_the_published_one(width: float, millions: float) -> None:
    with torch.device("meta"):
        assert learnable(build(NAME, 527, width=width)) / 1e6 == pytest.approx(millions, abs=0.006)


def test_window_is_ten_seconds() -> None:
    assert entry(NAME).window == (entry(NAME).seconds * SAMPLE_RATE,)


@pytest.mark.parametrize("seconds", [1.0, 1.7, 4.0])
def test_any_length_from_a_second(seconds: float) -> None:
    torch.manual_seed(0)
    network = build(NAME, 3).eval()
    with torch.inference_mode():
        together = network(noise(seconds))
        alone = torch.cat([network(samples) for samples in noise(seconds).split(1)])
    assert together.shape == (2, 3)
    torch.testing.assert_close(alone, together, atol=1e-5, rtol=1e-4)


def test_less_than_a_second_is_refused() -> None:
    with pytest.raises(ValueError, match="shorter than a second"):
        build(NAME, 3).eval()(noise(1.0)[:, :-1])


def test_every_parameter_learns() -> None:
    torch.manual_seed(0)
    network = build(NAME, 3)
    network(noise(1.0, batch=4)).square().sum().backward()
    assert not [key for key, value in network.named_parameters() if value.grad is None or not value.grad.any()]


def test_front_end_is_a_frame_each_hop_and_says_silence_with_a_constant() -> None:
    image = PreEmphasisedLogMel()(torch.zeros(1, SAMPLE_RATE))
    assert image.shape == (1, 1, 128, 100)
    np.testing.assert_allclose(image, (np.log(1e-5) + 4.5) / 5, rtol=1e-6)


@pytest.mark.parametrize("hz", [220.0, 1000.0, 9000.0])
def test_a_sine_is_loudest_in_the_band_of_its_mel(hz: float) -> None:
    image = PreEmphasisedLogMel()(torch.from_numpy(sine(hz, 1.0, SAMPLE_RATE)).unsqueeze(0))
    mels = np.log1p(np.array([hz, 15_000.0]) / 700)
    assert abs(int(image[0, 0, :, 50].argmax()) - (129 * mels[0] / mels[1] - 1)) <= 0.75


def test_filters_of_the_front_end_are_triangles_over_mels() -> None:
    bank = PreEmphasisedLogMel().bank
    assert bank.shape == (128, 513)
    assert not bank[:, -1].any()
    assert not bank[:, 0].any()
    hz = np.arange(513) * SAMPLE_RATE / 1024
    inner = (hz > 20) & (hz < 14_600)
    np.testing.assert_allclose(bank.sum(dim=0)[inner], 1.0, atol=1e-5)  # neighbours share what lies between them


def test_front_end_takes_low_frequencies_down() -> None:
    """Pre-emphasis lets a sine of f through times |1 - 0.97 exp(-2 pi i f / rate)|."""
    front_end = PreEmphasisedLogMel()
    loudest = [
        float(front_end(torch.from_numpy(sine(hz, 1.0, SAMPLE_RATE)).unsqueeze(0))[0, 0, :, 50].max())
        for hz in (500.0, 8000.0)
    ]
    expected = [2 * np.log(abs(1 - 0.97 * np.exp(-2j * np.pi * hz / SAMPLE_RATE))) / 5 for hz in (500.0, 8000.0)]
    assert loudest[1] - loudest[0] == pytest.approx(expected[1] - expected[0], abs=0.15)
