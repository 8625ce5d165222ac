"""timbrescope similar: find the recordings that sound most like one."""

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from timbrescope import paths
from timbrescope.commands.interruption import listen_for_stop
from timbrescope.commands.messages import complain
from timbrescope.commands.progress import add_progress_options, progress_bars
from timbrescope.core.clock import clock
from timbrescope.recognition.checkpoint import read_spec
from timbrescope.recognition.store import ModelStore

if TYPE_CHECKING:
    from training.similar import Alike

EXAMPLES = """\
examples:
  timbrescope similar snare.wav Samples/
  timbrescope similar snare.wav Samples/ --count 50 --format json

The first search in a folder listens to all of it; what was heard is kept, and the next takes a moment.
"""
ENCODER = "timbre-encoder"


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declare the command."""
    parser = commands.add_parser(
        "similar",
        help="find recordings that sound like one",
        description="Find the recordings in a folder that sound most like one, by timbre.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("file", metavar="FILE", type=Path, help="recording to be like")
    parser.add_argument("folder", metavar="FOLDER", type=Path, help="where to search, with all folders below")
    parser.add_argument("--count", type=int, default=10, metavar="N", help="how many to name; default: %(default)s")
    parser.add_argument("--encoder", metavar="MODEL", default=ENCODER, help="by whose ears; default: %(default)s")
    parser.add_argument("--format", choices=("text", "json"), default="text", help="form of the result; default: text")
    add_progress_options(parser, read="listen", kept="heard")
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    if options.progress == "json":
        listen_for_stop()
    encoder = ModelStore().find(options.encoder)
    from training.progress import Checking, JsonLines
    from training.quick.vectors import vector_store
    from training.similar import most_similar
    from training.sources.tree import files_below, is_sound

    files, problems = files_below(options.folder)
    spec = read_spec(encoder)
    store = vector_store(options.cache or paths.cache() / "vectors", encoder)

    def search(show: Callable[[str, int, int], None]) -> "tuple[list[Alike], list[str]]":
        found, unread = most_similar(
            options.file,
            [path for path in files if is_sound(path)],
            store,
            store.file.with_suffix(".npz"),
            spec.hop_frames * spec.front_end.hop_seconds,
            lambda done, total: show("listening", done, total),
            count=max(1, options.count),
            workers=options.workers,
        )
        return found, [*problems, *unread]

    if options.progress == "json":
        tell = JsonLines()
        found, problems = search(lambda *done: tell(Checking(*done)))
        print(json.dumps({"event": "similar", "problems": problems} | _to_dict(options.file, found)), flush=True)
        return 0
    with progress_bars() as show:
        found, problems = search(show)
    if options.format == "json":
        json.dump(_to_dict(options.file, found), sys.stdout, ensure_ascii=False, indent=2)
        print()
    else:
        for each in found:
            print(f"{each.similarity:6.3f}  {clock(each.seconds)}  {each.path}")
    for problem in problems:
        complain(problem)
    return 1 if problems else 0


def _to_dict(query: Path, found: "Sequence[Alike]") -> dict[str, Any]:
    return {
        "file": str(query),
        "similar": [
            {"file": str(each.path), "similarity": round(each.similarity, 4), "seconds": each.seconds} for each in found
        ],
    }
