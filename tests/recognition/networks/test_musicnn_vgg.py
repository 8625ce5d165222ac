import pytest
import torch

from timbrescope.recognition.networks.musicnn_vgg import MusicnnVgg


def test_size_is_that_of_the_released_model() -> None:
    network = MusicnnVgg(50)
    assert sum(parameter.numel() for parameter in network.parameters()) == 605_748
    assert sum(values.numel() for name, values in network.named_buffers() if "running" in name) == 1_282


def test_scores_of_a_window_do_not_depend_on_its_batch() -> None:
    torch.manual_seed(0)
    network = MusicnnVgg(5, filters=4).eval()
    x = torch.rand(3, 187, 96)
    with torch.inference_mode():
        torch.testing.assert_close(network(x), torch.cat([network(window) for window in torch.split(x, 1)]))


@pytest.mark.parametrize("half", [0, 1])
def test_the_moments_of_a_window_keep_their_order(half: int) -> None:
    torch.manual_seed(0)
    network = MusicnnVgg(1, filters=4).eval()
    with torch.no_grad():
        network.output.weight.zero_()
        network.output.weight[0, 4 * half : 4 * half + 4] = 1.0  # only one of the two moments counts
    x = torch.rand(1, 187, 96)
    changed = x.clone()
    unheard = slice(0, 25) if half else slice(130, None)
    changed[:, unheard] = 0
    with torch.inference_mode():
        torch.testing.assert_close(network(changed), network(x))
