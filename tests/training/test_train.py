import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
import torch
from lightning_fabric import Fabric

import training.train as train_module
from tests.tiny import Tiny
from tests.training import labelled
from timbrescope.recognition.checkpoint import load_checkpoint, read_spec, save_checkpoint
from timbrescope.recognition.model import Model
from training.collection import Task
from training.config import Config, Distillation, Network, Stage
from training.errors import TrainingError
from training.preparation import Preparation, prepare
from training.processors import make_fabric
from training.progress import Epoch, Event, Finished, Problem, Started, Step
from training.train import train

ROOT = Path(__file__).parents[2]


@pytest.fixture
def prepared(tmp_path: Path) -> Callable[..., Preparation]:
    def make(config: Config, task: Task = "single") -> Preparation:
        collection = labelled.tones(tmp_path / f"sounds-{task}", task)
        return prepare(config, collection, tmp_path / "cache", lambda _: None, workers=0)

    return make


@pytest.fixture(autouse=True)
def one_thread() -> object:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def best(events: list[Event]) -> float:
    return next(event.value for event in events if isinstance(event, Finished))


@pytest.mark.parametrize("task", ["single", "multi", "frame"])
def test_learns_each_kind_of_label(task: Task, prepared: Callable[..., Preparation], tmp_path: Path) -> None:
    config = labelled.config(metric="macro-f1" if task == "multi" else "accuracy")
    events: list[Event] = []
    path = train(config, prepared(config, task), tmp_path / "run", events.append, device="cpu")
    assert best(events) > 0.9
    spec, model = load_checkpoint(path)
    assert spec.labels == tuple(labelled.REGISTERS)
    assert spec.activation == ("sigmoid" if task == "multi" else "softmax")
    assert model.standardise.std.min() > 0
    assert model.standardise.mean.abs().max() > 0


def test_labels_without_sense_cannot_be_learnt(prepared: Callable[..., Preparation], tmp_path: Path) -> None:
    config = labelled.config(metric="loss")
    data = prepared(config)
    drawn = np.random.default_rng(0).permutation(len(data.collection.items))
    labels = [data.collection.items[index].labels for index in drawn]
    items = tuple(replace(item, labels=other) for item, other in zip(data.collection.items, labels, strict=True))
    mixed = prepare(config, replace(data.collection, items=items), tmp_path / "cache", lambda _: None, workers=0)
    sense: list[Event] = []
    nonsense: list[Event] = []
    train(config, data, tmp_path / "sense", sense.append, device="cpu")
    train(config, mixed, tmp_path / "nonsense", nonsense.append, device="cpu")
    assert best(sense) < 0.3
    assert best(nonsense) > 0.7


def test_a_run_that_dies_anywhere_ends_as_one_that_does_not(
    prepared: Callable[..., Preparation], tmp_path: Path
) -> None:
    stages = (Stage(3, learning_rate=0.05, rule="cosine"), Stage(2, optimiser="sgd", learning_rate=0.01, momentum=0.9))
    config = labelled.config(stages=stages, checkpoint_minutes=0.0, averaging=0.9, gradient_clip=1.0, l2=1e-4)
    data = prepared(config)
    whole = train(config, data, tmp_path / "whole", lambda _: None, device="cpu").read_bytes()

    class PowerCutError(Exception):
        pass

    steps = 0

    def dies(event: Event) -> None:
        nonlocal steps
        if isinstance(event, Step):
            steps += 1
            if steps % 4 == 0:
                raise PowerCutError

    deaths = 0
    while True:
        try:
            path = train(config, data, tmp_path / "cut", dies, device="cpu")
            break
        except PowerCutError:
            deaths += 1
    assert deaths > 2
    assert path.read_bytes() == whole


KILLED = """
import sys
from pathlib import Path
import torch
from tests.training import labelled
from training.preparation import prepare
from training.progress import JsonLines
from training.train import train
from training.config import Stage
torch.set_num_threads(1)
folder = Path(sys.argv[1])
config = labelled.config(stages=(Stage(30, learning_rate=0.05),), checkpoint_minutes=0.0)
data = prepare(config, labelled.tones(folder / "sounds"), folder / "cache", lambda _: None, workers=0)
train(config, data, folder / sys.argv[2], JsonLines(), device="cpu")
"""


def run(folder: Path, name: str) -> "subprocess.Popen[str]":
    command = [sys.executable, "-c", KILLED, str(folder), name]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    return subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)


def test_a_killed_process_goes_on_with_the_same_result(tmp_path: Path) -> None:
    process = run(tmp_path, "whole")
    assert process.stdout is not None
    lines = process.stdout.read().splitlines()
    assert process.wait() == 0
    assert json.loads(lines[-1])["event"] == "finished"
    process = run(tmp_path, "killed")
    assert process.stdout is not None
    for line in process.stdout:
        event = json.loads(line)
        if event["event"] == "step" and event["epoch"] >= 11:
            break
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert not (tmp_path / "killed" / "model.safetensors").exists()
    process = run(tmp_path, "killed")
    output, _ = process.communicate()
    assert json.loads(output.splitlines()[0])["epoch"] >= 10  # it did not begin anew
    names = [tmp_path / name / "model.safetensors" for name in ("whole", "killed")]
    assert names[0].read_bytes() == names[1].read_bytes()


def test_an_interrupted_run_saves_and_says_so(prepared: Callable[..., Preparation], tmp_path: Path) -> None:
    config = labelled.config()
    data = prepared(config)

    def interrupts(event: Event) -> None:
        if isinstance(event, Step) and event.epoch == 3:
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(0.01)

    with pytest.raises(KeyboardInterrupt):
        train(config, data, tmp_path / "run", interrupts, device="cpu")
    events: list[Event] = []
    train(config, data, tmp_path / "run", events.append, device="cpu")
    started = next(event for event in events if isinstance(event, Started))
    assert started.epoch == 2
    assert next(event for event in events if isinstance(event, Step)).step > 1


def test_another_run_in_the_folder_is_not_overwritten(prepared: Callable[..., Preparation], tmp_path: Path) -> None:
    config = labelled.config(stages=(Stage(1),))
    data = prepared(config)
    train(config, data, tmp_path / "run", lambda _: None, device="cpu")
    with pytest.raises(TrainingError, match="another configuration"):
        train(labelled.config(stages=(Stage(2),)), data, tmp_path / "run", lambda _: None, device="cpu")
    (tmp_path / "run" / "run.ckpt").write_bytes(b"nothing")
    with pytest.raises(TrainingError, match="damaged"):
        train(config, data, tmp_path / "run", lambda _: None, device="cpu")


def test_training_ends_early_and_keeps_the_best(prepared: Callable[..., Preparation], tmp_path: Path) -> None:
    config = labelled.config(stages=(Stage(500, learning_rate=0.05, patience=3),))
    events: list[Event] = []
    train(config, prepared(config), tmp_path / "run", events.append, device="cpu")
    epochs = [event for event in events if isinstance(event, Epoch)]
    finished = next(event for event in events if isinstance(event, Finished))
    assert len(epochs) == finished.epoch + 3
    assert finished.value == max(epoch.value for epoch in epochs)
    assert [epoch.epoch for epoch in epochs if epoch.best][-1] == finished.epoch


def test_a_learning_rate_that_is_too_high_is_said(prepared: Callable[..., Preparation], tmp_path: Path) -> None:
    config = labelled.config(stages=(Stage(50, optimiser="sgd", learning_rate=1e30),), l2=1.0)
    with pytest.raises(TrainingError, match="lower the learning rate"):
        train(config, prepared(config), tmp_path / "run", lambda _: None, device="cpu")


def test_less_memory_makes_smaller_parts_of_the_same_batch(
    prepared: Callable[..., Preparation], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = labelled.config()
    data = prepared(config)
    whole = load_checkpoint(train(config, data, tmp_path / "whole", lambda _: None, device="cpu"))[1].weights()
    forward = Tiny.forward

    def small(self: Tiny, windows: torch.Tensor) -> torch.Tensor:
        if self.training and len(windows) > 2:
            raise RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory")
        return forward(self, windows)

    monkeypatch.setattr(Tiny, "forward", small)
    events: list[Event] = []
    parts = load_checkpoint(train(config, data, tmp_path / "parts", events.append, device="cpu"))[1].weights()
    assert [event.sentence for event in events if isinstance(event, Problem)] == [
        "Memory ran out; training goes on with 2 windows at a time."
    ]
    for name, tensor in whole.items():
        torch.testing.assert_close(parts[name], tensor, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("breath", [0, 7])
def test_what_does_not_fit_the_graphics_card_is_learnt_on_the_processor(
    prepared: Callable[..., Preparation], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, breath: int
) -> None:
    config = labelled.config()
    data = prepared(config)
    whole = load_checkpoint(train(config, data, tmp_path / "whole", lambda _: None, device="cpu"))[1].weights()
    forward = Tiny.forward
    devices: list[str] = []
    passes = 0

    def on_processor(device: str, precision: Literal["32-true"]) -> Fabric:
        devices.append(device)
        return make_fabric("cpu", precision)

    def too_large(self: Tiny, windows: torch.Tensor) -> torch.Tensor:
        nonlocal passes
        passes += 1
        if devices[-1] == "cuda" and passes > breath:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB")
        return forward(self, windows)

    monkeypatch.setattr(train_module, "make_fabric", on_processor)
    monkeypatch.setattr(train_module, "choose_device", torch.device)
    monkeypatch.setattr(Tiny, "forward", too_large)
    events: list[Event] = []
    found = load_checkpoint(train(config, data, tmp_path / "run", events.append, device="cuda"))[1].weights()
    assert devices == ["cuda", "cpu"]
    said = [event.sentence for event in events if isinstance(event, Problem)]
    assert "windows at a time" in said[0]
    assert said[-1].endswith("training goes on on the processor.")
    for name, tensor in whole.items():  # nothing that was learnt before is lost
        torch.testing.assert_close(found[name], tensor, rtol=1e-3, atol=1e-4)


def test_too_little_memory_for_anything_is_one_sentence(
    prepared: Callable[..., Preparation], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def too_large(_self: Tiny, _windows: torch.Tensor) -> torch.Tensor:
        raise MemoryError

    config = labelled.config()
    data = prepared(config)
    monkeypatch.setattr(Tiny, "forward", too_large)
    with pytest.raises(TrainingError, match="too little memory"):
        train(config, data, tmp_path / "run", lambda _: None, device="cpu")


def test_a_network_starts_from_a_trained_one(prepared: Callable[..., Preparation], tmp_path: Path) -> None:
    config = labelled.config()
    data = prepared(config)
    donor = train(config, data, tmp_path / "donor", lambda _: None, device="cpu")
    short = labelled.config(stages=(Stage(1, learning_rate=1e-6),))
    events: list[Event] = []
    train(short, data, tmp_path / "run", events.append, device="cpu", donors=[donor])
    assert best(events) > 0.9
    other = tmp_path / "other.safetensors"
    spec, _ = load_checkpoint(donor)
    options = {"n_mels": 20}
    odd = replace(spec, network_options=options, labels=("a", "b"), front_end=replace(spec.front_end, n_mels=20))
    save_checkpoint(other, odd, Model(odd).weights())
    with pytest.raises(TrainingError, match=r"Nothing of .* fits"):
        train(short, data, tmp_path / "third", lambda _: None, device="cpu", donors=[other])


def test_a_teacher_helps_where_labels_say_nothing(prepared: Callable[..., Preparation], tmp_path: Path) -> None:
    config = labelled.config()
    data = prepared(config)
    teacher = train(config, data, tmp_path / "teacher", lambda _: None, device="cpu")
    taught = labelled.config(distillation=Distillation(str(teacher), weight=1.0), seed=5)
    events: list[Event] = []
    train(taught, data, tmp_path / "run", events.append, device="cpu")
    assert best(events) > 0.9
    narrow = replace(taught, front_end=replace(taught.front_end, gain=1.0))
    with pytest.raises(TrainingError, match="another front end"):
        train(narrow, data, tmp_path / "odd", lambda _: None, device="cpu")


def test_networks_and_options_that_do_not_exist_are_named(prepared: Callable[..., Preparation], tmp_path: Path) -> None:
    config = labelled.config()
    data = prepared(config)
    odd = replace(config, network=Network("nothing", window_frames=24))
    with pytest.raises(TrainingError, match="no network called 'nothing'"):
        train(odd, data, tmp_path / "run", lambda _: None, device="cpu")


def test_the_card_says_what_was_reached(prepared: Callable[..., Preparation], tmp_path: Path) -> None:
    config = labelled.config()
    events: list[Event] = []
    path = train(config, prepared(config), tmp_path / "run", events.append, device="cpu")
    assert read_spec(path).figures == {"validation accuracy": round(best(events), 4)}
    assert (tmp_path / "run" / "tensorboard").is_dir()
