"""timbrescope map: lay sounds out in two dimensions, so that those of like timbre lie near each other."""

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from timbrescope import paths
from timbrescope.commands.interruption import listen_for_stop
from timbrescope.commands.messages import complain
from timbrescope.commands.progress import add_progress_options, progress_bars
from timbrescope.commands.similar import ENCODER
from timbrescope.core.errors import TimbrescopeError
from timbrescope.core.files import replaced_when_done
from timbrescope.recognition.checkpoint import read_fingerprint
from timbrescope.recognition.store import ModelStore

EXAMPLES = """\
examples:
  timbrescope map sounds/ --output map.json                 places and labels of all recordings
  timbrescope map sounds/ --model drums --output map.json   and where a model is mistaken about them

The vectors of the recordings stand beside the map as .npy. What was heard is kept: the same map again takes a moment.
"""


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declare the command."""
    parser = commands.add_parser(
        "map",
        help="lay sounds out by timbre",
        description="Give each recording a place in two dimensions, so that those of like timbre lie near each other.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("data", metavar="DATA", type=Path, help="folder or table of recordings, with labels or without")
    parser.add_argument("--output", metavar="FILE", type=Path, required=True, help="gets the map, as JSON")
    parser.add_argument("--layout", default="auto", metavar="NAME", help="how DATA is laid out; default: look at it")
    parser.add_argument("--encoder", metavar="MODEL", default=ENCODER, help="by whose ears; default: %(default)s")
    parser.add_argument("--model", metavar="MODEL", help="say where this model is mistaken")
    add_progress_options(parser, read="listen", kept="heard")
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    if options.progress == "json":
        listen_for_stop()
        from training.progress import Checking, JsonLines

        tell = JsonLines()
        problems = _make(options, lambda *done: tell(Checking(*done)))
        print(json.dumps({"event": "mapped", "map": str(options.output), "problems": problems}), flush=True)
        return 0
    with progress_bars() as show:
        problems = _make(options, show)
    for problem in problems:
        complain(problem)
    return 1 if problems else 0


def _make(options: argparse.Namespace, show: Callable[[str, int, int], None]) -> list[str]:
    """Make the map and write it; return what was left out."""
    store = ModelStore()
    encoder = store.find(options.encoder)
    model = None if options.model is None else store.find(options.model)
    from training.timbre_map import make_map, read_sounds

    collection = read_sounds(options.data, options.layout)
    cache = options.cache or paths.cache() / "vectors"
    made = make_map(collection.items, encoder, cache, show, workers=options.workers)
    said = None
    if model is not None:
        from training.said import what_is_said

        said = what_is_said(
            collection, model, cache, lambda done, total: show("judging", done, total), workers=options.workers
        )
    points = []
    for index, (x, y) in zip(made.chosen.tolist(), made.places.tolist(), strict=True):
        item = collection.items[index]
        point: dict[str, Any] = {
            "file": str(item.path.absolute()),
            "start": item.start,
            "end": item.end,
            "labels": [label for label, value in item.labels.items() if value >= 0.5],
            "x": round(x, 5),
            "y": round(y, 5),
        }
        if said is not None and (told := said[index]) is not None:
            point |= {"said": list(told.labels), "wrong": told.wrong}
        points.append(point)
    problems = list(dict.fromkeys([*collection.problems, *made.problems]))
    vectors = options.output.with_suffix(".npy")
    text = json.dumps(
        {
            "data": str(options.data.absolute()),
            "task": collection.task,
            "labels": list(collection.labels),
            "encoder": str(encoder.absolute()),
            "fingerprint": read_fingerprint(encoder),
            "model": options.model,
            "vectors": vectors.name,
            "points": points,
            "problems": problems,
        },
        ensure_ascii=False,
    )
    try:
        with replaced_when_done(vectors) as file:
            np.save(file, made.vectors)
        with replaced_when_done(options.output) as file:
            file.write(text.encode())
    except OSError as error:
        raise TimbrescopeError(
            f"{options.output} cannot be written ({error.strerror}); choose another file with --output."
        ) from error
    return problems
