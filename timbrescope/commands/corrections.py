"""timbrescope corrections: gather what was said of models' claims into a table to learn from."""

import argparse
from pathlib import Path

from timbrescope.commands.messages import complain
from timbrescope.core.errors import TimbrescopeError
from timbrescope.recognition.checkpoint import read_spec
from timbrescope.recognition.store import ModelStore

EXAMPLES = """\
examples:
  timbrescope corrections --model timbre-encoder --output corrections.csv       all that were made on this computer
  timbrescope corrections Music/ --output corrections.csv                       those beside the recordings of a folder
  timbrescope train corrections.csv --correct timbre-encoder --output better
  timbrescope compare timbre-encoder better/model.safetensors better/split.csv --split test

Corrections are made in the window (Recognition > Correct what was recognised) and lie beside the recording, in a file
of its name with .timbrescope.json after it. Every third recording is kept aside for the test.
"""


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declare the command."""
    parser = commands.add_parser(
        "corrections",
        help="gather corrections into a table to learn from",
        description="Gather what was said of models' claims into a table of labelled pieces.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "folders",
        nargs="*",
        metavar="FOLDER",
        type=Path,
        help="look for recordings with corrections here; default: all that were corrected on this computer",
    )
    parser.add_argument("--model", metavar="NAME", help="take only labels that this model knows")
    parser.add_argument("--output", required=True, metavar="FILE.csv", type=Path, help="the table to write")
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    from timbrescope.core import verdict_files
    from training.sources.table import write_table
    from training.sources.verdicts import read_verdicts

    if options.output.suffix.lower() != ".csv":
        raise TimbrescopeError(f"{options.output} would not be known as a table; give it a name that ends in .csv.")
    recordings = [path for folder in options.folders for path in verdict_files.recordings_below(folder)]
    labels = None if options.model is None else read_spec(ModelStore().find(options.model)).labels
    collection = read_verdicts(recordings if options.folders else verdict_files.known_recordings(), labels)
    write_table(options.output, collection)
    parts = [len({item.group for item in collection.items if item.split == part}) for part in ("train", "test")]
    print(f"{len(collection.items)} corrected pieces; recordings to learn from: {parts[0]}, for the test: {parts[1]}.")
    for problem in collection.problems:
        complain(problem)
    return 1 if collection.problems else 0
