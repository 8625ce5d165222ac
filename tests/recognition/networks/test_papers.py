from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from timbrescope.recognition.networks import build, entry, names
from timbrescope.recognition.networks.cost import learnable, with_statistics
from timbrescope.recognition.networks.initial_weights import initialise
from timbrescope.recognition.networks.pons2016 import Frequency, Time, TimeFrequency
from timbrescope.recognition.networks.pons2017_instruments import pad_same

# Learnable parameters, and the same with running means and variances. The papers print the first or the second number.
SIZES = {
    "black-box-12x8": (3_275_312, 3_275_312),
    "black-box-12x200": (2_363_440, 2_363_440),
    "time-60": (7_336, 7_336),
    "time-200": (19_496, 19_496),
    "frequency-30": (3_816, 3_816),
    "frequency-32": (3_368, 3_368),
    "frequency-34": (2_920, 2_920),
    "frequency-36": (2_472, 2_472),
    "frequency-38": (2_024, 2_024),
    "frequency-40": (1_576, 1_576),
    "time-frequency": (196_816, 196_816),
    "pons-phonemes": (222_557, 222_557),
    "small-rectangular-phonemes": (221_153, 221_897),
    "mlp-phonemes-dan": (481_391, 481_391),
    "mlp-phonemes-laosheng": (430_379, 430_379),
    "pons-singlelayer": (61_867, 62_763),
    "pons-multilayer": (742_315, 743_723),
    "han": (1_446_123, 1_446_123),
    "pons-tags-x1": (74_526, 74_526),
    "pons-tags-x2": (191_006, 191_006),
    "pons-tags-x4": (565_278, 565_278),
    "dieleman": (74_974, 74_974),
    "small-rectangular-tags": (73_778, 74_130),
    "segal": (4_319_052, 4_319_054),
    "k2c2": (39_282, 39_602),
    "choi-fcn-4": (17_365_938, 17_372_594),
    "choi-fcn-5": (25_183_026, 25_190_962),
}
# These keep the best of all frames there are; the others hear longer inputs window by window.
POOLED = [name for name in SIZES if name.startswith("frequency-") or name in {"pons-phonemes", "han"}]
WINDOWED = [name for name in SIZES if name not in POOLED]
NARROW: dict[str, dict[str, tuple[int, ...]]] = {  # the same, sooner
    "choi-fcn-4": {"filters": (8,) * 4},
    "choi-fcn-5": {"filters": (8,) * 5},
}


def network_of(name: str, n_labels: int) -> nn.Module:
    torch.manual_seed(0)
    return build(name, n_labels, **NARROW.get(name, {}))


def sound(name: str, batch: int = 2, windows: float = 1.0) -> Tensor:
    frames, n_mels = entry(name).window
    generator = torch.Generator().manual_seed(1)
    return torch.randn(batch, int(windows * frames), n_mels, generator=generator)


@pytest.mark.parametrize("name", SIZES)
def test_size_is_that_of_the_paper(name: str) -> None:
    with torch.device("meta"):
        network = build(name, entry(name).labels)
    assert (learnable(network), with_statistics(network)) == SIZES[name]


def test_every_network_has_a_logit_for_each_label() -> None:
    for name in names():
        if name.startswith("tests-"):  # made by other tests
            continue
        with torch.device("meta"):
            logits = build(name, 3).eval()(torch.zeros(2, *entry(name).window))
        assert logits.shape == (2, 3), name


@pytest.mark.parametrize("name", SIZES)
def test_logits_are_not_yet_probabilities(name: str) -> None:
    network = network_of(name, 7).eval()
    with torch.no_grad():
        logits = network(10 * sound(name))
    assert logits.isfinite().all()
    assert (logits < 0).any() or (logits > 1).any()
    assert not torch.allclose(logits.sum(dim=1), torch.ones(2))


@pytest.mark.parametrize("name", SIZES)
def test_every_parameter_learns(name: str) -> None:
    network = network_of(name, 3)
    network(sound(name, batch=4)).square().sum().backward()
    idle = [key for key, value in network.named_parameters() if value.grad is None or not value.grad.any()]
    assert not idle


@pytest.mark.parametrize("name", WINDOWED)
def test_longer_input_is_heard_window_by_window(name: str) -> None:
    network, x, frames = network_of(name, 3).eval(), sound(name, windows=2.5), entry(name).window[0]
    with torch.no_grad():
        apart = torch.stack([network(x[:, :frames]), network(x[:, frames : 2 * frames])])
        torch.testing.assert_close(network(x), apart.mean(dim=0))


@pytest.mark.parametrize("name", POOLED)
def test_anywhere_in_a_longer_input_counts_the_same(name: str) -> None:
    network, event = network_of(name, 3).eval(), sound(name)
    pools = 27  # the distance at which Han's three layers of pooling begin anew
    early, late = (functional.pad(event, (0, 0, before, 4 * pools - before)) for before in (pools, 3 * pools))
    with torch.no_grad():
        torch.testing.assert_close(network(late), network(early))
        assert not torch.allclose(network(late), network(torch.zeros_like(late)))


@pytest.mark.parametrize("name", WINDOWED)
def test_input_shorter_than_a_window_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="shorter"):
        network_of(name, 3)(sound(name)[:, :-1])


def test_time_frequency_starts_from_trained_filters() -> None:
    torch.manual_seed(0)
    time, frequency = Time(8, width=60, frames=80), Frequency(8, height=32)
    network = TimeFrequency.from_trained(time, frequency, 8)
    assert torch.equal(network.time.weight, time.conv.weight)
    assert torch.equal(network.frequency.weight, frequency.conv.weight)
    with torch.no_grad():
        network.time.weight.zero_()
    assert time.conv.weight.any()
    with pytest.raises(RuntimeError):
        TimeFrequency.from_trained(Time(8, width=200, frames=250), frequency, 8)


def test_time_and_frequency_hear_only_their_axis() -> None:
    x = sound("time-60")
    time, frequency = network_of("time-60", 3).eval(), network_of("frequency-32", 3).eval()
    bands, frames = torch.randperm(40), torch.randperm(80)
    with torch.no_grad():
        torch.testing.assert_close(time(x[:, :, bands]), time(x))
        torch.testing.assert_close(frequency(x[:, frames]), frequency(x))


@pytest.mark.parametrize(("height", "before"), [(5, 2), (80, 40), (2, 1)])
def test_same_padding_is_that_of_the_original(height: int, before: int) -> None:
    """Put a click into one band: a filter's last tap meets it ``height - 1 - before`` bands earlier in the map."""
    image = torch.zeros(1, 1, 96, 9)
    image[0, 0, 90, 4] = 1
    last_tap = torch.zeros(1, 1, height, 3)
    last_tap[0, 0, -1, 1] = 1
    out = functional.conv2d(pad_same(image, (height, 3)), last_tap)
    assert out.shape == image.shape
    assert out.nonzero().tolist() == [[0, 0, 90 - (height - 1 - before), 4]]


@pytest.mark.parametrize("draw", [nn.init.xavier_uniform_, nn.init.kaiming_normal_])
def test_networks_start_without_bias(draw: Callable[[Tensor], Tensor]) -> None:
    layers = [nn.Conv2d(1, 2, 3), nn.Conv2d(2, 2, 3, bias=False), nn.Linear(8, 3)]
    torch.manual_seed(0)
    initialise(nn.Sequential(*layers), draw)
    torch.manual_seed(0)
    for layer in layers:
        weight = layer.get_parameter("weight")
        assert torch.equal(weight, draw(torch.empty_like(weight)))
    assert not any(values.any() for layer in layers for key, values in layer.named_parameters() if key == "bias")
