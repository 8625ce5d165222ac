"""timbrescope compare: two models side by side on the same recordings, and what became better and worse."""

import argparse
import json
import sys
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING

from timbrescope.commands.evaluate import checkpoint_of, choose_part, progress_bar, write_text
from timbrescope.commands.messages import complain
from timbrescope.recognition.checkpoint import read_spec

if TYPE_CHECKING:
    from training.evaluation.changes import Change, Changes
    from training.evaluation.predict import Predictions
    from training.evaluation.results import Difference, Evaluation

EXAMPLES = """\
examples:
  timbrescope compare birds@1 birds@2 held-out/     two versions of a model of your own
  timbrescope compare old.safetensors new.safetensors runs/7/split.csv
  timbrescope compare tags-mtt musicnn-mtt clips.csv --format json

Use recordings that neither model has learnt from: what a model knows already makes it look better than it is.
"""
_SHOWN = 10


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declare the command."""
    parser = commands.add_parser(
        "compare",
        help="compare two models on labelled recordings",
        description="Compare two models on the same labelled recordings: which is better, where and by how much.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("first", metavar="A", help="installed model, NAME@N for a version of it, or a file")
    parser.add_argument("second", metavar="B", help="the same, to be compared with it")
    parser.add_argument("data", metavar="DATA", type=Path, help="folder or table of labelled recordings")
    parser.add_argument("--layout", default="auto", metavar="NAME", help="how DATA is laid out; default: look at it")
    parser.add_argument(
        "--split",
        choices=("test", "validation", "train", "all"),
        help="part of DATA to use; default: test where DATA says what that is, otherwise all",
    )
    parser.add_argument("--threshold", type=float, metavar="X", help="score from which a label applies")
    parser.add_argument("--all", action="store_true", help=f"name all clips that differ; default: {_SHOWN} of a kind")
    parser.add_argument("--format", choices=("text", "json"), default="text", help="form of the result; default: text")
    parser.add_argument("--output", type=Path, metavar="FILE", help="write here instead of standard output")
    parser.add_argument("--device", choices=("auto", "cpu", "cuda", "mps"), default="auto", help="where to compute")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="of the bootstrap; default: %(default)s")
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    models = [checkpoint_of(name) for name in (options.first, options.second)]
    from timbrescope.recognition.device import choose_device
    from training.evaluation.changes import changes
    from training.evaluation.evaluate import compare, evaluate
    from training.evaluation.predict import predict
    from training.sources import read_collection

    every = sorted({label for path in models for label in read_spec(path).labels})
    whole = read_collection(options.data, options.layout, default_labels=every)
    collection, part = choose_part(whole, options.split)
    device = choose_device(options.device)
    heard: list[Predictions] = []
    for name, path in zip((options.first, options.second), models, strict=True):
        with progress_bar(name) as progress:
            found = predict(path, collection, device=device, progress=progress)
        heard.append(replace(found, spec=replace(found.spec, name=name, title=name)))
    ways = {"threshold": options.threshold, "seed": options.seed}
    evaluations = [evaluate(found, **ways) for found in heard]
    difference = compare(heard[0], heard[1], **ways)
    found_changes = changes(heard[0], heard[1], threshold=options.threshold)
    if options.format == "json":
        values = {
            "data": str(options.data),
            "split": part,
            "evaluations": [each.to_dict() for each in evaluations],
            "difference": asdict(difference),
            "changes": asdict(found_changes),
        }
        text = json.dumps(values, ensure_ascii=False, indent=2) + "\n"
    else:
        text = _text(evaluations, difference, found_changes, None if options.all else _SHOWN)
    if options.output is None:
        sys.stdout.write(text)
    else:
        write_text(options.output, text)
    for problem in dict.fromkeys(problem for found in heard for problem in found.problems):
        complain(problem)
    return 1 if any(found.unread for found in heard) else 0


def _text(evaluations: "list[Evaluation]", difference: "Difference", found: "Changes", most: int | None) -> str:
    from training.evaluation.report import difference_sentence, format_figure, summary

    first, second = evaluations
    lines = [summary(first), summary(second), difference_sentence(difference), ""]
    width = max(map(len, first.figures))
    lines.append(f"  {'':<{width}}  {first.model[:28]:<28}  {second.model[:28]:<28}")
    lines += [
        f"  {name:<{width}}  {format_figure(figure):<28}  {format_figure(second.figures[name]):<28}"
        for name, figure in first.figures.items()
        if name in second.figures
    ]
    width = max([5, *(len(each.label) for each in found.labels)])
    lines += ["", f"  {'label':<{width}}  asked  better  worse"]
    lines += [
        f"  {each.label:<{width}}  {each.decisions:>5}  {each.better:>6}  {each.worse:>5}" for each in found.labels
    ]
    for title, kind in (("better", found.better), ("worse", found.worse)):
        lines += ["", f"{title} in {second.model}: {len(kind)}"]
        lines += [f"  {_change(change)}" for change in kind[:most]]
        if most is not None and len(kind) > most:
            lines.append(f"  and {len(kind) - most} more (--all names them)")
    return "\n".join(lines) + "\n"


def _change(change: "Change") -> str:
    place = f" at {change.start:.1f} s" if change.start else ""
    return (
        f"{change.file}{place}: {change.true}, first {change.first} ({change.first_score:.2f}), "
        f"then {change.second} ({change.second_score:.2f})"
    )
