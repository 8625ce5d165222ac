"""timbrescope check: find out what is wrong with labelled recordings before they are learnt from."""

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from timbrescope import paths
from timbrescope.commands.interruption import listen_for_stop
from timbrescope.commands.progress import add_progress_options, progress_bars

if TYPE_CHECKING:
    from training.check.findings import Checked, Finding

EXAMPLES = """\
examples:
  timbrescope check sounds/                       a folder for each class
  timbrescope check labels.csv --format json      for other programs: findings with the files concerned
  timbrescope check sounds/ --files               name every file

Exit codes: 0 nothing is wrong, or nothing that spoils a model or its figures; 1 something is; 2 nothing could be done.
"""
_FILES = 3
_CLEAN, _PROBLEMS = 0, 1


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declare the command."""
    parser = commands.add_parser(
        "check",
        help="look for what is wrong with labelled recordings",
        description="Look for what is wrong with labelled recordings before a model learns from them.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("data", nargs="+", metavar="DATA", type=Path, help="folder or table of labelled recordings")
    parser.add_argument("--layout", default="auto", metavar="NAME", help="how DATA is laid out; default: look at it")
    parser.add_argument("--format", choices=("text", "json"), default="text", help="form of the result; default: text")
    parser.add_argument("--files", action="store_true", help="name every file concerned")
    add_progress_options(parser, read="read recordings", kept="measured")
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    if options.progress == "json":
        listen_for_stop()
    from training.check.check import check
    from training.progress import Checking, JsonLines
    from training.sources import read_collections

    collection = read_collections(options.data, options.layout)
    cache = options.cache or paths.cache() / "checks"
    if options.progress == "json":
        tell = JsonLines()
        checked, _ = check(collection, cache, lambda *done: tell(Checking(*done)), workers=options.workers)
        print(json.dumps({"event": "checked"} | checked.to_dict()), flush=True)
        return _code(checked)
    with progress_bars() as show:
        checked, _ = check(collection, cache, show, workers=options.workers)
    if options.format == "json":
        json.dump({"data": [str(path) for path in options.data]} | checked.to_dict(), sys.stdout, indent=2)
        print()
    else:
        sys.stdout.write(_text(checked, every=options.files))
    return _code(checked)


def _code(checked: "Checked") -> int:
    return _PROBLEMS if any(finding.severity == "problem" for finding in checked.findings) else _CLEAN


def _text(checked: "Checked", *, every: bool) -> str:
    width = max([len("class"), *(len(each.label) for each in checked.classes)])
    lines = [f"{checked.files:,} recordings, {checked.minutes:.1f} minutes, {len(checked.classes)} classes", ""]
    lines.append(f"  {'class':<{width}}   clips  groups  minutes")
    lines += [
        f"  {each.label:<{width}}  {each.clips:>6,}  {each.groups:>6,}  {each.minutes:>7.1f}"
        for each in checked.classes
    ]
    lines.append("")
    if not checked.findings:
        lines.append("Nothing is wrong with them.")
    for finding in checked.findings:
        lines += [f"{finding.severity}: {finding.sentence}", f"  {finding.advice}"]
        lines += [f"    {line}" for line in _files(finding, every=every)]
    return "\n".join(lines) + "\n"


def _files(finding: "Finding", *, every: bool) -> list[str]:
    lines = [" = ".join(map(str, group)) for group in finding.groups] or [str(path) for path in finding.files]
    if every or len(lines) <= _FILES:
        return lines
    return [*lines[:_FILES], f"and {len(lines) - _FILES} more (--files names them all)"]
