from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from tests.training import labelled
from timbrescope.recognition import networks
from timbrescope.recognition.networks.fittable import Fittable
from training.config import find_config, read_config
from training.preparation import prepare
from training.progress import Finished
from training.train import train

CLIPS, LABELS = 12, 3
LOSS = 0.3  # that of guessing is 1.1


@dataclass(frozen=True)
class Case:
    """How a network is shown what it is to learn by heart; no window means that of its paper."""

    steps: int = 30
    learning_rate: float = 1e-3
    window: tuple[int, ...] | None = None
    options: Mapping[str, object] = field(default_factory=dict)


CASES = {
    **dict.fromkeys((f"frequency-{height}" for height in (30, 32, 34, 36, 38, 40)), Case(60, 1e-2)),
    **dict.fromkeys(("time-60", "time-200"), Case(60, 1e-2)),
    **dict.fromkeys(("black-box-12x200", "pons-tags-x1", "pons-tags-x2", "pons-tags-x4"), Case(15)),
    "pons-multilayer": Case(80),
    "pons-singlelayer": Case(24),
    "han": Case(15),
    **dict.fromkeys(("cnn6", "cnn10", "cnn14"), Case(10, 1e-3, (64, 64))),
    **dict.fromkeys(("choi-fcn-4", "choi-fcn-5", "harmonic-cnn", "sample-cnn", "sample-cnn-se", "fcn"), Case(8)),
    **dict.fromkeys(("musicnn", "smc-musicnn"), Case(10, 1e-3, (60, 96))),
    **dict.fromkeys(("short-chunk", "short-chunk-res"), Case(8, 1e-3, (128, 128))),
    "ast": Case(8, 1e-4, (32, 128), {"frames": 32}),
    "crnn": Case(20, 1e-2, (96, 96)),
    "k2c2": Case(15, 1e-2),
    "mfcc-gmm": Case(options={"n_components": 2}),
    "segal": Case(12),
    "self-attention": Case(10, 1e-4, (64, 128)),
    "small-rectangular-tags": Case(10),
    "vggish": Case(8, 1e-4),
}
SLOW = {
    *("ast", "black-box-12x200", "choi-fcn-4", "choi-fcn-5", "cnn6", "cnn10", "cnn14", "crnn", "efficientat-mn04"),
    *(
        "fcn",
        "harmonic-cnn",
        "k2c2",
        "musicnn",
        "musicnn-vgg",
        "pons-multilayer",
        "pons-singlelayer",
        "pons-tags-x1",
        "pons-tags-x2",
    ),
    *("pons-tags-x4", "sample-cnn", "sample-cnn-se", "segal", "self-attention", "short-chunk", "short-chunk-res"),
    *("smc-musicnn", "vggish"),
}
NAMES = [
    pytest.param(name, marks=pytest.mark.slow) if name in SLOW else name
    for name in networks.names()
    if not name.startswith("tests-")
]


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def clips(window: tuple[int, ...]) -> tuple[Tensor, Tensor]:
    """Return noise that differs between labels in colour and in rhythm, as spectra or as sound, with the labels."""
    generator = torch.Generator().manual_seed(7)
    targets = torch.arange(CLIPS) % LABELS
    noise = torch.randn(CLIPS, *window, generator=generator)
    time = torch.arange(window[0])
    for index, label in enumerate(targets.tolist()):
        if len(window) == 1:
            noise[index] = 0.1 * noise[index] + 0.3 * torch.sin(time * (0.05, 0.25, 0.8)[label])
        else:
            third = window[1] // LABELS
            noise[index, :, label * third : (label + 1) * third] += 1.5
            noise[index, :: (2, 5, 9)[label]] += 1.5
            noise[index, :, :: (2, 3, 4)[label]] += 1.5  # for networks that cannot hear where in the spectrum
    return noise, targets


def overfit(network: nn.Module, windows: Tensor, targets: Tensor, case: Case) -> None:
    """Take steps of Adam on all clips at once, with dropout; then let batch normalisation measure them anew.

    Its running statistics follow with a momentum of down to 0.01: after a few dozen steps they are still those of the
    beginning.
    """
    optimiser = torch.optim.Adam(network.parameters(), case.learning_rate)
    network.train()
    for _ in range(case.steps):
        optimiser.zero_grad()
        functional.cross_entropy(network(windows), targets).backward()
        optimiser.step()
    norms = [part for part in network.modules() if isinstance(part, nn.BatchNorm1d | nn.BatchNorm2d)]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = 1.0
    for part in network.modules():
        if isinstance(part, nn.Dropout | nn.Dropout2d):
            part.eval()
    if norms:
        with torch.no_grad():
            network(windows)
    network.eval()


@pytest.mark.parametrize("name", NAMES)
def test_each_network_learns_a_dozen_clips_by_heart(name: str) -> None:
    case = CASES.get(name, Case())
    torch.manual_seed(1)
    network = networks.build(name, LABELS, **case.options)
    windows, targets = clips(case.window or networks.entry(name).window)
    if isinstance(network, Fittable):
        network.fit(windows, targets, 1)
        network = network.eval()
    else:
        overfit(network, windows, targets, case)
    with torch.no_grad():
        logits = network(windows)
    print(name, "loss", float(functional.cross_entropy(logits, targets)))
    assert int((logits.argmax(dim=1) == targets).sum()) == CLIPS
    assert float(functional.cross_entropy(logits, targets)) < LOSS


# By heart means that it is judged by what it learns from.
ENGINE = [
    ("pons2016-time-frequency", {"training.stages": [{"epochs": 30, "learning_rate": 3e-3}]}),
    (
        "pons2017-phonemes-small-rectangular",
        {"training.stages": [{"epochs": 20, "learning_rate": 3e-3}], "training.batch": 6},
    ),
    ("pons2017-phonemes-gmm", {"network.options.n_components": 4}),
]


@pytest.mark.parametrize(("name", "changes"), ENGINE, ids=[name for name, _ in ENGINE])
def test_published_runs_learn_a_dozen_clips_by_heart(name: str, changes: dict[str, object], tmp_path: Path) -> None:
    config = read_config(
        find_config(name), {"training.metric": "accuracy", "data.hop_frames": 40, "data.balance": "none"} | changes
    )
    collection = labelled.tones(tmp_path / "sounds", clips=CLIPS // LABELS)
    items = tuple(replace(item, split="train") for item in collection.items)
    data = prepare(config, replace(collection, items=items), tmp_path / "cache", lambda _: None, workers=0)
    events: list[object] = []
    train(config, replace(data, validation=data.train), tmp_path / "run", events.append, device="cpu")
    assert len(data.collection.items) == CLIPS
    assert [event.value for event in events if isinstance(event, Finished)] == [1.0]
