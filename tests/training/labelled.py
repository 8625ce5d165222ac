"""Small labelled recordings that the tiny network can learn."""

from pathlib import Path

import numpy as np
import soundfile

from tests.tiny import SPEC
from timbrescope.recognition.spec import FrontEnd
from training.collection import Collection, Item, Segment, Task
from training.config import Config, Network, Stage, Training

FRONT_END = FrontEnd(16_000, 512, 256, 24, compression="log10", gain=10_000, offset=1, standardisation="band")
REGISTERS = {"low": (200, 400), "middle": (1200, 2000), "high": (4500, 6500)}


def tones(
    folder: Path, task: Task = "single", *, clips: int = 6, seconds: float = 1.2, rate: int = 16_000
) -> Collection:
    """Write tones in three registers, each a clip of its own or, for ``multi`` and ``frame``, two in one file."""
    random, seconds, rate = np.random.default_rng(0), 1.2, 16_000
    folder.mkdir(parents=True, exist_ok=True)
    items = []
    names = tuple(REGISTERS)
    for number in range(clips * len(names)):
        label, other = names[number % 3], names[(number // 3) % 3]
        time = np.arange(round(seconds * rate)) / rate
        sound = {name: 0.3 * np.sin(2 * np.pi * random.uniform(*REGISTERS[name]) * time) for name in (label, other)}
        samples = sound[label]
        segments: tuple[Segment, ...] = ()
        labels = {label: 1.0}
        if task == "multi":
            samples, labels = np.sum(list(sound.values()), axis=0), dict.fromkeys(sound, 1.0)
        elif task == "frame":
            half = len(time) // 2
            samples = np.concatenate([sound[label][:half], sound[other][half:]])
            labels, segments = {}, (Segment(0.0, seconds / 2, label), Segment(seconds / 2, seconds, other))
        path = folder / f"{number:03d}.wav"
        soundfile.write(path, samples + 0.003 * random.standard_normal(len(time)), rate)
        items.append(Item(path, labels, segments=segments))
    return Collection(names, task, tuple(items))


def config(**training: object) -> Config:
    """Return a run of the tiny network that takes a second or two."""
    settings = {"stages": (Stage(12, learning_rate=0.05),), "batch": 4, "metric": "accuracy", "seed": 1} | training
    return Config(
        name="tiny-tones",
        front_end=FRONT_END,
        network=Network("tests-tiny", dict(SPEC.network_options), window_frames=24),
        training=Training(**settings),  # type: ignore[arg-type]
    )
