"""The state of a training run on disk, and when it is written."""

import hashlib
import json
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, cast

import torch

from timbrescope.core.files import replaced_when_done
from training.collection import Collection
from training.config import Config
from training.errors import TrainingError

_FILE = "run.ckpt"


@dataclass
class Position:
    """Where a run stands.

    Attributes:
        stage: of the configuration.
        epochs_before: of earlier stages.
        epoch: finished ones of the stage.
        step: finished ones of the epoch.
        loss_sum: over those steps.
        stale: epochs of the stage since the best one.
        best_value, best_epoch: by the configuration's metric; the epoch counts from 1 over all stages.
    """

    stage: int = 0
    epochs_before: int = 0
    epoch: int = 0
    step: int = 0
    loss_sum: float = 0.0
    stale: int = 0
    best_value: float | None = None
    best_epoch: int = 0
    history: list[dict[str, Any]] = field(default_factory=list)


def identity(config: Config, collection: Collection) -> str:
    """Return what a run must agree in with a saved state to go on from it: configuration and data."""
    items = [
        (str(item.path), item.start, item.end, item.split, sorted(item.labels.items()), len(item.segments))
        for item in collection.items
    ]
    settings = asdict(config)
    del settings["training"]["calibrate"]  # comes after learning: a finished run may be calibrated later
    text = json.dumps([settings, collection.labels, items], default=str, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def read_state(folder: Path, wanted: str) -> dict[str, Any] | None:
    """Return the state that a folder holds, or None.

    Raises:
        TrainingError: it belongs to another run or cannot be read.
    """
    path = folder / _FILE
    if not path.exists():
        return None
    try:
        state = cast("dict[str, Any]", torch.load(path, map_location="cpu", weights_only=True))
    except KeyboardInterrupt:  # may be an Exception as well, see timbrescope.commands.interruption
        raise
    except Exception as error:  # torch names no set of errors for a damaged file
        raise TrainingError(f"{path} is damaged ({error}); remove it to start this run anew.") from error
    if state.get("identity") != wanted:
        raise TrainingError(
            f"{folder} holds a run with another configuration or other data; choose another folder, or remove {path} "
            "to start anew."
        )
    return state


def write_state(folder: Path, state: dict[str, Any]) -> None:
    """Write a state in one step.

    Raises:
        TrainingError: it cannot be written; what was there before is still there.
    """
    try:
        with replaced_when_done(folder / _FILE) as file:
            torch.save(state, file)
    except (OSError, RuntimeError) as error:
        raise TrainingError(f"The run's state cannot be written to {folder} ({error}); make room there.") from error


@contextmanager
def interruption() -> Iterator[Callable[[], bool]]:
    """Yield what tells whether the user wants to stop: Ctrl-C or a polite kill waits for the end of a step.

    A second Ctrl-C does not wait.
    """
    asked = False

    def ask(_number: int, _frame: object) -> None:
        nonlocal asked
        if asked:
            raise KeyboardInterrupt
        asked = True

    if threading.current_thread() is not threading.main_thread():
        yield lambda: asked
        return
    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield lambda: asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class Pace:
    """Tells how long the rest takes and how long ago the state was saved."""

    def __init__(self) -> None:
        self._started = self._saved_at = time.monotonic()
        self._done = 0.0

    @property
    def minutes_since_saved(self) -> float:
        """Time since ``saved`` was called."""
        return (time.monotonic() - self._saved_at) / 60

    def saved(self) -> None:
        """Note that the state has just been saved."""
        self._saved_at = time.monotonic()

    def seconds_left(self, epochs_left: float, epochs_of_step: float) -> float:
        """Return an estimate of the time for the epochs that are left, after one more step."""
        self._done += epochs_of_step
        return (time.monotonic() - self._started) / self._done * epochs_left
