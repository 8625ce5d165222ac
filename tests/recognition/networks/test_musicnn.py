import pytest
import torch
from torch import Tensor, nn

from timbrescope.core.errors import ModelError
from timbrescope.recognition import networks
from timbrescope.recognition.networks.musicnn import Musicnn


def shaken(network: Musicnn) -> Musicnn:
    """Give the norms statistics and scales of both signs, as trained ones have."""
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for layer in network.modules():
            if isinstance(layer, nn.BatchNorm1d | nn.BatchNorm2d):
                for values in (layer.weight, layer.bias, layer.get_buffer("running_mean")):
                    values.copy_(torch.randn(values.shape, generator=generator))
                layer.get_buffer("running_var").uniform_(0.5, 2, generator=generator)
    return network.eval()


def windows(count: int, frames: int = 187, n_mels: int = 96) -> Tensor:
    return 3 * torch.rand(count, frames, n_mels, generator=torch.Generator().manual_seed(2))


@pytest.fixture(scope="module")
def network() -> Musicnn:
    torch.manual_seed(0)
    return shaken(Musicnn(50))


def test_size_is_that_of_the_released_model(network: Musicnn) -> None:
    assert sum(parameter.numel() for parameter in network.parameters()) == 787_159
    assert sum(values.numel() for name, values in network.named_buffers() if "running" in name) == 4_920


# The numbers of mel bands make positions and taps along frequency even and odd in all four ways.
@pytest.mark.parametrize(("frames", "n_mels"), [(187, 96), (187, 97), (40, 48), (131, 80), (7, 30), (20, 33), (20, 35)])
def test_fast_way_is_equal_to_the_plain_one(frames: int, n_mels: int) -> None:
    torch.manual_seed(0)
    network = shaken(Musicnn(5, n_mels))
    x = windows(2, frames, n_mels)
    plain = network(x).detach()
    with torch.no_grad():
        fast = network(x)
    assert not torch.equal(fast, plain)  # otherwise this test compares the plain way with itself
    torch.testing.assert_close(fast, plain, atol=1e-5, rtol=1e-5)


def test_scores_of_a_window_do_not_depend_on_its_batch(network: Musicnn) -> None:
    x = windows(11)
    with torch.inference_mode():
        together = network(x)
        alone = torch.cat([network(window) for window in torch.split(x, 1)])
    torch.testing.assert_close(together, alone, atol=1e-5, rtol=1e-5)


def test_windows_that_overlap_in_memory_score_like_copies(network: Musicnn) -> None:
    overlapping = windows(1, 300)[0].unfold(0, 187, 50).transpose(1, 2)
    with torch.inference_mode():
        torch.testing.assert_close(network(overlapping), network(overlapping.clone()))


def test_no_windows_give_no_scores(network: Musicnn) -> None:
    with torch.inference_mode():
        assert network(windows(1)[:0]).shape == (0, 50)


def test_every_parameter_learns() -> None:
    network = Musicnn(3, n_mels=20)
    network(windows(4, 40, 20)).square().sum().backward()
    still = [name for name, values in network.named_parameters() if values.grad is None]
    assert still == []


def test_training_normalises_by_the_batch_with_or_without_gradients() -> None:
    network = shaken(Musicnn(3, n_mels=20)).train()
    network.dropout.eval()
    x = windows(4, 40, 20)
    plain = network(x).detach()
    with torch.no_grad():
        torch.testing.assert_close(network(x), plain)


def test_registry_builds_by_name() -> None:
    assert "musicnn" in networks.names()
    assert isinstance(networks.build("musicnn", 7, n_mels=40), Musicnn)


def test_registry_names_what_it_knows() -> None:
    with pytest.raises(ModelError, match=r"'muiscnn'; .*musicnn"):
        networks.build("muiscnn", 50)
    with pytest.raises(ModelError, match="n_mel"):
        networks.build("musicnn", 50, n_mel=96)


def test_two_networks_of_one_name_are_a_mistake() -> None:
    with pytest.raises(ValueError, match="musicnn"):
        networks.register("musicnn", family="", paper="", window=(187, 96), labels=50, seconds=3.0)(Musicnn)
