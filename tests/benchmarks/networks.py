"""How fast the networks compute and learn on this machine's CPU, beside their plain layers and the matrix product.

The share of the limit is the multiply-adds that the plain layers take, at the speed of a matrix product in the same
run: a way that multiplies less than they do can get above 100 %.
"""

import argparse
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from unittest import mock

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from tests.benchmarks._timing import interleaved, matrix_product
from timbrescope.recognition.networks import build, entry, names
from timbrescope.recognition.networks.cost import multiply_adds
from timbrescope.recognition.networks.fittable import Fittable

_LONGEST = 5.0  # seconds of a step that is still waited for
_USUAL_SPEED = 0.4  # of a matrix product
_HUGE = 2e9  # multiply-adds of a window from which on a batch is small


def main(arguments: list[str]) -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks networks", description=__doc__)
    parser.add_argument("names", nargs="*", help="networks; default: all")
    parser.add_argument("--all", action="store_true", help=f"also those that take more than {_LONGEST:.0f} s a step")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads(), help="default: %(default)s")
    parser.add_argument("--repetitions", type=int, default=3, help="default: %(default)s")
    options = parser.parse_args(arguments)
    torch.set_num_threads(options.threads)
    product, product_adds = matrix_product()
    limit = product_adds / interleaved({"product": product})["product"]
    print(
        f"{options.threads} thread(s), torch {torch.__version__}, a product: {limit / 1e9:.0f} G multiply-adds a second"
    )
    print(f"{'milliseconds':<28}{'M adds':>8}{'batch':>6} |{'forward':>9}{'plain':>9}{'':>6}{'limit':>6}", end="")
    print(f" |{'step':>9}{'plain':>9}{'':>6}{'limit':>6}")
    for name in options.names or names():
        print(f"{name:<28}{_row(name, limit, options.repetitions, everything=options.all)}", flush=True)
    return 0


def _row(name: str, limit: float, repetitions: int, *, everything: bool) -> str:
    known = entry(name)
    network = build(name, known.labels)
    if isinstance(network, Fittable):
        return " learns without gradients"
    with torch.device("meta"):
        on_meta = build(name, known.labels)
    forward_adds = multiply_adds(on_meta, known.window)
    batch = 4 if forward_adds > _HUGE else 16
    step_adds = _step_adds(on_meta, known.window)
    expected = batch * step_adds / (_USUAL_SPEED * limit)
    head = f"{forward_adds / 1e6:>8.1f}{batch:>6} |"
    if expected > _LONGEST and not everything:
        return f"{head} left out: about {expected:.0f} s a step; --all takes it in"
    windows = torch.randn(batch, *known.window)
    columns = []
    for task, adds in ((_forward(network, windows), forward_adds), (_step(network, windows), step_adds)):
        times = _times(network, task, repetitions)
        ratio = f"{times['plain'] / times['fast']:>5.1f}x" if "plain" in times else f"{'':>6}"
        plain = f"{1e3 * times['plain']:>9.1f}" if "plain" in times else f"{'–':>9}"
        share = batch * adds / times["fast"] / (matrix_product()[1] / times["product"])
        columns.append(f"{1e3 * times['fast']:>9.1f}{plain}{ratio}{share:>6.0%}")
    return f"{head}{columns[0]} |{columns[1]}"


def _times(network: nn.Module, task: Callable[[], object], repetitions: int) -> dict[str, float]:
    """Return the seconds of a task, of the same with plain layers where there is a difference, and of a product."""
    product, _ = matrix_product()
    tasks = {"fast": task, "product": product}
    if _asks_for_a_faster_way(network, task):

        def plain() -> None:
            with _plain_layers(network):
                task()

        tasks["plain"] = plain
    return interleaved(tasks, repetitions)


def _asks_for_a_faster_way(network: nn.Module, task: Callable[[], object]) -> bool:
    if not hasattr(sys.modules[type(network).__module__], "is_faster"):
        return False
    with _plain_layers(network) as question:
        task()
    return question.called


@contextmanager
def _plain_layers(network: nn.Module) -> Iterator[mock.MagicMock]:
    with mock.patch.object(sys.modules[type(network).__module__], "is_faster", return_value=False) as question:
        yield question


def _forward(network: nn.Module, windows: Tensor) -> Callable[[], object]:
    def forward() -> None:
        network.eval()
        with torch.inference_mode():
            network(windows)

    return forward


def _step(network: nn.Module, windows: Tensor) -> Callable[[], object]:
    optimiser = torch.optim.SGD(network.parameters(), lr=1e-6)

    def step() -> None:
        network.train()
        optimiser.zero_grad()
        network(windows).square().mean().backward()
        optimiser.step()

    return step


def _step_adds(on_meta: nn.Module, window: tuple[int, ...]) -> float:
    """Return the multiply-adds of a window's share of a training step with plain layers."""
    batch = 2  # norms of one window after pooling have no statistics
    with FlopCounterMode(display=False) as counter:
        on_meta.train()(torch.zeros(batch, *window, device="meta")).sum().backward()
    return int(counter.get_total_flops()) / 2 / batch
