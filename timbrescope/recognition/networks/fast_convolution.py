"""Convolutions of one image with tall filters of which only the largest value along an axis counts, on a CPU.

Computed as it is written, such a layer makes a map for each filter, of which pooling throws nearly all away, and in
training it multiplies with a gradient that is zero nearly everywhere. Here the map is made a few positions at a time,
small enough for the processor's cache; the largest values are kept and where they stood, and the gradient of the
filters is gathered from those places. What keeps the order of values (a bias, ReLU, ELU, a norm) follows after the
maximum. All of it is equal to the plain layers up to rounding.
"""

from collections.abc import Iterator
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

_AT_ONCE = 2**18  # numbers that one product makes (1 MiB): what comes out stays in the cache
_TABLE = 2**20  # numbers of one table of patches
_WIDE = 64  # columns from which on a matrix product is fast


def is_faster(network: nn.Module, x: Tensor) -> bool:
    """Return whether a network's layers are to be computed here: on a CPU, in training or without gradients.

    Gradients in evaluation mode take the plain layers, and so does an input that needs a gradient: it gets none here.

    Args:
        network: in training or evaluation mode.
        x: what comes into the network.
    """
    plain = x.device.type != "cpu" or torch.is_autocast_enabled("cpu") or not len(x)
    return not plain and (not torch.is_grad_enabled() or (network.training and not x.requires_grad))


def peaks(x: Tensor, weight: Tensor, pool: int | None = None) -> Tensor:
    """Return the largest values along positions of a convolution, shape (batch, filters, rows - width + 1, pooled).

    The same as ``F.conv2d(x.unsqueeze(1), weight.unsqueeze(1))`` with its last axis max-pooled. Only the filters get a
    gradient.

    Args:
        x: shape (batch, rows, positions).
        weight: shape (filters, width, height): taps along the rows and along the positions.
        pool: pool that many positions each, and leave out what remains; None pools all of them into one.
    """
    block = pool or x.shape[2] - weight.shape[2] + 1
    if torch.is_grad_enabled():
        values: Tensor = _PEAKS(x.detach(), weight, block)
    else:
        values, _ = _largest(x, weight, block, keep_places=False)
    return values.permute(0, 3, 2, 1)


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
    return _normalise(extremes, norm, statistics, len(x) * bias.shape[1] * _positions(x, weight))


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
    count = values.numel() // values.shape[1] * _positions(x, weight)
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
    if norm.training and norm.num_batches_tracked is not None:
        norm.num_batches_tracked.add_(1)
    momentum = norm.momentum or 0.0
    plain = F.batch_norm(image, norm.running_mean, norm.running_var, None, None, norm.training, momentum, norm.eps)
    return plain.squeeze(1)


class _Peaks(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, block: int) -> Tensor:
        values, places = _largest(x, weight, block, keep_places=True)
        ctx.save_for_backward(x, places)
        ctx.shape = weight.shape
        return values

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[None, Tensor, None]:
        x, places = ctx.saved_tensors
        return None, _gathered(x, places, gradient, *ctx.shape[1:]), None


def _largest(x: Tensor, weight: Tensor, block: int, *, keep_places: bool) -> tuple[Tensor, Tensor]:
    """Return the largest values, shape (batch, pooled, rows, filters), and the positions where they stood."""
    filters, width, height = weight.shape
    batch, rows = x.shape[0], x.shape[1] - width + 1
    # Few filters make a narrow, slow product: neighbouring positions, the lanes, share one, a little taller.
    lanes = max(1, min(block, _WIDE // filters, 1 + height // 4))
    taps = _taps(weight, lanes)
    values = x.new_empty(batch, _positions(x, weight) // block, rows, filters)
    places = torch.empty(values.shape if keep_places else 0, dtype=torch.uint8 if x.shape[2] < 256 else torch.int16)
    windows = max(1, min(batch, _AT_ONCE // (rows * lanes * filters)))
    for first in range(0, batch, windows):
        columns = _columns(x[first : first + windows], width)
        for cell in range(values.shape[1]):
            best, where = _largest_of(
                columns, taps, width, range(cell * block, (cell + 1) * block), lanes, keep_places=keep_places
            )
            into = values[first : first + windows, cell]
            into.copy_(best.view_as(into))
            if keep_places:
                places[first : first + windows, cell] = where.view(into.shape)
    return values, places


def _largest_of(
    columns: Tensor, taps: Tensor, width: int, positions: range, lanes: int, *, keep_places: bool
) -> tuple[Tensor, Tensor]:
    """Return the largest values of some positions, shape (rows, filters), and where each stood."""
    rows, numbers = len(columns), taps.shape[1]
    at_once = max(1, _AT_ONCE // (rows * numbers))
    buffer = columns.new_empty(min(at_once, len(positions)), rows, numbers)
    best = columns.new_full((rows, numbers), -torch.inf)
    where = torch.zeros(rows if keep_places else 0, numbers, dtype=torch.uint8 if positions.stop < 256 else torch.int16)
    for start, steps in _starts(positions, lanes, at_once):
        out = torch.bmm(
            _patches(columns, width, len(taps), start, steps, lanes), taps.expand(steps, -1, -1), out=buffer[:steps]
        )
        if not keep_places:
            torch.maximum(best, out.amax(dim=0), out=best)
            continue
        for step, here in enumerate(out):  # several times as fast as torch.max with its indices
            above = (here > best).to(where.dtype)
            torch.maximum(where, above.mul_(start + step * lanes), out=where)
            torch.maximum(best, here, out=best)
    best = best.view(rows, lanes, -1)
    if not keep_places:
        return best.amax(dim=1), where
    best, lane = best.max(dim=1, keepdim=True)
    return best.squeeze(1), (where.view(rows, lanes, -1).gather(1, lane) + lane).squeeze(1)


def _starts(positions: range, lanes: int, at_once: int) -> Iterator[tuple[int, int]]:
    """Yield the first position and the number of steps of each product; the last may hear a position once more."""
    whole = len(positions) // lanes
    for step in range(0, whole, at_once):
        yield positions.start + step * lanes, min(at_once, whole - step)
    if len(positions) % lanes:
        yield positions.stop - lanes, 1


def _taps(weight: Tensor, lanes: int) -> Tensor:
    """Return the filters as columns, each as often as there are lanes, one position further each time."""
    filters, width, height = weight.shape
    taps = weight.new_zeros(lanes, filters, height + lanes - 1, width)
    for lane in range(lanes):
        taps[lane, :, lane : lane + height] = weight.transpose(1, 2)
    return taps.view(lanes * filters, -1).t()


def _columns(x: Tensor, width: int) -> Tensor:
    """Return what filters of a width have before them in each row, shape (batch * rows, positions * width)."""
    return x.unfold(1, width, 1).flatten(2).flatten(0, 1).contiguous()


def _patches(columns: Tensor, width: int, length: int, start: int, steps: int, stride: int = 1) -> Tensor:
    """Return patches at some positions, shape (steps, rows, length), as a view: neighbours overlap in memory."""
    strides = (stride * width, columns.stride(0), 1)
    return columns.as_strided((steps, len(columns), length), strides, columns.storage_offset() + start * width)


def _gathered(x: Tensor, places: Tensor, gradient: Tensor, width: int, height: int) -> Tensor:
    """Return the gradient of filters: of each the patches in which it was largest, weighted and added.

    Patches are added up piece by piece along their longer side.

    Args:
        x: shape (batch, rows, positions).
        places: position of each maximum, shape (batch, pooled, rows, filters).
        gradient: of each maximum.
        width: of the filters.
        height: of the filters.
    """
    filters, length = gradient.shape[3], max(width, height)
    along_rows = width > height
    total = x.new_zeros(min(width, height), filters, length)
    windows = max(1, _TABLE // (x[0].numel() * length))
    for start in range(0, len(x), windows):
        part = slice(start, start + windows)
        patches = x[part].unfold(1 if along_rows else 2, length, 1)  # batch, rows, positions, length
        batch, rows, positions, _ = patches.shape
        row = torch.arange(batch).view(-1, 1, 1, 1) * rows + torch.arange(gradient.shape[2]).view(-1, 1)
        index = (places[part] + row * positions).permute(3, 0, 1, 2).reshape(filters, -1)
        table = patches.reshape(-1, length)
        weights = gradient[part].permute(3, 0, 1, 2).reshape(filters, -1).contiguous()
        for piece in range(len(total)):
            total[piece] += F.embedding_bag(index, table, per_sample_weights=weights, mode="sum")
            index += 1 if along_rows else positions
    return total.permute(1, 2, 0) if along_rows else total.transpose(0, 1)


class _RectifiedPeaks(torch.autograd.Function):
    """Return the largest values after ReLU, times a sign, and mean and mean square of the whole rectified map."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor, sign: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        # The longer side of the filters is the one along which patches need no copies.
        upright = weight.shape[2] >= weight.shape[1]
        image, taps = (x, weight) if upright else (x.mT.contiguous(), weight.mT)
        filters, width, height = taps.shape
        batch, rows, positions = len(x), image.shape[1] - width + 1, image.shape[2] - height + 1
        columns, matrix = _columns(image, width), _taps(taps, 1)
        maps = x.new_empty(positions, batch, rows, filters)
        total, square = torch.zeros_like(sign), torch.zeros_like(sign)
        shape = (batch, x.shape[1] - weight.shape[1] + 1, filters)
        best, places = x.new_full(shape, -torch.inf), torch.zeros(shape, dtype=torch.int16)
        for position, (here, patches) in enumerate(
            zip(maps, _patches(columns, width, len(matrix), 0, positions), strict=True)
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
            zip(maps, _patches(columns, width, height * width, 0, len(maps)), strict=True)
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
        weight = weight + _gathered(x, places.unsqueeze(1), sparse.unsqueeze(1), *ctx.shape[1:])
        return None, weight, bias.t(), None


def _statistics(x: Tensor, weight: Tensor, bias: Tensor) -> tuple[Tensor, Tensor]:
    """Return mean and variance of each filter's map from the covariances of what the filters see.

    The variance is that within rows of the result plus that between rows; a bias moves only the latter.
    """
    filters, width, _ = weight.shape
    positions = _positions(x, weight)
    flat = weight.transpose(1, 2).reshape(filters, -1)
    with torch.no_grad():
        centre = x.mean()
        columns = _columns(x - centre, width)
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
        momentum = norm.momentum or 0.0
        norm.get_buffer("num_batches_tracked").add_(1)
        mean.lerp_(statistics[0].detach(), momentum)
        variance.lerp_(statistics[1].detach() * (count / max(1, count - 1)), momentum)
        mean, variance = statistics
    shape = (-1, *[1] * (values.ndim - 2))
    scale = norm.weight * torch.rsqrt(variance + norm.eps)
    return (values - mean.view(shape)) * scale.view(shape) + norm.bias.view(shape)


def _positions(x: Tensor, weight: Tensor) -> int:
    return x.shape[2] - weight.shape[2] + 1


def _sign(norm: nn.BatchNorm2d) -> Tensor:
    return torch.where(norm.weight.detach() < 0, -1.0, 1.0).to(norm.weight.dtype)


_PEAKS: Any = _Peaks.apply  # torch gives it no types
_RECTIFIED_PEAKS: Any = _RectifiedPeaks.apply
