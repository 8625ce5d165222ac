"""timbrescope evaluate: measure how well models hear, on labelled recordings."""

import argparse
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING

from tqdm import tqdm

from timbrescope.commands.messages import complain
from timbrescope.core.errors import TimbrescopeError
from timbrescope.core.files import replaced_when_done
from timbrescope.recognition.checkpoint import SUFFIX, read_spec
from timbrescope.recognition.store import ModelStore

if TYPE_CHECKING:
    from training.collection import Collection
    from training.evaluation.predict import Progress

EXAMPLES = """\
examples:
  timbrescope evaluate my-guitars guitars/
  timbrescope evaluate my-guitars runs/7/model.safetensors guitars/ --report comparison.html
  timbrescope evaluate irmas IRMAS/ --layout irmas --aggregate sum-normalise --threshold 0.5
  timbrescope evaluate my-tags tags.csv --split validation --format json --output figures.json

Every figure has a 95 % interval from a bootstrap over groups (recordings, players, artists). Ways to combine the
windows of a clip: loudness (their mean, each weighed by how loud it is, as the program does it), mean, sum-normalise,
majority, none (each window for itself).

A model is judged by the labels that it shares with DATA. One that learnt the classes of AudioSet is judged by the
instruments of the program as well: the highest score among the classes of an instrument stands for it.
Recordings without any label (a table whose labels are all empty will do) tell how often it gives false alarms.
"""
_OK, _SOME_FAILED = 0, 1


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declare the command."""
    parser = commands.add_parser(
        "evaluate",
        help="measure how well models hear, on labelled recordings",
        description="Measure how well models hear, on labelled recordings, and compare them.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("models", nargs="+", metavar="MODEL", help="installed model, or a file of one")
    parser.add_argument("data", metavar="DATA", type=Path, help="folder or table of labelled recordings")
    parser.add_argument("--layout", default="auto", metavar="NAME", help="how DATA is laid out; default: look at it")
    parser.add_argument(
        "--split",
        choices=("test", "validation", "train", "all"),
        help="part of DATA to use; default: test where DATA says what that is, otherwise all",
    )
    parser.add_argument("--aggregate", metavar="NAME", help="how windows of a clip are combined; default: loudness")
    parser.add_argument(
        "--threshold", type=float, metavar="X", help="score from which a label applies; default: the model's own"
    )
    parser.add_argument("--report", type=Path, metavar="FILE.html", help="write a page with tables and plots as well")
    parser.add_argument("--format", choices=("text", "json"), default="text", help="form of the result; default: text")
    parser.add_argument("--output", type=Path, metavar="FILE", help="write here instead of standard output")
    parser.add_argument("--device", choices=("auto", "cpu", "cuda", "mps"), default="auto", help="where to compute")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="of the bootstrap; default: %(default)s")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Evaluate the models; return the exit code: 0 when all went well, 1 when some recordings could not be read.

    Raises:
        TimbrescopeError: a model, the data or the device cannot be used, or the result cannot be written.
    """
    models = [checkpoint_of(name) for name in options.models]
    # What follows loads torch and scikit-learn, which a wrong name need not wait for.
    from timbrescope.recognition.device import choose_device
    from training.evaluation.aggregate import rule
    from training.evaluation.evaluate import compare, evaluate
    from training.evaluation.predict import predict
    from training.evaluation.report import render_html, render_text
    from training.sources import read_collection

    # A table of recordings in which nothing is heard names no label; there each label of the models is a false alarm.
    every = sorted({label for path in models for label in read_spec(path).labels})
    whole = read_collection(options.data, options.layout, default_labels=every)
    rule(options.aggregate, whole.task)  # an unknown name is told before an hour of listening
    collection, part = choose_part(whole, options.split)
    device = choose_device(options.device)
    predictions = []
    for path in models:
        with progress_bar(path.stem) as progress:
            predictions.append(predict(path, collection, device=device, progress=progress))
    ways = {"aggregate": options.aggregate, "threshold": options.threshold, "seed": options.seed}
    evaluations = [evaluate(found, **ways) for found in predictions]
    differences = [compare(predictions[0], other, **ways) for other in predictions[1:]]

    if options.report is not None:
        write_text(options.report, render_html(evaluations, differences, f"{options.data}, {part}"))
    if options.format == "json":
        values = {
            "data": str(options.data),
            "split": part,
            "evaluations": [each.to_dict() for each in evaluations],
            "differences": [asdict(each) for each in differences],
        }
        text = json.dumps(values, ensure_ascii=False, indent=2) + "\n"
    else:
        text = render_text(evaluations, differences)
    if options.output is None:
        sys.stdout.write(text)
    else:
        write_text(options.output, text)
    for problem in dict.fromkeys(problem for found in predictions for problem in found.problems):
        complain(problem)
    return _SOME_FAILED if any(found.unread for found in predictions) else _OK


def checkpoint_of(name: str) -> Path:
    """Return the file of a model: an installed one, a version of it as NAME@N, or a file."""
    return Path(name) if name.endswith(SUFFIX) else ModelStore().find(name)


def choose_part(collection: "Collection", split: str | None) -> "tuple[Collection, str]":
    """Return the wanted part of a collection and its name.

    Raises:
        TrainingError: nothing belongs to it.
    """
    from training.errors import TrainingError

    if split is None:
        split = "test" if any(item.split == "test" for item in collection.items) else "all"
    if split == "all":
        return collection, "all of it"
    items = tuple(item for item in collection.items if item.split == split)
    if not items:
        raise TrainingError(f"These data do not say which recordings are for {split}; use all with --split all.")
    return replace(collection, items=items), f"its {split} part"


@contextmanager
def progress_bar(title: str) -> "Iterator[Progress]":
    """Yield what shows on a terminal how many files are done."""
    with tqdm(desc=title, unit="file", disable=None, leave=False) as bar:  # only on a terminal

        def show(done: int, total: int, _path: Path) -> None:
            bar.total = total
            bar.update(done - bar.n)

        yield show


def write_text(path: Path, text: str) -> None:
    """Write a result to a file.

    Raises:
        TimbrescopeError: that is not possible.
    """
    try:
        with replaced_when_done(path) as file:
            file.write(text.encode())
    except OSError as error:
        raise TimbrescopeError(f"{path} cannot be written ({error.strerror}); choose another place.") from error
