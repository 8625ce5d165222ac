"""Give a trained model its card and put it where the program finds it: ``python -m training.publish``."""

import argparse
import json
import sys
import tomllib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from timbrescope import paths
from timbrescope.core.errors import TimbrescopeError
from timbrescope.recognition.checkpoint import SUFFIX, load_checkpoint, save_checkpoint
from training.errors import TrainingError
from training.heads import one_list
from training.teachers.ensemble import LISTS, known_lists

_TEXTS = ("name", "title", "description", "licence", "source", "citation")


def publish(
    model: Path,
    card: Path,
    evaluations: Sequence[tuple[str, str, Path]],
    folder: Path,
    *,
    head: str | None = None,
) -> Path:
    """Write a model with its card and its figures; return the file.

    Args:
        model: the checkpoint that training wrote.
        card: a TOML file with title, description, licence, source and, if wanted, name and citation. Paragraphs of the
            description that begin with "Data:" and "Limits:" say what it learnt from and where it fails.
        evaluations: what each figure is called, its name in the evaluation, and the JSON that ``timbrescope evaluate``
            wrote.
        folder: gets the file.
        head: of a model that learnt several lists of tags, the list to publish, under the card's name.

    Raises:
        TimbrescopeError: the model, its card or an evaluation cannot be read, or does not fit.
    """
    spec, network = load_checkpoint(model)
    weights = network.weights()
    try:
        texts = tomllib.loads(card.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise TrainingError(f"The card {card} cannot be read ({error}); correct the file.") from error
    unknown = texts.keys() - set(_TEXTS)
    missing = {"title", "description", "licence", "source"} - texts.keys()
    if unknown or missing:
        raise TrainingError(
            f"The card {card} lacks {sorted(missing)} or knows more than a card does: {sorted(unknown)}."
        )
    if head is not None:
        spec, weights = one_list(spec, network, head, known_lists()[head])
    figures = dict(spec.figures)
    for title, name, path in evaluations:
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
            figures[title] = round(float(content["evaluations"][0]["figures"][name]["value"]), 3)
        except (OSError, ValueError, KeyError, IndexError, TypeError) as error:
            raise TrainingError(f"{path} does not tell {name} ({error}); evaluate the model again.") from error
    spec = replace(spec, figures=figures, **texts)
    target = folder / f"{spec.name}{SUFFIX}"
    save_checkpoint(target, spec, weights)
    return target


def main(arguments: list[str] | None = None) -> int:
    """Run the command; return its exit code."""
    parser = argparse.ArgumentParser(prog="python -m training.publish", description=__doc__)
    parser.add_argument("model", type=Path, help="checkpoint that training wrote")
    parser.add_argument("--card", type=Path, required=True, help="TOML file with title, description, licence, source")
    parser.add_argument(
        "--figure", nargs=3, action="append", default=[], metavar=("TITLE", "NAME", "JSON"), help="from an evaluation"
    )
    parser.add_argument("--head", choices=sorted(LISTS), help="the list of tags to publish of a model of several")
    parser.add_argument("--output", type=Path, default=paths.resources() / "models", help="default: %(default)s")
    options = parser.parse_args(arguments)
    try:
        figures = [(title, name, Path(path)) for title, name, path in options.figure]
        print(publish(options.model, options.card, figures, options.output, head=options.head))
    except TimbrescopeError as error:
        print(f"timbrescope: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
