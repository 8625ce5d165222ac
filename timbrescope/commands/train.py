"""timbrescope train: make a model of one's own from labelled recordings."""

import argparse
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from timbrescope import paths
from timbrescope.core.errors import TimbrescopeError

if TYPE_CHECKING:
    from training.config import Config

EXAMPLES = """\
examples:
  timbrescope train sounds/ --output my-model                  a folder for each class
  timbrescope train labels.csv --config pons2017-instruments-multi-layer --output instruments
  timbrescope train Ballroom/ --config pons2016-time-frequency --folds 10 --output ballroom
  timbrescope train sounds/ --set training.batch=64 --set training.stages.0.epochs=20 --output quick
  timbrescope analyze song.mp3 --models my-model/model.safetensors

The same command goes on with a run that was interrupted or killed. On several processors:
  torchrun --nproc-per-node 2 -m timbrescope train ...
"""
DEFAULT_CONFIG = "sounds"


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
    parser.add_argument("--output", metavar="FOLDER", type=Path, required=True, help="gets the model, a report, logs")
    what = parser.add_mutually_exclusive_group()
    what.add_argument(
        "--config", metavar="NAME|FILE", help=f"what to train and how: a TOML file or a name; default: {DEFAULT_CONFIG}"
    )
    what.add_argument("--network", metavar="NAME", help="the configuration of the paper that this network is from")
    parser.add_argument(
        "--layout", metavar="NAME", help="how the data lies on disk; default: as the configuration says"
    )
    parser.add_argument("--name", help="of the model; default: the configuration's")
    parser.add_argument(
        "--set", action="append", default=[], metavar="ENTRY=VALUE", help="change an entry of the configuration"
    )
    parser.add_argument("--folds", type=int, default=0, metavar="K", help="cross-validate with K folds")
    parser.add_argument("--seed", type=int, help="of everything that is drawn; default: the configuration's")
    parser.add_argument("--device", choices=("auto", "cpu", "cuda", "mps"), default="auto", help="where to compute")
    parser.add_argument("--workers", type=int, metavar="N", help="processes that read recordings; default: one a core")
    parser.add_argument("--cache", type=Path, metavar="FOLDER", help="where spectra are kept between runs")
    parser.add_argument("--progress", choices=("text", "json"), default="text", help="json: a line for each event")
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    config = _config(options)
    from training.experiment import Machine, cross_validate, run_experiment
    from training.processors import is_first_process
    from training.progress import JsonLines, Report, Terminal
    from training.sources import read_collections

    report: Report = JsonLines() if options.progress == "json" else Terminal()
    if not is_first_process():
        report = _ignore
    collection = read_collections(options.data, options.layout or config.data.layout)
    machine = Machine(options.cache or paths.cache() / "spectra", options.device, options.workers)
    if options.folds:
        cross_validate(config, collection, options.folds, options.output, machine, report)
    else:
        run_experiment(config, collection, options.output, machine, report)
    return 0


def _ignore(_event: object) -> None:
    """Take an event that another process tells of."""


def _config(options: argparse.Namespace) -> "Config":
    """Return the configuration that the options ask for.

    Raises:
        TimbrescopeError: there is none, or an entry is wrong.
    """
    from training.config import find_config, named_configs, read_config

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
    config = read_config(path, dict(_entry(text) for text in options.set))
    if options.name is not None:
        config = replace(config, name=options.name, title=options.name)
    if options.seed is not None:
        config = replace(config, training=replace(config.training, seed=options.seed))
    return config


def _entry(text: str) -> tuple[str, Any]:
    name, _, value = text.partition("=")
    try:
        return name.strip(), tomllib.loads(f"value = {value}")["value"]
    except tomllib.TOMLDecodeError:
        return name.strip(), value.strip()  # words need no quotes
