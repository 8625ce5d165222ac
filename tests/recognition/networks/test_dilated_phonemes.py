import torch
import torch.nn.functional as F
from torch import nn

from timbrescope.recognition.networks import build
from timbrescope.recognition.networks.cost import learnable
from timbrescope.recognition.networks.dilated_phonemes import LOOK_AHEAD, WINDOW, _Tapped
from timbrescope.recognition.networks.frames import FrameScorer


def test_network_is_small_and_looks_ahead_little() -> None:
    assert learnable(build("dilated-phonemes", 38)) <= 1_000_000
    assert LOOK_AHEAD * 0.01 + 256 / 16_000 <= 0.150


def test_row_depends_on_its_window_alone() -> None:
    network = build("dilated-phonemes", 5).eval()
    assert isinstance(network, FrameScorer)
    for block in network.get_submodule("blocks").children():
        nn.init.ones_(block.get_submodule("mix_norm").get_parameter("weight"))
    frames = torch.randn(1, WINDOW + 30, 80, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        rows = network.score_frames(frames)
        assert rows.shape == (1, 31, 5)
        torch.testing.assert_close(network(frames[:, 12 : 12 + WINDOW]), rows[:, 12], atol=1e-5, rtol=0)
        later = frames.clone()
        later[:, WINDOW:] = 3.0
        changed = network.score_frames(later)
    torch.testing.assert_close(changed[:, 0], rows[:, 0], atol=1e-5, rtol=0)
    assert not torch.allclose(changed[:, 1], rows[:, 1], atol=1e-5)


def test_blocks_do_nothing_before_they_have_learnt() -> None:
    network = build("dilated-phonemes", 5).eval()
    frames = torch.randn(1, WINDOW, 80, generator=torch.Generator().manual_seed(0))
    alone = frames.clone()
    alone[:, : WINDOW - LOOK_AHEAD - 3] = 0.0
    with torch.no_grad():
        torch.testing.assert_close(network(alone), network(frames), atol=1e-5, rtol=0)


def test_shifted_sums_are_a_depthwise_convolution() -> None:
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(2, 3, 20, dtype=torch.double, generator=generator, requires_grad=True)
    taps = torch.randn(4, 3, dtype=torch.double, generator=generator, requires_grad=True)
    expected = F.conv1d(x, taps.t().unsqueeze(1), groups=3, dilation=2)
    torch.testing.assert_close(_Tapped.apply(x, taps, 2), expected)
    assert torch.autograd.gradcheck(lambda *inputs: _Tapped.apply(*inputs, 2), (x, taps))
