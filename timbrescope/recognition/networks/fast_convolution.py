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
    So do exports to other programs: what is written is to fit any number of windows.

    Args:
        network: in training or evaluation mode.
        x: what comes into the network.
    """
    if torch.compiler.is_compiling():
        return False  # before anything asks how many windows there are: that would become a part of what is written
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
        return None, gradient_at(x, places, gradient, *ctx.shape[1:]), None


def _largest(x: Tensor, weight: Tensor, block: int, *, keep_places: bool) -> tuple[Tensor, Tensor]:
    """Return the largest values, shape (batch, pooled, rows, filters), and the positions where they stood."""
    filters, width, height = weight.shape
    batch, rows = x.shape[0], x.shape[1] - width + 1
    # Few filters make a narrow, slow product: neighbouring positions, the lanes, share one, a little taller.
    lanes = max(1, min(block, _WIDE // filters, 1 + height // 4))
    taps = taps_of(weight, lanes)
    values = x.new_empty(batch, count_positions(x, weight) // block, rows, filters)
    places = torch.empty(values.shape if keep_places else 0, dtype=torch.uint8 if x.shape[2] < 256 else torch.int16)
    windows = max(1, min(batch, _AT_ONCE // (rows * lanes * filters)))
    for first in range(0, batch, windows):
        columns = columns_of(x[first : first + windows], width)
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
            patches_of(columns, width, len(taps), start, steps, lanes), taps.expand(steps, -1, -1), out=buffer[:steps]
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


def taps_of(weight: Tensor, lanes: int) -> Tensor:
    """Return the filters as columns, each as often as there are lanes, one position further each time."""
    filters, width, height = weight.shape
    taps = weight.new_zeros(lanes, filters, height + lanes - 1, width)
    for lane in range(lanes):
        taps[lane, :, lane : lane + height] = weight.transpose(1, 2)
    return taps.view(lanes * filters, -1).t()


def columns_of(x: Tensor, width: int) -> Tensor:
    """Return what filters of a width have before them in each row, shape (batch * rows, positions * width)."""
    return x.unfold(1, width, 1).flatten(2).flatten(0, 1).contiguous()


def patches_of(columns: Tensor, width: int, length: int, start: int, steps: int, stride: int = 1) -> Tensor:
    """Return patches at every ``stride``-th position, shape (steps, rows, length), as a view: neighbours overlap."""
    strides = (stride * width, columns.stride(0), 1)
    return columns.as_strided((steps, len(columns), length), strides, columns.storage_offset() + start * width)


def gradient_at(x: Tensor, places: Tensor, gradient: Tensor, width: int, height: int) -> Tensor:
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


def count_positions(x: Tensor, weight: Tensor) -> int:
    """Return at how many positions filters fit into an image."""
    return x.shape[2] - weight.shape[2] + 1


_PEAKS: Any = _Peaks.apply  # torch gives it no types
