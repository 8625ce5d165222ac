from collections.abc import Iterator

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from timbrescope.recognition.networks import (
    build,
    entry,
    fast_convolution,
    musicnn,
    pons2017_instruments,
    pons2017_phonemes,
    pons2017_tags,
    smc_musicnn,
)
from timbrescope.recognition.networks.fast_convolution import is_faster, peaks
from timbrescope.recognition.networks.fast_norm import normalised_peaks, rectified_peaks

FRONTS = {
    "musicnn": musicnn,
    "smc-musicnn": smc_musicnn,
    "pons-singlelayer": pons2017_instruments,
    "pons-multilayer": pons2017_instruments,
    "pons-tags-x1": pons2017_tags,
    "pons-phonemes": pons2017_phonemes,
}
# The least that each hears; musicnn and smc-musicnn hear any length and any number of bands.
SHAPES = {"musicnn": (21, 19), "smc-musicnn": (21, 23)}
# rows, positions, filters, taps along the rows and along the positions, pool
LAYERS = [
    (9, 23, 3, 1, 10, None),
    (9, 23, 3, 1, 10, 4),
    (11, 22, 5, 7, 13, None),
    (10, 8, 70, 2, 8, None),  # one position
    (12, 9, 4, 12, 1, None),  # one row
    (30, 17, 6, 21, 2, None),
    (3, 300, 2, 1, 3, None),  # more positions than a byte can say
    (3, 300, 2, 1, 3, 280),
]


@pytest.fixture(params=[2**18, 200])
def several_parts(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Compute everything at once, and in many parts."""
    monkeypatch.setattr(fast_convolution, "_AT_ONCE", request.param)
    monkeypatch.setattr(fast_convolution, "_TABLE", request.param)


@pytest.fixture(autouse=True)
def seed() -> Iterator[None]:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        yield


def layer(case: tuple[int, int, int, int, int, int | None], batch: int) -> tuple[Tensor, Tensor, int | None]:
    rows, positions, filters, width, height, pool = case
    x = torch.randn(batch, rows, positions, dtype=torch.float64)
    return x, torch.randn(filters, width, height, dtype=torch.float64, requires_grad=True), pool


def plain_map(x: Tensor, weight: Tensor) -> Tensor:
    return functional.conv2d(x.unsqueeze(1), weight.unsqueeze(1))


def pooled(values: Tensor, pool: int | None) -> Tensor:
    return functional.max_pool2d(values, (1, pool or values.shape[3]))


def norm_of(filters: int) -> nn.BatchNorm2d:
    """Return a norm whose scales have both signs."""
    norm = nn.BatchNorm2d(filters, momentum=0.3).double()
    with torch.no_grad():
        for values in (norm.weight, norm.bias, norm.get_buffer("running_mean")):
            values.normal_()
    return norm


@pytest.mark.usefixtures("several_parts")
@pytest.mark.parametrize("batch", [1, 3])
@pytest.mark.parametrize("case", LAYERS)
def test_peaks_are_those_of_the_plain_layer(case: tuple[int, int, int, int, int, int | None], batch: int) -> None:
    x, weight, pool = layer(case, batch)
    plain = pooled(plain_map(x, weight), pool)
    fast = peaks(x, weight, pool)
    torch.testing.assert_close(fast, plain)
    weights = torch.randn_like(plain)
    expected = torch.autograd.grad((plain * weights).sum(), weight)
    torch.testing.assert_close(torch.autograd.grad((fast * weights).sum(), weight), expected)
    with torch.no_grad():
        torch.testing.assert_close(peaks(x, weight, pool), plain)


@pytest.mark.usefixtures("several_parts")
@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("case", LAYERS)
def test_norm_is_that_of_the_plain_layer(case: tuple[int, int, int, int, int, int | None], training: bool) -> None:
    x, weight, pool = layer(case, 3)
    x += 5  # a mean that the variance must not feel
    bias = torch.randn(len(weight), x.shape[1] - weight.shape[1] + 1, dtype=torch.float64, requires_grad=True)
    ours, theirs = norm_of(len(weight)).train(training), norm_of(len(weight)).train(training)
    theirs.load_state_dict(ours.state_dict())
    fast = normalised_peaks(x, weight, bias, ours, pool=pool)
    plain = pooled(theirs(plain_map(x, weight) + bias.unsqueeze(2)), pool)
    torch.testing.assert_close(fast, plain)
    for name, value in theirs.state_dict().items():
        torch.testing.assert_close(ours.state_dict()[name], value, msg=name)
    weights = torch.randn_like(plain)
    expected = torch.autograd.grad((plain * weights).sum(), [weight, bias, *theirs.parameters()])
    got = torch.autograd.grad((fast * weights).sum(), [weight, bias, *ours.parameters()])
    torch.testing.assert_close(got, expected)


@pytest.mark.parametrize("case", [case for case in LAYERS if case[-1] is None])
def test_rectified_norm_is_that_of_the_plain_layer(case: tuple[int, int, int, int, int, int | None]) -> None:
    x, weight, _ = layer(case, 3)
    bias = torch.randn(len(weight), x.shape[1] - weight.shape[1] + 1, dtype=torch.float64, requires_grad=True)
    ours, theirs = norm_of(len(weight)), norm_of(len(weight))
    theirs.load_state_dict(ours.state_dict())
    fast = rectified_peaks(x, weight, bias, ours)
    plain = theirs(functional.relu(plain_map(x, weight) + bias.unsqueeze(2))).amax(dim=3)
    torch.testing.assert_close(fast, plain)
    for name, value in theirs.state_dict().items():
        torch.testing.assert_close(ours.state_dict()[name], value, msg=name)
    weights = torch.randn_like(plain)
    expected = torch.autograd.grad((plain * weights).sum(), [weight, bias, *theirs.parameters()])
    got = torch.autograd.grad((fast * weights).sum(), [weight, bias, *ours.parameters()])
    torch.testing.assert_close(got, expected)


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize(("batch", "length"), [(1, 1.0), (3, 1.0), (1, 2.3)])
@pytest.mark.parametrize("name", FRONTS)
def test_network_is_the_plain_one(
    name: str, batch: int, length: float, training: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    frames, n_mels = SHAPES.get(name, entry(name).window)
    options = {"n_mels": n_mels} if name in SHAPES else {}
    network = build(name, 3, **options).double()
    with torch.no_grad():  # statistics, scales and biases as trained networks have them
        for values in network.state_dict().values():
            if values.ndim == 1:
                values.copy_(torch.rand_like(values) + 0.5)
        for norm in network.modules():
            if isinstance(norm, nn.BatchNorm2d):
                norm.weight[::2] *= -1
    before = {key: value.clone() for key, value in network.state_dict().items()}
    x = 2 * torch.randn(batch, int(length * frames), n_mels, dtype=torch.float64) - 1

    def result() -> tuple[Tensor, list[Tensor], dict[str, Tensor]]:
        network.load_state_dict(before)
        network.train(training)
        for layer in network.modules():
            if isinstance(layer, nn.BatchNorm1d | nn.Dropout):  # after pooling one window has no statistics
                layer.eval()
        with torch.set_grad_enabled(training):
            logits = network(x)
        gradients = torch.autograd.grad(logits.square().sum(), list(network.parameters())) if training else ()
        return logits, list(gradients), {key: value.clone() for key, value in network.state_dict().items()}

    fast = result()
    monkeypatch.setattr(FRONTS[name], "is_faster", lambda *_: False)
    plain = result()
    assert not torch.equal(fast[0], plain[0])  # otherwise this test compares the plain way with itself
    torch.testing.assert_close(fast, plain, atol=1e-9, rtol=1e-6)


def test_gradients_of_the_input_take_the_plain_way() -> None:
    network = build("pons-phonemes", 3)
    x = torch.randn(2, 21, 80)
    assert is_faster(network, x)
    assert not is_faster(network, x.clone().requires_grad_())
    assert not is_faster(network, x[:0])
    assert not is_faster(network, x.to("meta"))
    assert not is_faster(network.eval(), x)
    with torch.no_grad():
        assert is_faster(network, x)
    x.requires_grad_()
    network(x).sum().backward()
    assert x.grad is not None
    assert x.grad.any()
