"""Optimisers, and how their learning rate goes on: the papers' rules beside the usual ones."""

import math
from collections.abc import Iterable
from typing import Any

import torch
from torch import nn

from training.config import Stage


class LearningRate:
    """The learning rate of one stage of training.

    ``constant``, ``cosine`` (to zero at the stage's last epoch) and ``step`` (times ``factor`` each ``every`` epochs)
    follow from the epoch. The others watch a loss and multiply by ``factor``:

    - ``plateau``: after ``stale`` epochs without a better validation loss;
    - ``halve-stale``: after ``stale`` epochs without a better training loss (Pons 2016, section IV);
    - ``halve-next-best``: at the first better validation loss after more than ``stale`` worse ones (Pons 2017, tags).
    """

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._scale = 1.0
        self._best = math.inf
        self._worse = 0

    def at(self, epoch: int, step: int, steps: int) -> float:
        """Return the rate for a step.

        Args:
            epoch: of the stage, from 0.
            step: of the epoch, from 0.
            steps: in an epoch.
        """
        stage = self._stage
        rate = stage.learning_rate * self._scale
        done = epoch * steps + step
        if stage.rule == "cosine":
            rate *= 0.5 * (1 + math.cos(math.pi * done / (stage.epochs * steps)))
        elif stage.rule == "step":
            rate *= stage.factor ** (epoch // stage.every)
        return rate * min(1.0, (done + 1) / stage.warm_up) if stage.warm_up else rate

    def epoch_ended(self, training_loss: float, validation_loss: float) -> None:
        """Take an epoch's losses into account."""
        stage = self._stage
        if stage.rule not in ("plateau", "halve-stale", "halve-next-best"):
            return
        loss = training_loss if stage.rule == "halve-stale" else validation_loss
        if loss >= self._best or math.isnan(loss):
            self._worse += 1
            if stage.rule != "halve-next-best" and self._worse >= stage.stale:
                self._scale *= stage.factor
                self._worse = 0
            return
        if stage.rule == "halve-next-best" and self._worse > stage.stale:
            self._scale *= stage.factor
        self._best = loss
        self._worse = 0

    def state_dict(self) -> dict[str, Any]:
        """Return what ``load_state_dict`` needs to go on."""
        return {"scale": self._scale, "best": self._best, "worse": self._worse}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from ``state_dict``."""
        self._scale, self._best, self._worse = state["scale"], state["best"], state["worse"]


def make_optimiser(stage: Stage, parameters: Iterable[nn.Parameter]) -> torch.optim.Optimizer:
    """Return the optimiser that a stage of a run asks for."""
    if stage.optimiser == "sgd":
        return torch.optim.SGD(
            parameters, stage.learning_rate, stage.momentum, weight_decay=stage.weight_decay, nesterov=stage.nesterov
        )
    kind = torch.optim.Adam if stage.optimiser == "adam" else torch.optim.AdamW
    return kind(parameters, stage.learning_rate, stage.betas, weight_decay=stage.weight_decay)
