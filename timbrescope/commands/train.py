"""timbrescope train: make a model of one's own from labelled recordings."""

import argparse
import hashlib
import json
import tomllib
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from timbrescope import paths
from timbrescope.commands.interruption import listen_for_stop
from timbrescope.core.errors import ModelError, TimbrescopeError
from timbrescope.recognition.checkpoint import SUFFIX, read_spec
from timbrescope.recognition.store import ModelStore
from timbrescope.recognition.versions import model_name

if TYPE_CHECKING:
    from training.config import Config
    from training.progress import Report

EXAMPLES = """\
examples:
  timbrescope train sounds/ --quick                            a folder for each class; seconds to a minute
  timbrescope train sounds/ --output my-model                  a small network of its own
  timbrescope train sounds/ --fine-tune timbre-encoder         all layers of a trained model
  timbrescope train corrections.csv --correct my-model --output better      go on by what you corrected
  timbrescope train labels.csv --config pons2017-instruments-multi-layer --output instruments
  timbrescope train Ballroom/ --config pons2016-time-frequency --folds 10 --output ballroom
  timbrescope train sounds/ --set training.batch=64 --set training.stages.0.epochs=20 --output quick
  timbrescope analyze song.mp3 --models my-model/model.safetensors

The same command goes on with a run that was interrupted or killed. On several processors:
  torchrun --nproc-per-node 2 -m timbrescope train ...
"""
DEFAULT_CONFIG = "sounds"
ENCODER = "timbre-encoder"
UNNAMED = "my-sounds"


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declare the command."""
    parser = commands.add_parser(
        "train",
        help="train a model on labelled recordings",
        description="Train a model on labelled recordings: a folder for each class, a table, or annotated files.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "data", nargs="+", metavar="DATA", type=Path, help="folder or table of labelled recordings; several become one"
    )
    parser.add_argument(
        "--output",
        metavar="FOLDER",
        type=Path,
        help="gets the model, a report, logs; without it the model is installed under its name",
    )
    what = parser.add_mutually_exclusive_group()
    what.add_argument(
        "--config", metavar="NAME|FILE", help=f"what to train and how: a TOML file or a name; default: {DEFAULT_CONFIG}"
    )
    what.add_argument("--quick", action="store_true", help="teach a trained encoder your labels: only its last layer")
    what.add_argument("--fine-tune", metavar="MODEL", help="go on with all layers of an installed model, or a file")
    what.add_argument("--correct", metavar="MODEL", help="go on with a model by what is known of some pieces")
    what.add_argument("--network", metavar="NAME", help="the configuration of the paper that this network is from")
    parser.add_argument(
        "--layout", metavar="NAME", help="how the data lies on disk; default: as the configuration says"
    )
    parser.add_argument("--name", help="of the model; default: the configuration's, or that of DATA")
    parser.add_argument(
        "--encoder", metavar="MODEL", default=ENCODER, help="whose ears --quick takes; default: %(default)s"
    )
    parser.add_argument(
        "--set", action="append", default=[], metavar="ENTRY=VALUE", help="change an entry of the configuration"
    )
    parser.add_argument("--epochs", type=int, metavar="N", help="of each stage at most; default: the configuration's")
    parser.add_argument("--folds", type=int, default=0, metavar="K", help="cross-validate with K folds")
    parser.add_argument("--seed", type=int, help="of everything that is drawn; default: the configuration's")
    parser.add_argument("--device", choices=("auto", "cpu", "cuda", "mps"), default="auto", help="where to compute")
    parser.add_argument("--workers", type=int, metavar="N", help="processes that read recordings; default: one a core")
    parser.add_argument("--cache", type=Path, metavar="FOLDER", help="where spectra are kept between runs")
    parser.add_argument(
        "--progress",
        choices=("text", "json"),
        default="text",
        help="json: a line for each event; the line 'stop' on standard input then stops it like Ctrl-C",
    )
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    if options.progress == "json":
        listen_for_stop()
    from training.processors import is_first_process
    from training.progress import Installed, JsonLines, Report, Terminal

    report: Report = JsonLines() if options.progress == "json" else Terminal()
    if not is_first_process():
        report = _ignore
    name = _name(options)
    way = _train_corrected if options.correct is not None else _train_quickly if options.quick else _train
    model = way(options, name, report)
    if options.output is None and model is not None and is_first_process():
        version = ModelStore().add(model, name)
        report(Installed(name, version.number, str(version.path)))
    return 0


def _name(options: argparse.Namespace) -> str:
    """Return the name of a model that is to be installed."""
    if options.name is not None:
        return model_name(options.name)
    try:
        return model_name(options.data[0].absolute().stem)
    except ModelError:  # in a script that names of models have no letters of
        return UNNAMED


def _train(options: argparse.Namespace, name: str, report: "Report") -> Path | None:
    """Train a network as a configuration says; return the model, or None after a cross-validation."""
    config = _config(options, name)
    from training.experiment import Machine, cross_validate, run_experiment
    from training.sources import read_collections

    collection = read_collections(options.data, options.layout or config.data.layout)
    folder = options.output
    if folder is None:
        config = replace(config, name=name, title=options.name or name)
        items = [[str(item.path), item.start, sorted(item.labels.items())] for item in collection.items]
        told = json.dumps([asdict(config), items], default=str)
        # The same command goes on with its run; with other data or settings it begins another.
        folder = paths.trained() / f"{name}-{hashlib.sha256(told.encode()).hexdigest()[:8]}"
    machine = Machine(options.cache or paths.cache() / "spectra", options.device, options.workers)
    if options.folds:
        cross_validate(config, collection, options.folds, folder, machine, report)
        return None
    run_experiment(config, collection, folder, machine, report)
    return Path(folder) / f"model{SUFFIX}"


def _train_quickly(options: argparse.Namespace, name: str, report: "Report") -> Path:
    """Teach an encoder the labels of the data; return the model."""
    if options.folds or options.set or options.epochs is not None:
        raise TimbrescopeError("--folds, --epochs and --set change full trainings; leave them out beside --quick.")
    encoder = ModelStore().find(options.encoder)
    from training.check.check import check, join_groups
    from training.progress import Checking
    from training.quick.train import Quick, train_quickly
    from training.sources import read_collections

    collection = read_collections(options.data, options.layout or "auto")
    checked, pairs = check(
        collection,
        paths.cache() / "checks",
        lambda doing, done, total: report(Checking(doing, done, total)),
        workers=options.workers,
    )
    # Copies in several groups spoil nothing here: they are kept on one side.
    spoiling = [
        finding
        for finding in checked.findings
        if finding.spoils_figures and (finding.severity, finding.remedy) != ("warning", "join-groups")
    ]
    doubts = [f"{finding.sentence} {finding.advice}" for finding in spoiling]
    collection = join_groups(collection, pairs)
    quick = Quick(encoder, name, options.cache or paths.cache() / "vectors", options.seed or 0, options.workers)
    folder = options.output or paths.trained() / f"{name}-quick"
    return train_quickly(quick, collection, folder, report, doubts)


def _train_corrected(options: argparse.Namespace, name: str, report: "Report") -> Path:
    """Go on with a model by what is known of some pieces, with its last layer if that can be; return the new one."""
    if options.folds or options.set:
        raise TimbrescopeError("--folds and --set change full trainings; leave them out beside --correct.")
    old = ModelStore().find(options.correct)
    spec = read_spec(old)
    from timbrescope.recognition.networks import entry
    from training.sources.verdicts import read_known

    collection = read_known(options.data, options.layout or "auto", spec.labels)
    folder = options.output or paths.trained() / f"{name}-corrected"
    if hasattr(entry(spec.network).factory, "embed"):
        from training.quick.corrected import train_corrected

        cache = options.cache or paths.cache() / "vectors"
        return train_corrected(old, collection, folder, report, name=name, cache=cache, workers=options.workers)
    from training.experiment import Machine, run_experiment
    from training.fine_tune import fine_tune_config

    machine = Machine(options.cache or paths.cache() / "spectra", options.device, options.workers)
    run_experiment(_changed(fine_tune_config(old, name), options), collection, folder, machine, report)
    return Path(folder) / f"model{SUFFIX}"


def _ignore(_event: object) -> None:
    """Take an event that another process tells of."""


def _config(options: argparse.Namespace, name: str) -> "Config":
    """Return the configuration that the options ask for.

    Raises:
        TimbrescopeError: there is none, or an entry is wrong.
    """
    from training.config import find_config, named_configs, read_config

    if options.fine_tune is not None:
        if options.set:
            raise TimbrescopeError("--set changes configurations; leave it out beside --fine-tune.")
        from training.fine_tune import fine_tune_config

        return _changed(fine_tune_config(ModelStore().find(options.fine_tune), name), options)
    if options.network is None:
        path = find_config(options.config or DEFAULT_CONFIG)
    else:
        known = {read_config(path).network.name: path for path in reversed(named_configs().values())}
        if options.network not in known:
            raise TimbrescopeError(
                f"There is no configuration for a network {options.network}; there are some for: "
                f"{', '.join(sorted(known))}."
            )
        path = known[options.network]
    return _changed(read_config(path, dict(_entry(text) for text in options.set)), options)


def _changed(config: "Config", options: argparse.Namespace) -> "Config":
    """Return a configuration with the name, the epochs and the seed that the options give it.

    Raises:
        TimbrescopeError: there would be no epoch.
    """
    if options.name is not None:
        config = replace(config, name=options.name, title=options.name)
    if options.epochs is not None:
        if options.epochs < 1:
            raise TimbrescopeError(f"--epochs {options.epochs} learns nothing; give 1 or more.")
        stages = tuple(replace(stage, epochs=options.epochs) for stage in config.training.stages)
        config = replace(config, training=replace(config.training, stages=stages))
    if options.seed is not None:
        config = replace(config, training=replace(config.training, seed=options.seed))
    return config


def _entry(text: str) -> tuple[str, Any]:
    name, _, value = text.partition("=")
    try:
        return name.strip(), tomllib.loads(f"value = {value}")["value"]
    except tomllib.TOMLDecodeError:
        return name.strip(), value.strip()  # words need no quotes
