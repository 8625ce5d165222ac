"""The training loop, from top to bottom."""

import math
from collections.abc import Sequence
from contextlib import closing
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from lightning_fabric.wrappers import _FabricOptimizer as FabricOptimizer
from tensorboardX import SummaryWriter
from torch import Tensor
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from timbrescope.core.errors import ModelError
from timbrescope.recognition.checkpoint import SUFFIX, save_checkpoint
from timbrescope.recognition.device import choose_device, is_out_of_memory
from timbrescope.recognition.features import compress
from timbrescope.recognition.model import Model
from timbrescope.recognition.networks import cost
from timbrescope.recognition.networks.fittable import Fittable
from timbrescope.recognition.spec import ModelSpec
from training.ahead import one_ahead
from training.calibration import calibrated
from training.config import Config, Stage
from training.errors import TrainingError
from training.examples import Indices, statistics
from training.fit import fit
from training.losses import LossFunction, binary_cross_entropy, distil, make_loss, to_logits
from training.preparation import Preparation, is_exclusive, model_spec
from training.processors import make_fabric
from training.progress import Epoch, Finished, Problem, Report, Started, Step
from training.run_state import Pace, Position, identity, interruption, read_state, write_state
from training.schedules import LearningRate, make_optimiser
from training.spectra.online import augment_input, augment_power
from training.splits import balanced_order, class_weights
from training.start import Learner, load_teacher, silence, start_from
from training.validation import Confusion, is_better, validate

MODEL = f"model{SUFFIX}"
_LEAST_VARIANCE = 0.01  # of a label's logits


def train(
    config: Config,
    data: Preparation,
    folder: Path,
    report: Report,
    *,
    device: str = "auto",
    donors: Sequence[Path] = (),
) -> Path:
    """Train a model, or go on with the run that the folder holds; return the best model's checkpoint.

    Everything that is drawn follows from the seed, the epoch and the step, so that a run that was killed and goes on
    ends with the same weights as one that was not (bit by bit on one CPU thread).

    Args:
        config: of the run.
        data: what to learn from.
        folder: gets the model, the state of the run and a TensorBoard log.
        report: is told how it goes.
        device: ``auto``, ``cpu``, ``cuda`` or ``mps``; under torchrun each process takes its own.
        donors: checkpoints from which the network takes the tensors that fit.

    Raises:
        TrainingError: the folder holds another run, or the configuration does not fit the network or the data.
        KeyboardInterrupt: the user ended it; the state has been saved.
    """
    folder.mkdir(parents=True, exist_ok=True)
    spec = model_spec(config, data.collection)
    torch.manual_seed(config.training.seed)
    try:
        model = Model(spec)
    except ModelError as error:
        raise TrainingError(str(error)) from error
    if spec.front_end.standardisation in ("dataset", "band", "element"):
        model.standardise.mean, model.standardise.std = statistics(data.train, spec.front_end)
    if config.network.quiet_start:
        logits = _target_logits(data) if config.training.loss == "logit-error" else None
        silence(model.network, len(spec.labels), None if logits is None else logits.nanmean(dim=0))
    start_from(model.network, donors, report)
    if isinstance(model.network, Fittable):
        return fit(config, data, spec, model, folder / MODEL, report)
    try:
        return _Run(config, data, spec, model, folder, report, device).to_the_end()
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise
        if choose_device(device).type == "cpu":
            raise TrainingError("There is too little memory for this network; choose a smaller one.") from error
    report(Problem("The graphics card has too little memory for this network; training goes on on the processor."))
    return _Run(config, data, spec, model.cpu(), folder, report, "cpu").to_the_end()


class _Run:
    """One run of gradient descent."""

    def __init__(
        self,
        config: Config,
        data: Preparation,
        spec: ModelSpec,
        model: Model,
        folder: Path,
        report: Report,
        device: str,
    ) -> None:
        self.fabric = make_fabric(device, config.training.precision)
        self.config, self.data, self.spec, self.folder = config, data, spec, folder
        self.report: Report = report if self.fabric.is_global_zero else lambda _: None
        self.model = model
        n_scores = len(data.collection.taught.names) if data.collection.taught and config.training.taught else 0
        self.learner = Learner(model, n_scores, config.network.frozen).to(self.fabric.device)
        self.kernels = [weight for weight in model.network.parameters() if weight.dim() > 1]
        self.averaged: AveragedModel | None = None
        if config.training.averaging:
            decay = get_ema_multi_avg_fn(config.training.averaging)  # type: ignore[no-untyped-call]  # torch's
            self.averaged = AveragedModel(model, multi_avg_fn=decay, use_buffers=True)
        self.exclusive = is_exclusive(config, data.collection.task)
        # Large where there are many windows and labels.
        self.targets = None if config.data.balance == "none" else data.train.targets
        weights = None
        if self.targets is not None and config.data.balance in ("weights", "root-weights"):
            power = 1.0 if config.data.balance == "weights" else 0.5
            weights = torch.from_numpy(class_weights(self.targets, power)).to(self.fabric.device)
        # What varies little counts as much; of an imbalance of classes validation knows nothing.
        self.logit_weights: Tensor | None = None
        if config.training.loss == "logit-error":
            self.logit_weights = 1 / _target_logits(data).var(dim=0).clamp(min=_LEAST_VARIANCE)
            weights = self.logit_weights.to(self.fabric.device)
        self.loss_of = make_loss(config.training, exclusive=self.exclusive, weights=weights)
        self.teacher = load_teacher(config, spec, self.fabric.device)
        self.identity = identity(config, data.collection)
        self.at = Position()
        self.best: dict[str, Tensor] | None = None
        self.all_epochs = sum(stage.epochs for stage in config.training.stages)
        self.parts = 1  # of a batch, one after another; doubled where memory runs out
        self.pace = Pace()

    def to_the_end(self) -> Path:
        """Go through all stages and write the best model."""
        saved = read_state(self.folder, self.identity)
        if saved is not None:
            self.at, self.best = Position(**saved["position"]), saved["best"]
            self.learner.load_state_dict(saved["learner"])
            if self.averaged is not None:
                self.averaged.load_state_dict(saved["averaged"])
        self.forward = self.fabric.setup_module(self.learner)
        self.report(
            Started(
                self.spec.labels,
                len(self.data.train),
                len(self.data.validation),
                cost.learnable(self.model),
                str(self.fabric.device),
                self.at.epochs_before + self.at.epoch,
                self.exclusive,
            )
        )
        stages = self.config.training.stages
        with interruption() as self.interrupted, SummaryWriter(str(self.folder / "tensorboard")) as self.log:
            while self.at.stage < len(stages):
                try:
                    self._learn(stages[self.at.stage], saved)
                except (RuntimeError, MemoryError) as error:
                    if is_out_of_memory(error):
                        self._save()  # for another device
                    raise
                saved = None
                self.at.stage, self.at.epochs_before = self.at.stage + 1, self.at.epochs_before + self.at.epoch
                self.at.epoch, self.at.stale = 0, 0
                if self.best is not None:
                    self.model.load_weights(self.best)
        if self.best is None or self.at.best_value is None:
            raise TrainingError(f"The configuration {self.config.name} has no epochs; give its stages at least one.")
        path, metric = self.folder / MODEL, self.config.training.metric
        if self.fabric.is_global_zero:
            spec = replace(self.spec, figures={f"validation {metric}": round(self.at.best_value, 4)})
            spec = calibrated(self.model, spec, self.data.validation, self.config, self.report)
            save_checkpoint(path, spec, self.model.weights())  # the best ones, since the last stage's end
        self.fabric.barrier()
        self.report(Finished(str(path), self.at.best_epoch, metric, self.at.best_value))
        return path

    def _learn(self, stage: Stage, saved: dict[str, Any] | None) -> None:
        """Go through the epochs of a stage, or through the rest of them."""
        optimiser = make_optimiser(stage, self.learner.parameters())
        self.optimiser = cast("FabricOptimizer", self.fabric.setup_optimizers(optimiser))
        self.rate = LearningRate(stage)
        if saved is not None and saved["optimiser"] is not None:
            self.optimiser.load_state_dict(saved["optimiser"])
            self.rate.load_state_dict(saved["rate"])
        at = self.at
        while at.epoch < stage.epochs and (stage.patience is None or at.stale < stage.patience):
            epoch = at.epochs_before + at.epoch
            batches = self._batches(epoch)
            self.forward.train()
            with closing(one_ahead(partial(self._windows, batches, epoch), range(at.step, len(batches)))) as ready:
                for step, (windows, wanted) in enumerate(ready, at.step):
                    for group in self.optimiser.param_groups:
                        group["lr"] = self.rate.at(at.epoch, step, len(batches))
                    torch.manual_seed(self._seed(epoch, step))  # of dropout
                    loss = self._step(windows, wanted, epoch)
                    at.step, at.loss_sum = step + 1, at.loss_sum + loss
                    left = self.all_epochs - epoch - at.step / len(batches)
                    seconds = self.pace.seconds_left(left, 1 / len(batches))
                    self.report(Step(epoch + 1, self.all_epochs, at.step, len(batches), at.loss_sum / at.step, seconds))
                    if self.interrupted():
                        self._save()
                        raise KeyboardInterrupt
                    if self.pace.minutes_since_saved > self.config.training.checkpoint_minutes:
                        self._save()
            self._end_epoch(epoch, at.loss_sum / len(batches))
            self._save()

    def _batches(self, epoch: int) -> list[Indices]:
        """Return which windows each step of an epoch learns from, over all processes: nearly equally many."""
        training, how, count = self.config.training, self.config.data, len(self.data.train)
        if self.targets is not None and how.balance in ("sampling", "sources"):
            groups = self.data.train.groups if how.balance == "sources" else None
            order = balanced_order(
                self.targets,
                training.seed,
                epoch,
                groups=groups,
                unknown_turns=how.unknown_turns,
                nothing_turns=how.nothing_turns,
            )
        else:
            order = np.random.default_rng([training.seed, epoch]).permutation(count)
        return np.array_split(order, max(1, round(len(order) / training.batch)))

    def _seed(self, epoch: int, step: int) -> int:
        """Return the seed of all that is drawn in a step, so that a run that goes on draws the same."""
        seed = np.random.SeedSequence([self.config.training.seed, epoch, step, self.fabric.global_rank])
        return int(seed.generate_state(1, np.uint64)[0] >> 1)

    def _windows(self, batches: Sequence[Indices], epoch: int, step: int) -> tuple[Tensor, Tensor]:
        """Return what a step learns from: windows as the model takes them, and their targets."""
        front_end, online = self.spec.front_end, self.config.online
        generator = torch.Generator().manual_seed(self._seed(epoch, step))
        chosen = batches[step][self.fabric.global_rank :: self.fabric.world_size]
        power, wanted = self.data.train.batch(chosen, generator)
        power, wanted = augment_power(power, wanted, front_end, online, generator)
        return augment_input(compress(front_end, power), wanted, online, generator)

    def _step(self, windows: Tensor, wanted: Tensor, epoch: int) -> float:
        """Learn from a batch; return its loss."""
        fabric = self.fabric
        windows, wanted = windows.to(fabric.device), wanted.to(fabric.device)
        while True:
            try:
                self.optimiser.zero_grad()
                loss = 0.0
                for part, part_wanted in zip(
                    windows.tensor_split(self.parts), wanted.tensor_split(self.parts), strict=True
                ):
                    part_loss = self._loss(part, part_wanted) * (len(part) / len(windows))
                    fabric.backward(part_loss)
                    loss += float(part_loss.detach())
                break
            except (RuntimeError, MemoryError) as error:
                if not is_out_of_memory(error) or len(windows) < 4 * self.parts:  # norms need two windows
                    raise
                self.parts *= 2
                size = -(-len(windows) // self.parts)
                self.report(Problem(f"Memory ran out; training goes on with {size} windows at a time."))
        if not math.isfinite(loss):
            raise TrainingError(
                f"The loss became {loss} in epoch {epoch + 1}; lower the learning rate, or clip the gradients "
                "(training.gradient_clip)."
            )
        if self.config.training.gradient_clip is not None:
            fabric.clip_gradients(self.forward, self.optimiser, max_norm=self.config.training.gradient_clip)
        self.optimiser.step()
        if self.averaged is not None:
            self.averaged.update_parameters(self.model)
        return loss

    def _loss(self, windows: Tensor, wanted: Tensor) -> Tensor:
        (logits, scores), distillation = self.forward(windows), self.config.training.distillation
        logits, wanted = logits.flatten(0, -2), wanted.flatten(0, -2)  # of every frame, a row each
        wanted, taught = wanted[:, : logits.shape[1]], wanted[:, logits.shape[1] :]
        if self.teacher is None or distillation is None:
            loss = self.loss_of(logits, wanted)
        else:
            with torch.no_grad():
                teacher = self.teacher(windows).flatten(0, -2)
            loss = distil(logits, teacher, wanted, self.loss_of, distillation, exclusive=self.exclusive)
        if scores is not None:
            loss = loss + self.config.training.taught * binary_cross_entropy(scores, taught)
        if self.config.training.l2:
            loss = loss + self.config.training.l2 * sum(weight.square().sum() for weight in self.kernels)
        return loss

    def _end_epoch(self, epoch: int, loss: float) -> None:
        """Validate, keep the best weights, and tell."""
        at, metric = self.at, self.config.training.metric
        judged = cast("Model", self.averaged.module) if self.averaged is not None else self.model
        validation_loss = value = loss
        confused: Confusion = ()
        if len(self.data.validation):
            plain_loss: LossFunction = make_loss(
                self.config.training,
                exclusive=is_exclusive(self.config, self.data.collection.task),
                weights=self.logit_weights,
            )
            validation_loss, value, confused = validate(
                judged, self.data.validation, self.spec, self.data.collection.task, metric, plain_loss
            )
        elif metric != "loss":
            value = -loss  # nothing else is known of the model, and the metric is one that grows
        better = is_better(metric, value, at.best_value)
        at.stale += 1
        if better:
            at.best_value, at.best_epoch, at.stale = value, epoch + 1, 0
            self.best = {name: tensor.detach().cpu().clone() for name, tensor in judged.weights().items()}
        self.rate.epoch_ended(loss, validation_loss)
        rate = float(self.optimiser.param_groups[0]["lr"])
        ended = Epoch(epoch + 1, self.all_epochs, rate, loss, validation_loss, metric, value, better, confused)
        at.epoch, at.step, at.loss_sum = at.epoch + 1, 0, 0.0
        at.history.append(asdict(replace(ended, confusion=())))
        if self.fabric.is_global_zero:
            for name in ("learning_rate", "loss", "validation_loss", "value"):
                figure = getattr(ended, name)
                if math.isfinite(figure):
                    self.log.add_scalar(name, figure, ended.epoch)
        self.report(ended)

    def _save(self) -> None:
        if self.fabric.is_global_zero:
            state = {
                "identity": self.identity,
                "position": asdict(self.at),
                "learner": self.learner.state_dict(),
                "averaged": self.averaged.state_dict() if self.averaged is not None else None,
                "optimiser": self.optimiser.state_dict(),
                "rate": self.rate.state_dict(),
                "best": self.best,
            }
            write_state(self.folder, state)
        self.pace.saved()


def _target_logits(data: Preparation) -> Tensor:
    """Return the logits of the labels to learn, shape (windows, n_labels)."""
    return to_logits(torch.from_numpy(data.train.targets))
