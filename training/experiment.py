"""A whole experiment: what it starts from, training, judging on the test part, and cross-validation."""

import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from timbrescope.core.files import replaced_when_done
from timbrescope.recognition.device import choose_device
from timbrescope.recognition.store import ModelStore
from training.collection import Collection
from training.config import Config, find_config, named_configs, read_config
from training.errors import TrainingError
from training.evaluation.evaluate import evaluate, summarise_folds
from training.evaluation.predict import predict
from training.evaluation.report import render_html
from training.evaluation.results import Evaluation
from training.preparation import prepare
from training.processors import is_first_process
from training.progress import CrossValidated, Evaluated, Judged, Problem, Report
from training.sources.table import write_table
from training.splits import folds
from training.train import train


@dataclass(frozen=True, slots=True)
class Machine:
    """What an experiment may use.

    Attributes:
        cache: folder for spectra, shared by all experiments.
        device: as in ``choose_device``.
        workers: processes that read recordings; None takes one a processor.
    """

    cache: Path
    device: str = "auto"
    workers: int | None = None


def run_experiment(
    config: Config, collection: Collection, folder: Path, machine: Machine, report: Report
) -> Evaluation | None:
    """Train a model and judge it on the collection's test part; None where there is no such part.

    The folder gets ``model.safetensors``, ``evaluation.json``, ``report.html``, and ``split.csv``, which says what was
    learnt from. What the folder holds of an earlier,
    unfinished run is gone on with.

    Raises:
        TimbrescopeError: the data, the configuration or the machine do not allow it.
        KeyboardInterrupt: the user ended it; the same call goes on.
    """
    donors = [_donor(name, config, collection, folder, machine, report) for name in config.network.start_from]
    data = prepare(config, collection, machine.cache, report, workers=machine.workers)
    if data.collection.task != "frame":
        folder.mkdir(parents=True, exist_ok=True)
        write_table(folder / "split.csv", data.collection)
    model = train(config, data, folder, report, device=machine.device, donors=donors)
    if not is_first_process():
        return None
    test = tuple(item for item in data.collection.items if item.split == "test")
    if not test:
        report(Problem("Nothing was kept for a test, so nobody knows how good the model is on new recordings."))
        return None
    predictions = predict(
        model,
        replace(data.collection, items=test, problems=()),
        device=choose_device(machine.device),
        progress=lambda done, total, _path: report(Judged(done, total)),
    )
    published = config.published
    evaluation = evaluate(
        predictions,
        aggregate=published.aggregate if published and data.collection.task != "frame" else None,
        threshold=published.threshold if published and data.collection.task == "multi" else None,
        seed=config.training.seed,
    )
    _write(folder / "evaluation.json", json.dumps(evaluation.to_dict(), indent=2))
    _write(folder / "report.html", render_html([evaluation], [], config.title or config.name))
    figures = {name: figure.value for name, figure in evaluation.figures.items() if figure.value is not None}
    report(Evaluated(figures, _published(config), str(folder / "report.html")))
    return evaluation


def cross_validate(
    config: Config, collection: Collection, k: int, folder: Path, machine: Machine, report: Report
) -> None:
    """Run an experiment on each of k folds and summarise: mean and standard deviation of the figures.

    Raises:
        TimbrescopeError: as ``run_experiment``.
    """
    evaluations = []
    for number, fold in enumerate(folds(collection, k, config.training.seed), start=1):
        evaluation = run_experiment(config, fold, folder / f"fold-{number:02d}", machine, report)
        if evaluation is not None:
            evaluations.append(evaluation)
    summary = summarise_folds(evaluations)
    content = {
        "experiment": config.name,
        "folds": k,
        "figures": {name: asdict(spread) for name, spread in summary.items()},
        "published": _published(config),
    }
    _write(folder / "summary.json", json.dumps(content, indent=2))
    means = {name: spread.mean for name, spread in summary.items() if spread.mean is not None}
    deviations = {name: spread.deviation for name, spread in summary.items() if spread.deviation is not None}
    report(CrossValidated(means, deviations, _published(config), str(folder / "summary.json")))


def _donor(name: str, config: Config, collection: Collection, folder: Path, machine: Machine, report: Report) -> Path:
    """Return the model to start from: a given one, or one that is first trained on the same split."""
    if name not in named_configs():
        return ModelStore().find(name)
    donor = read_config(find_config(name))
    donor = replace(donor, data=config.data, training=replace(donor.training, seed=config.training.seed))
    place = folder / "start" / name
    data = prepare(donor, collection, machine.cache, report, workers=machine.workers)
    return train(donor, data, place, report, device=machine.device)


def _published(config: Config) -> dict[str, float]:
    return dict(config.published.figures) if config.published else {}


def _write(path: Path, text: str) -> None:
    try:
        with replaced_when_done(path) as file:
            file.write(text.encode())
    except OSError as error:
        raise TrainingError(f"{path} cannot be written ({error.strerror}); make room there.") from error
