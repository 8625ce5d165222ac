"""Learning without gradients: forests, support vectors, mixtures of Gaussians."""

from dataclasses import replace
from pathlib import Path
from typing import cast

import numpy as np

from timbrescope.core.errors import ModelError
from timbrescope.recognition.checkpoint import save_checkpoint
from timbrescope.recognition.features import compress
from timbrescope.recognition.model import Model
from timbrescope.recognition.networks.fittable import Fittable
from timbrescope.recognition.spec import ModelSpec
from training.calibration import calibrated
from training.config import Config
from training.errors import TrainingError
from training.losses import make_loss
from training.preparation import Preparation, is_exclusive
from training.progress import Finished, Report, Started
from training.validation import validate

_MOST_FITTED = 50_000  # windows


def fit(config: Config, data: Preparation, spec: ModelSpec, model: Model, path: Path, report: Report) -> Path:
    """Let a method without gradients learn from all windows at once, or from as many as are enough.

    Args:
        config: of the run.
        data: what to learn from.
        spec: description of the model.
        model: whose network is ``Fittable``.
        path: gets the checkpoint, which is returned.
        report: is told how it goes.

    Raises:
        TrainingError: the network cannot learn from these windows.
    """
    network = cast("Fittable", model.network)
    report(Started(spec.labels, len(data.train), len(data.validation), 0, "cpu", 0))
    chosen = np.random.default_rng(config.training.seed).permutation(len(data.train))[:_MOST_FITTED]
    power, wanted = data.train.batch(np.sort(chosen))
    windows, wanted = model.standardise(compress(spec.front_end, power)), wanted.flatten(0, -2)
    exclusive, metric = is_exclusive(config, data.collection.task), config.training.metric
    try:
        network.fit(windows, wanted.argmax(dim=1) if exclusive else wanted, config.training.seed)
    except ModelError as error:
        raise TrainingError(str(error)) from error
    options = {**spec.network_options, **network.fitted_options()}
    value, figures = float("nan"), {}
    if len(data.validation):
        loss_of = make_loss(config.training, exclusive=exclusive)
        _, value, _ = validate(model, data.validation, spec, data.collection.task, metric, loss_of)
        figures = {f"validation {metric}": round(value, 4)}
    spec = replace(spec, network_options=options, figures=figures)
    save_checkpoint(path, calibrated(model, spec, data.validation, config, report), model.weights())
    report(Finished(str(path), 1, metric, value))
    return path
