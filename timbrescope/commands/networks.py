"""timbrescope networks: list the network architectures and what they cost."""

import argparse
import json
import sys
from typing import Any

EXAMPLES = """\
examples:
  timbrescope networks
  timbrescope networks --format json

Parameters are those that training changes; 'with statistics' counts the running means and variances of batch
normalisation as well. Multiply-adds are millions in a second of sound, in convolutions and matrix products, where
windows do not overlap.
"""
_HEADER = ("name", "family", "paper", "input", "parameters", "with statistics", "M multiply-adds/s")
_FIRST_NUMBER = 4  # columns from here on are aligned to the right


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declare the command."""
    parser = commands.add_parser(
        "networks",
        help="list network architectures and what they cost",
        description="List the network architectures that models are made of, and what they cost.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--format", choices=("text", "json"), default="text", help="form of the list; default: text")
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    from timbrescope.recognition import networks  # torch, which the other commands need not wait for

    rows = [_describe(name) for name in networks.names()]
    if options.format == "json":
        json.dump(rows, sys.stdout, indent=2)
        print()
        return 0
    table = [_HEADER, *map(_cells, rows)]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    for cells in table:
        aligned = [
            cell.ljust(width) if column < _FIRST_NUMBER else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(cells, widths, strict=True))
        ]
        print("  ".join(aligned))
    return 0


def _describe(name: str) -> dict[str, Any]:
    """Return what is known of a network with as many outputs as in its paper, as JSON types."""
    import torch

    from timbrescope.recognition.networks import build, cost, entry

    known = entry(name)
    with torch.device("meta"):  # shapes without numbers: nothing is drawn or computed
        network = build(name, known.labels)
    return {
        "name": name,
        "family": known.family,
        "paper": known.paper,
        "input": dict(
            zip(("frames", "mel_bands") if len(known.window) > 1 else ("samples",), known.window, strict=True)
        ),
        "seconds": known.seconds,
        "labels": known.labels,
        "parameters": cost.learnable(network),
        "parameters_with_statistics": cost.with_statistics(network),
        "multiply_adds_per_second": round(cost.multiply_adds(network, known.window) / known.seconds),
    }


def _cells(row: dict[str, Any]) -> tuple[str, ...]:
    size = " x ".join(map(str, row["input"].values()))
    kind = "samples" if "samples" in row["input"] else "frames x mel"
    return (
        row["name"],
        row["family"],
        row["paper"],
        f"{size} {kind}, {row['seconds']:.2f} s",
        f"{row['parameters']:,}",
        f"{row['parameters_with_statistics']:,}",
        f"{row['multiply_adds_per_second'] / 1e6:,.1f}",
    )
