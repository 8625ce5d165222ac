import pytest
import torch
from torch import Tensor, nn

from timbrescope.recognition.networks import build, entry
from timbrescope.recognition.networks.cost import learnable, multiply_adds
from timbrescope.recognition.networks.efficientat import SAMPLE_RATE, EfficientAt
from timbrescope.recognition.networks.embedding import Embedder
from timbrescope.recognition.networks.timbre_encoder import TimbreEncoder

NAME = "timbre-encoder"


def sound(frames: int = 100, batch: int = 2) -> Tensor:
    return torch.randn(batch, frames, 128, generator=torch.Generator().manual_seed(1))


def settled(network: nn.Module, batch: Tensor) -> None:
    """Give all norms the statistics of a batch, so that what comes in shows in what comes out, as after training."""
    for layer in network.modules():
        if isinstance(layer, nn.BatchNorm2d):
            layer.momentum = 1.0
    with torch.no_grad():
        network.train()(batch)
    network.eval()


@pytest.fixture
def network() -> TimbreEncoder:
    torch.manual_seed(0)
    network = TimbreEncoder(13)
    nn.init.normal_(network.mixture.weight)  # it starts at nothing
    settled(network, sound(batch=8))
    return network


def test_size_cost_and_window() -> None:
    known = entry(NAME)
    with torch.device("meta"):
        network = build(NAME, known.labels)
    assert known.window == (100, 128)
    assert known.labels == 13
    assert known.seconds == pytest.approx(1.0)
    assert learnable(network) == 721_453
    assert multiply_adds(network, known.window) / 1e6 == pytest.approx(17.2, abs=0.05)


def test_starts_as_the_network_whose_weights_it_takes() -> None:
    torch.manual_seed(0)
    donor = EfficientAt(13)
    samples = torch.randn(8, SAMPLE_RATE, generator=torch.Generator().manual_seed(3))
    samples *= torch.logspace(-4, 0, 8).unsqueeze(1)  # from soft to loud
    settled(donor, samples)
    network = TimbreEncoder(13).eval()
    missing, unexpected = network.load_state_dict(donor.state_dict(), strict=False)
    assert not unexpected
    assert {name.split(".")[0] for name in missing} == {"shaped", "shaped_norm", "mixture"}
    with torch.inference_mode():
        image = donor.front_end(samples)
        windows = image.squeeze(1).transpose(1, 2)
        dense = donor.dense(donor.features(image).mean(dim=(2, 3)))
        assert dense.std(dim=0).mean() > 0.01  # soft and loud ones differ
        torch.testing.assert_close(network.embed(windows), dense)
        torch.testing.assert_close(network(windows), donor(samples))
        nn.init.normal_(network.mixture.weight)
        assert (network.embed(windows) - dense).abs().mean() > 0.01


def test_a_fresh_one_has_nothing_in_its_mixture() -> None:
    network = build(NAME, 3)
    assert isinstance(network, TimbreEncoder)
    assert not network.mixture.weight.any()


@pytest.mark.parametrize("frames", [32, 33, 67, 100, 250])
def test_windows_of_any_length_become_one_vector(network: TimbreEncoder, frames: int) -> None:
    windows = sound(frames)
    with torch.inference_mode():
        together = network.embed(windows)
        alone = torch.cat([network.embed(window) for window in windows.split(1)])
    assert together.shape == (2, network.embedding_size) == (2, 512)
    assert together.isfinite().all()
    torch.testing.assert_close(alone, together, atol=1e-5, rtol=1e-4)


def test_scores_are_those_of_the_embedding(network: TimbreEncoder) -> None:
    assert isinstance(network, Embedder)
    with torch.inference_mode():
        logits = network(sound())
        torch.testing.assert_close(logits, network.classify(network.embed(sound())), atol=0, rtol=0)
    assert logits.shape == (2, 13)


def test_every_parameter_learns_once_the_mixture_has_begun() -> None:
    torch.manual_seed(0)
    network = TimbreEncoder(3)
    optimiser = torch.optim.SGD(network.parameters(), lr=0.1)
    for _ in range(2):  # the filters before an empty mixture have no part in the first step
        optimiser.zero_grad()
        network(sound(batch=4)).square().sum().backward()
        optimiser.step()
    assert not [key for key, value in network.named_parameters() if value.grad is None or not value.grad.any()]
