"""timbrescope export: a model for other programs, as ONNX or TorchScript."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from timbrescope.recognition.store import ModelStore

if TYPE_CHECKING:
    from timbrescope.recognition.export import Format

EXAMPLES = """\
examples:
  timbrescope export my-guitars --onnx
  timbrescope export my-guitars@2 --onnx --torchscript --output exported/
  timbrescope export my-model/model.safetensors --torchscript

The exported model takes samples and gives scores: the front end is part of it. It is compared with the original before
it is written. A page beside it, NAME.md, says how to use it without this program.
"""


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declare the command."""
    parser = commands.add_parser(
        "export",
        help="write a model for other programs",
        description="Write a model for other programs, with an example of its use.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("model", metavar="MODEL", help="installed model, NAME@N for a version of it, or a file")
    parser.add_argument("--onnx", action="store_true", help="write NAME.onnx; what happens where nothing is chosen")
    parser.add_argument("--torchscript", action="store_true", help="write NAME.pt")
    parser.add_argument("--output", type=Path, default=Path(), metavar="FOLDER", help="default: the current folder")
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    path = ModelStore().find(options.model)
    from timbrescope.recognition.checkpoint import load_checkpoint
    from timbrescope.recognition.export import export

    formats: list[Format] = []
    if options.onnx or not options.torchscript:
        formats.append("onnx")
    if options.torchscript:
        formats.append("torchscript")
    for written in export(*load_checkpoint(path), options.output, tuple(formats)):
        print(written)
    return 0
