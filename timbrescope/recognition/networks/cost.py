"""What a network costs: how many numbers it is made of, and how much it has to multiply."""

from itertools import chain

import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.utils.flop_counter import FlopCounterMode

from timbrescope.recognition.networks.fittable import Fittable


def learnable(network: nn.Module) -> int:
    """Return the number of parameters that training changes.

    Of a model that learns without gradients these are all the values that it has learnt.
    """
    if isinstance(network, Fittable):
        return sum(values.numel() for values in network.state_dict().values())
    return sum(parameter.numel() for parameter in network.parameters() if parameter.requires_grad)


def with_statistics(network: nn.Module) -> int:
    """Return the number of learnable parameters, running means and running variances.

    Keras and Lasagne count so, and with them several papers.
    """
    return learnable(network) + sum(
        statistic.numel()
        for layer in network.modules()
        if isinstance(layer, _BatchNorm)
        for statistic in (layer.running_mean, layer.running_var)
        if statistic is not None
    )


def multiply_adds(network: nn.Module, window: tuple[int, ...]) -> int:
    """Return how many multiplications with addition one window takes, in convolutions and matrix products.

    A network on the ``meta`` device is counted without computing anything.

    Args:
        network: left in the mode, training or evaluation, that it was in.
        window: shape of one input without the batch, as in its registry entry.
    """
    device = next(chain(network.parameters(), network.buffers())).device
    was_training = network.training
    network.eval()
    try:
        # With gradients, as in training: what a network computes in fewer steps without them is not counted here.
        with torch.enable_grad(), FlopCounterMode(display=False) as counter:
            network(torch.zeros(1, *window, device=device))
    finally:
        network.train(was_training)
    return int(counter.get_total_flops()) // 2  # the counter takes a multiplication and an addition as two
