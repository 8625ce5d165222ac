"""Make scores of independent labels read as probabilities: ``python -m training.calibration``.

Each label's logit is scaled and shifted (Platt, "Probabilistic outputs for support vector machines", 1999) so that
cross-entropy is least on the validation part, both as it is and changed at random as in training, where several labels
sound at once. Scale and shift become part of the network's last dense layer, so that whoever uses the model need not
know of them. How far scores are from probabilities is told by the expected calibration error (Guo et al., "On
calibration of modern neural networks", ICML 2017, equation 3) in 15 bins over the scores of all labels together, each
compared with how often its label applies. It is measured on the windows that scale and shift were found on: expect a
little more on others.
"""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit
from torch import Tensor, nn

from timbrescope import paths
from timbrescope.core.errors import TimbrescopeError
from timbrescope.recognition.checkpoint import load_checkpoint, save_checkpoint
from timbrescope.recognition.features import compress
from timbrescope.recognition.label_vectors import last_dense
from timbrescope.recognition.model import Model
from timbrescope.recognition.spec import FrontEnd, ModelSpec
from training.collection import UNKNOWN, Collection
from training.config import Config, find_config, read_config
from training.errors import TrainingError
from training.evaluation.metrics import THRESHOLDS, Floats, reliability, scan_thresholds
from training.examples import Examples, Indices, Material
from training.progress import Calibrated, Prepared, Problem, Report, Terminal
from training.sources import read_collection
from training.spectra.cache import FeatureCache
from training.spectra.online import augment_power
from training.splits import assign_splits, balanced_order

_PASSES = 4  # over the windows: once as they are, then changed in three ways
_BATCH = 64
_FEWEST = 5  # windows that a label applies to, and to which it does not
_LEAST_SCALE = 0.05  # keeps the order of scores where a label was not learnt at all
_LOWEST, _HIGHEST = (
    0.5,
    0.8,
)  # nothing is said that is probably wrong; beyond, thresholds tell of these recordings
_LISTED = 8  # labels named in a sentence


def calibrated(model: Model, spec: ModelSpec, examples: Material, config: Config, report: Report) -> ModelSpec:
    """Calibrate a model if its configuration says so and it can be done; return its description.

    Where it cannot be done, a ``Problem`` says why and the model stays as it is.
    """
    if config.training.calibrate == "no":
        return spec
    try:
        return calibrate(model, spec, examples, config, report)
    except TrainingError as error:
        report(Problem(str(error)))
        return spec


def calibrate(model: Model, spec: ModelSpec, examples: Material, config: Config, report: Report) -> ModelSpec:
    """Calibrate a model in place; return its description with a threshold for each label and both errors.

    The same seed gives the same weights.

    Args:
        model: its last dense layer changes, nothing else.
        spec: its description.
        examples: of the validation part.
        config: says how windows are drawn and changed.
        report: is told how it went, and which labels stay as they are for want of examples.

    Raises:
        TrainingError: the labels are not independent, there are too few examples, or the model's logits are not those
            of a dense layer; the model is as it was.
    """
    if spec.activation != "sigmoid":
        raise TrainingError(f"{spec.name} was not calibrated, which is for models with several labels at a time.")
    targets = examples.targets
    enough = np.minimum((targets > 0.5).sum(axis=0), (targets <= 0.5).sum(axis=0)) >= _FEWEST
    if not enough.any():
        raise TrainingError(
            f"{spec.name} was not calibrated, because no label has {_FEWEST} windows of the validation part with it "
            "and as many without; add recordings."
        )
    dense = last_dense(model.network, len(spec.labels))
    if dense is None or dense.bias is None:
        raise TrainingError(f"{spec.name} was not calibrated, because its network does not end in a dense layer.")
    left = [label for label, used in zip(spec.labels, enough, strict=True) if not used]
    model.eval()
    logits, wanted = _hear(model, spec.front_end, examples, config)
    together = config.training.calibrate == "together"
    scale, shift = fit_scale_and_shift(logits, np.where(enough, wanted, np.nan), together=together)
    _fold(model, dense, scale, shift, compress(spec.front_end, examples.batch(np.arange(min(len(examples), 8)))[0]))
    if left:
        more = f" and {len(left) - _LISTED} more" if len(left) > _LISTED else ""
        report(
            Problem(
                f"Too few windows of the validation part are with or without {', '.join(left[:_LISTED])}{more} to "
                f"calibrate that; {_FEWEST} of each kind are needed."
            )
        )
    scores = expit(scale * logits + shift)
    thresholds = best_thresholds(scores, np.where(enough, wanted, np.nan))
    before, after = reliability(expit(logits), wanted).error, reliability(scores, wanted).error
    report(Calibrated(before, after, dict(zip(spec.labels, thresholds, strict=True))))
    errors = {"calibration error before": round(before, 4), "calibration error": round(after, 4)}
    return replace(spec, thresholds=thresholds, figures={**spec.figures, **errors})


def fit_scale_and_shift(
    logits: Floats, targets: NDArray[np.floating], *, together: bool = False
) -> tuple[Floats, Floats]:
    """Return by which each label's logit is to be multiplied and what is then added, two of shape (labels,).

    They make cross-entropy least, with weight one for the squared distance from scale 1 and shift 0, lest few examples
    move them far. A label of which nothing is known keeps those.

    Args:
        logits: shape (windows, labels).
        targets: in 0..1, nan where nobody knows, same shape.
        together: one scale and one shift for all labels.
    """
    if together:
        scale, shift = fit_scale_and_shift(logits.reshape(-1, 1), targets.reshape(-1, 1))
        return np.repeat(scale, logits.shape[1]), np.repeat(shift, logits.shape[1])
    scale, shift = np.ones(logits.shape[1]), np.zeros(logits.shape[1])
    for label in range(logits.shape[1]):
        known = ~np.isnan(targets[:, label])
        if known.any():
            x, wanted = logits[known, label], targets[known, label].astype(np.float64)
            found = minimize(
                _cross_entropy,
                (1.0, 0.0),
                (x, wanted),
                jac=True,
                method="L-BFGS-B",
                bounds=[(_LEAST_SCALE, None), (None, None)],
            )
            scale[label], shift[label] = found.x
    return scale, shift


def best_thresholds(scores: Floats, targets: NDArray[np.floating]) -> tuple[float, ...]:
    """Return from which score between 0.5 and 0.8 each label is best said to apply: with the highest F1.

    Of equally good ones it is that nearest to 0.5, which also stands for a label that never applies.

    Args:
        scores: in 0..1, shape (windows, labels).
        targets: nan where nobody knows, same shape.
    """
    usable = np.flatnonzero((THRESHOLDS >= _LOWEST) & (THRESHOLDS <= _HIGHEST))
    candidates = THRESHOLDS[usable]
    f1 = np.nan_to_num(scan_thresholds(scores, targets).f1[usable], nan=0.0)
    distance = np.where(f1 >= f1.max(axis=0), np.abs(candidates - 0.5)[:, None], np.inf)
    return tuple(candidates[distance.argmin(axis=0)].tolist())


def calibrate_checkpoint(
    path: Path, data: Path, config: Config, output: Path, cache: Path, report: Report, *, workers: int | None = None
) -> None:
    """Calibrate a trained model and write it to another file.

    Args:
        path: the model.
        data: labelled recordings. Their validation part counts, so best the table ``split.csv`` that training wrote;
            where nothing says what that part is, the configuration's seed decides as it does in training.
        config: the one that the model was trained with.
        output: gets the model.
        cache: folder for spectra.
        report: is told how it goes.
        workers: processes that read recordings; None takes one a processor, 0 none beside this.

    Raises:
        TimbrescopeError: the model, the data or the disk do not allow it.
    """
    spec, model = load_checkpoint(path)
    how = config.data
    collection = assign_splits(
        read_collection(data, task="multi"), validation=how.validation, test=how.test, seed=config.training.seed
    )
    collection = _validation_part(collection, spec.labels)
    spectra = FeatureCache(cache, spec.front_end)
    files = sorted({item.path for item in collection.items})
    problems = spectra.add(files, workers=workers, progress=lambda done, total: report(Prepared(done, total)))
    for problem in (*collection.problems, *problems):
        report(Problem(problem))
    examples = Examples(
        spectra,
        [item for item in collection.items if (item.path, 0) in spectra],
        spec.labels,
        "multi",
        window_frames=spec.window_frames,
        hop_frames=how.hop_frames or spec.window_frames,
    )
    spec = calibrate(model, spec, examples, config, report)
    save_checkpoint(output, spec, model.weights())


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit code."""
    parser = argparse.ArgumentParser(prog="python -m training.calibration", description="Calibrate a trained model.")
    parser.add_argument("model", type=Path, help="checkpoint that training wrote")
    parser.add_argument("--data", type=Path, required=True, help="labelled recordings, best split.csv of the training")
    parser.add_argument("--config", required=True, metavar="NAME|FILE", help="that the model was trained with")
    parser.add_argument("--output", type=Path, required=True, help="gets the calibrated model")
    parser.add_argument(
        "--cache", type=Path, default=paths.cache() / "spectra", help="of spectra; default: %(default)s"
    )
    parser.add_argument("--workers", type=int, metavar="N", help="processes that read recordings; default: one a core")
    given = parser.parse_args(arguments)
    report = Terminal()
    try:
        config = read_config(find_config(given.config))
        calibrate_checkpoint(given.model, given.data, config, given.output, given.cache, report, workers=given.workers)
    except TimbrescopeError as error:
        report(Problem(str(error)))
        return 2
    return 0


@torch.no_grad()
def _hear(model: Model, front_end: FrontEnd, examples: Material, config: Config) -> tuple[Floats, NDArray[np.float32]]:
    """Return the logits and the targets of all passes, both of shape (passes x windows, labels)."""
    device = next(model.network.parameters()).device
    logits, targets = [], []
    for number in range(_PASSES):
        seed = np.random.SeedSequence([config.training.seed, number]).generate_state(1, np.uint64)[0]
        generator = torch.Generator().manual_seed(int(seed >> 1))
        order = _order(examples, config, number)
        for chosen in np.array_split(order, max(1, round(len(order) / _BATCH))):
            power, wanted = examples.batch(chosen)
            if number:  # without masks and mixup, which no recording has
                power, wanted = augment_power(power, wanted, front_end, config.online, generator)
            logits.append(model(compress(front_end, power).to(device)).double().cpu().numpy())
            targets.append(wanted.numpy())
    return np.concatenate(logits), np.concatenate(targets)


def _order(examples: Material, config: Config, number: int) -> Indices:
    """Return which windows a pass takes, each label as often as in training."""
    how, seed = config.data, config.training.seed
    if how.balance in ("sampling", "sources"):
        groups = examples.groups if how.balance == "sources" else None
        return balanced_order(
            examples.targets,
            seed,
            number,
            groups=groups,
            unknown_turns=how.unknown_turns,
            nothing_turns=how.nothing_turns,
        )
    return np.random.default_rng([seed, number]).permutation(len(examples))


def _cross_entropy(at: Floats, logits: Floats, targets: Floats) -> tuple[float, Floats]:
    """Return the sum of cross-entropy and of what holds scale and shift back, and its gradient by the two."""
    scale, shift = at
    scaled = scale * logits + shift
    error = expit(scaled) - targets
    away = np.array([scale - 1, shift])
    loss = (np.logaddexp(0, scaled) - targets * scaled).sum() + away @ away / 2
    return float(loss), np.array([error @ logits, error.sum()]) + away


@torch.no_grad()
def _fold(model: Model, dense: nn.Linear, scale: Floats, shift: Floats, windows: Tensor) -> None:
    """Let a dense layer scale and shift the logits, and see on some windows that this is what it does.

    Raises:
        TrainingError: it is not, because something comes after the layer; it is as it was.
    """
    windows = windows.to(dense.weight.device)
    before = model(windows).double()
    weight, bias = dense.weight.clone(), dense.bias.clone()
    factor, summand = (torch.from_numpy(values).to(bias.device) for values in (scale, shift))
    dense.weight.copy_(weight.double() * factor[:, None])
    dense.bias.copy_(bias.double() * factor + summand)
    if not torch.allclose(model(windows).double(), before * factor + summand, rtol=1e-3, atol=1e-3):
        dense.weight.copy_(weight)
        dense.bias.copy_(bias)
        raise TrainingError("The model was not calibrated, because its network does not end in its last dense layer.")


def _validation_part(collection: Collection, labels: tuple[str, ...]) -> Collection:
    """Return the validation part with a model's labels; nobody knows of those that the collection does not name."""
    unknown = {label: UNKNOWN for label in labels if label not in collection.labels}
    items = tuple(
        replace(item, labels={name: value for name, value in item.labels.items() if name in labels} | unknown)
        for item in collection.items
        if item.split == "validation"
    )
    return replace(collection, labels=labels, items=items)


if __name__ == "__main__":
    sys.exit(main())
