"""Norms with tall filters on a CPU: their statistics, and the scale and shift of the image, without a gradient of it.

What stands here is equal to the plain layers up to rounding, as in ``fast_convolution``.
"""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from timbrescope.recognition.networks.fast_convolution import (
    columns_of,
    count_positions,
    gradient_at,
    patches_of,
    peaks,
    taps_of,
)


def normalised_peaks(
    x: Tensor, weight: Tensor, bias: Tensor, norm: nn.BatchNorm2d, *, pool: int | None = None
) -> Tensor:
    """Return the largest values of a convolution with a norm after it; shapes are those of ``peaks``.

    The norm turns the order of values round where its scale is negative: there the smallest one is sought. In training
    it normalises by the statistics of the whole map, which follow from those of the image without making the map.

    Args:
        x: as in ``peaks``.
        weight: as in ``peaks``.
        bias: shape (filters, rows - width + 1).
        norm: of the filters; in training its running statistics move on.
        pool: as in ``peaks``.
    """
    sign = _sign(norm)
    extremes = peaks(x, weight * sign.view(-1, 1, 1), pool) * sign.view(-1, 1, 1) + bias.unsqueeze(2)
    statistics = _statistics(x, weight, bias) if norm.training else None
    return _normalise(extremes, norm, statistics, len(x) * bias.shape[1] * count_positions(x, weight))


def rectified_peaks(x: Tensor, weight: Tensor, bias: Tensor, norm: nn.BatchNorm2d) -> Tensor:
    """Return the largest values of a convolution with ReLU and then a norm after it, as they are in training.

    Here the map is made as a whole, once: what ReLU does to its statistics cannot be told from the image.

    Args:
        x: shape (batch, rows, positions).
        weight: shape (filters, width, height).
        bias: shape (filters, rows - width + 1).
        norm: of the filters, in training.

    Returns:
        Shape (batch, filters, rows - width + 1).
    """
    values, mean, square = _RECTIFIED_PEAKS(x.detach(), weight, bias, _sign(norm))
    count = values.numel() // values.shape[1] * count_positions(x, weight)
    return _normalise(values, norm, (mean, square - mean.square()), count)


def affine_as_filters(norm: nn.BatchNorm2d, weight: Tensor, bias: Tensor, frames: int) -> tuple[Tensor, Tensor]:
    """Return filters and bias that do to a normalised image what the given ones do to it scaled and shifted by a norm.

    So the scale and the shift learn without a gradient of the image.

    Args:
        norm: of the one channel of the image.
        weight: shape (filters, width, height).
        bias: shape (filters,).
        frames: number of rows; the image is padded with zeros to ``frames + width - 1``, the smaller half in front.

    Returns:
        Weight of the same shape, and bias of shape (filters, frames): at the edges the shift is not heard fully.
    """
    width = weight.shape[1]
    inside = F.pad(weight.new_ones(1, 1, frames), ((width - 1) // 2, width // 2))
    shift = F.conv1d(inside, weight.sum(dim=2).unsqueeze(1))[0] * norm.bias
    return weight * norm.weight, shift + bias.unsqueeze(1)


def normalised_image(windows: Tensor, norm: nn.BatchNorm2d) -> Tensor:
    """Return windows, shape (batch, frames, bands), normalised by an image's norm but neither scaled nor shifted."""
    image = windows.unsqueeze(1)
    momentum = _next_momentum(norm) if norm.training else 0.0
    plain = F.batch_norm(image, norm.running_mean, norm.running_var, None, None, norm.training, momentum, norm.eps)
    return plain.squeeze(1)


class _RectifiedPeaks(torch.autograd.Function):
    """Return the largest values after ReLU, times a sign, and mean and mean square of the whole rectified map."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor, sign: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        # The longer side of the filters is the one along which patches need no copies.
        upright = weight.shape[2] >= weight.shape[1]
        image, taps = (x, weight) if upright else (x.mT.contiguous(), weight.mT)
        filters, width, height = taps.shape
        batch, rows, positions = len(x), image.shape[1] - width + 1, image.shape[2] - height + 1
        columns, matrix = columns_of(image, width), taps_of(taps, 1)
        maps = x.new_empty(positions, batch, rows, filters)
        total, square = torch.zeros_like(sign), torch.zeros_like(sign)
        shape = (batch, x.shape[1] - weight.shape[1] + 1, filters)
        best, places = x.new_full(shape, -torch.inf), torch.zeros(shape, dtype=torch.int16)
        for position, (here, patches) in enumerate(
            zip(maps, patches_of(columns, width, len(matrix), 0, positions), strict=True)
        ):
            torch.mm(patches, matrix, out=here.view(-1, filters))
            here.add_(bias.t() if upright else bias[:, position]).relu_()
            total += here.sum(dim=(0, 1))
            square += torch.linalg.vector_norm(here, dim=(0, 1)).square_()
            signed = here * sign
            if upright:
                above = (signed > best).to(places.dtype)
                torch.maximum(places, above.mul_(position), out=places)
                torch.maximum(best, signed, out=best)
            else:
                best[:, position], places[:, position] = signed.max(dim=1)
        best *= sign
        count = maps.numel() // filters
        ctx.save_for_backward(x, columns, maps, places, best)
        ctx.upright, ctx.taps, ctx.shape = upright, taps.shape, weight.shape
        return best.transpose(1, 2), total / count, square / count

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, values: Tensor, mean: Tensor, square: Tensor) -> tuple[None, Tensor, Tensor, None]:
        x, columns, maps, places, best = ctx.saved_tensors
        filters, width, height = ctx.taps
        count = maps.numel() // filters
        slope, level = square * (2 / count), mean / count
        sparse = values.transpose(1, 2) * (best > 0)
        bias = sparse.sum(dim=0)
        weight = x.new_zeros(filters, height * width)
        for position, (here, patches) in enumerate(
            zip(maps, patches_of(columns, width, height * width, 0, len(maps)), strict=True)
        ):
            gradient = here.sign().mul_(level).addcmul_(here, slope)  # rectified values have the sign 0 or 1
            weight.addmm_(gradient.view(-1, filters).t(), patches)
            if ctx.upright:
                bias += gradient.sum(dim=0)
            else:
                bias[position] += gradient.sum(dim=(0, 1))
        weight = weight.view(filters, height, width).mT
        if not ctx.upright:
            weight = weight.mT
        weight = weight + gradient_at(x, places.unsqueeze(1), sparse.unsqueeze(1), *ctx.shape[1:])
        return None, weight, bias.t(), None


_RECTIFIED_PEAKS: Any = _RectifiedPeaks.apply  # torch gives it no types


def _statistics(x: Tensor, weight: Tensor, bias: Tensor) -> tuple[Tensor, Tensor]:
    """Return mean and variance of each filter's map from the covariances of what the filters see.

    The variance is that within rows of the result plus that between rows; a bias moves only the latter.
    """
    filters, width, _ = weight.shape
    positions = count_positions(x, weight)
    flat = weight.transpose(1, 2).reshape(filters, -1)
    with torch.no_grad():
        centre = x.mean()
        columns = columns_of(x - centre, width)
        products = (columns.t() @ columns).double()
        means = columns.view(len(x), -1, columns.shape[1]).mean(dim=0, dtype=torch.float64)
        length = flat.shape[1]
        second = products.new_zeros(length, length)
        patch_means = means.new_zeros(len(means), length)
        for start in range(0, positions * width, width):
            second += products[start : start + length, start : start + length]
            patch_means += means[:, start : start + length]
        patch_means /= positions
        within = second / (len(columns) * positions) - patch_means.t() @ patch_means / len(patch_means)
        within, patch_means = within.to(x.dtype), (patch_means + centre).to(x.dtype)
    rows = flat @ patch_means.t() + bias  # filters, rows
    return rows.mean(dim=1), ((flat @ within) * flat).sum(dim=1) + rows.var(dim=1, correction=0)


def _normalise(values: Tensor, norm: nn.BatchNorm2d, statistics: tuple[Tensor, Tensor] | None, count: int) -> Tensor:
    """Normalise values, shape (batch, channels, ...), as a norm does.

    Args:
        values: what to normalise.
        norm: in training its running statistics move on.
        statistics: mean and variance of the map that the values are taken from; None takes the running ones.
        count: how many values the statistics were made of.
    """
    mean, variance = norm.get_buffer("running_mean"), norm.get_buffer("running_var")
    if statistics is not None:
        momentum = _next_momentum(norm)
        mean.lerp_(statistics[0].detach(), momentum)
        variance.lerp_(statistics[1].detach() * (count / max(1, count - 1)), momentum)
        mean, variance = statistics
    shape = (-1, *[1] * (values.ndim - 2))
    scale = norm.weight * torch.rsqrt(variance + norm.eps)
    return (values - mean.view(shape)) * scale.view(shape) + norm.bias.view(shape)


def _sign(norm: nn.BatchNorm2d) -> Tensor:
    return torch.where(norm.weight.detach() < 0, -1.0, 1.0).to(norm.weight.dtype)


def _next_momentum(norm: nn.BatchNorm2d) -> float:
    """Count a batch; return how far the running statistics move towards it: without a momentum all weigh alike."""
    batches = norm.get_buffer("num_batches_tracked").add_(1)
    return 1 / int(batches) if norm.momentum is None else norm.momentum
